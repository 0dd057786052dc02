"""`aos runs`: list runs, look at one, steer it."""

from __future__ import annotations

from pathlib import Path

import click

from aos_sdk.cli.printing import Column, money
from aos_sdk.cli.reading import json_in
from aos_sdk.cli.reasons import why
from aos_sdk.cli.refusals import usage
from aos_sdk.cli.verbs import Session, column, page_size, paging, verb

_SPENT: Column = ("spent", lambda run: money(run["cost"]["spent_micro_usd"]))
COLUMNS = [*column("run_id", "status", "agent"), _SPENT, *column("created_at", "summary")]
# Of what else needs a reason the server alone knows: of a yes it depends on the call.
_SAYING_WHY = ("reject", "happened", "did_not_happen", "probe_again")


@click.group()
def runs() -> None:
    """List runs, look at one, steer it."""


@runs.command("list")
@click.option("--status", metavar="S", help="Those with this status.")
@click.option("--agent", metavar="A", help="Those of this agent.")
@paging
@verb
def list_(session: Session, /, *, status: str | None, agent: str | None, limit: int, whole: bool) -> None:
    """List runs, newest first."""
    pages = session.client.runs.list(status=status, agent=agent, limit=page_size(limit, whole=whole))
    session.show(pages, name="run_id", columns=COLUMNS, limit=limit, whole=whole)


@runs.command()
@click.argument("run_id", metavar="RUN")
@verb
def get(session: Session, /, *, run_id: str) -> None:
    """Show RUN."""
    session.paper.one(session.client.runs.get(run_id), name="run_id")


@runs.command()
@click.argument("run_id", metavar="RUN")
@click.option("--reason", metavar="WHY")
@verb
def cancel(session: Session, /, *, run_id: str, reason: str | None) -> None:
    """End RUN; the answer says what may still land."""
    session.paper.one(session.client.runs.cancel(run_id, reason=reason), name="run_id")


@runs.command()
@click.argument("run_id", metavar="RUN")
@click.option("--reason", metavar="WHY")
@verb
def pause(session: Session, /, *, run_id: str, reason: str | None) -> None:
    """Start no further step of RUN."""
    session.paper.one(session.client.runs.pause(run_id, reason=reason), name="run_id")


@runs.command()
@click.argument("run_id", metavar="RUN")
@click.option("--reason", metavar="WHY")
@verb
def resume(session: Session, /, *, run_id: str, reason: str | None) -> None:
    """Let RUN go on."""
    session.paper.one(session.client.runs.resume(run_id, reason=reason), name="run_id")


@runs.command("top-up")
@click.argument("run_id", metavar="RUN")
@click.argument("cents")
@click.option("--idempotency-key", metavar="K", help="The same key again changes nothing.")
@verb
def top_up(session: Session, /, *, run_id: str, cents: str, idempotency_key: str | None) -> None:
    """Raise the limit of RUN by so many CENTS."""
    session.paper.one(session.client.runs.top_up(run_id, amount_cents=cents, idempotency_key=idempotency_key), name="run_id")


@runs.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@click.argument("verdict")
@click.option("--action-hash", metavar="HASH", help="Of what was looked at.")
@click.option("--value", metavar="FILE", help="What to answer, as JSON; - is standard input.")
@click.option("--reason", metavar="WHY", help="Needed to reject, for what cannot be taken back, and for what is in doubt.")
@verb
def decide(
    session: Session, /, *, run_id: str, step_id: str, verdict: str, action_hash: str | None, value: str | None, reason: str | None
) -> None:
    """Give a person's word on a STEP of RUN that waits."""
    answer = None if value is None else json_in(value)
    if verdict in _SAYING_WHY:
        reason = why(reason)
    found = session.client.runs.decide(run_id, step_id, verdict, action_hash=action_hash, value=answer, reason=reason)
    session.paper.one(found, name="run_id")


@runs.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@click.option("--reason", metavar="WHY")
@verb
def undo(session: Session, /, *, run_id: str, step_id: str, reason: str | None) -> None:
    """Undo what STEP of RUN did, by a run of its own."""
    session.paper.one(session.client.runs.undo_step(run_id, step_id, reason=reason), name="run_id")


@runs.command()
@click.argument("run_id", metavar="RUN")
@verb
def contract(session: Session, /, *, run_id: str) -> None:
    """Show what RUN may still use."""
    session.paper.one(session.client.get_resource_contract(run_id), name="run_id")


@runs.command()
@click.argument("run_id", metavar="RUN")
@click.option("--against", metavar="OTHER", help="last_success, or the id of a run.")
@verb
def bom(session: Session, /, *, run_id: str, against: str | None) -> None:
    """Show what RUN was made of."""
    found = session.client.runs.bom(run_id, against=against)
    session.paper.one(found if session.paper.form != "ids" else found.bom, name="bom_hash")


@runs.command()
@click.argument("run_id", metavar="RUN")
@click.option("--kind", metavar="K", help="Decisions of this kind.")
@click.option("--step", metavar="S", help="About this step.")
@paging
@verb
def decisions(session: Session, /, *, run_id: str, kind: str | None, step: str | None, limit: int, whole: bool) -> None:
    """List what was decided in RUN, and by which rule."""
    pages = session.client.runs.decisions(run_id, kind=kind, step=step, limit=page_size(limit, whole=whole))
    session.show(pages, name="seq", columns=column("seq", "kind", "step_id", "rule", "words"), limit=limit, whole=whole)


@runs.command()
@click.argument("run_id", metavar="RUN")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="File to write; <RUN>.zip unless told.")
@click.option("--without-payloads", is_flag=True, help="Leave out what people and skills wrote.")
@click.option("--signed", is_flag=True, help="Signed with the server's key.")
@verb
def evidence(session: Session, /, *, run_id: str, output: Path | None, without_payloads: bool, signed: bool) -> None:
    """Take RUN out as a file that can be checked without a server."""
    content = session.client.runs.evidence(run_id, without_payloads=without_payloads or None, signed=signed or None)
    path = output or Path(f"{run_id}.zip")
    try:
        path.write_bytes(content)
    except OSError as error:
        raise usage(f"{path} cannot be written: {error}", "--output FILE") from None
    session.paper.one({"file": str(path), "bytes": len(content)}, name="file")
