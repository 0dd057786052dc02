"""`aos approvals`: what waits for a person's yes."""

from __future__ import annotations

import sys

import click

from aos_sdk.cli.refusals import Refusal
from aos_sdk.cli.verbs import Session, column, page_size, paging, verb


@click.group()
def approvals() -> None:
    """List what waits for a yes, give it or refuse it."""


@approvals.command("list")
@paging
@verb
def list_(session: Session, /, *, limit: int, whole: bool) -> None:
    """List what waits to be approved."""
    pages = session.client.approvals.list(limit=page_size(limit, whole=whole))
    columns = column("run_id", "step_id", "agent", "skill", "effect", "requested_by", "expires_at")
    session.show(pages, name="run_id", columns=columns, limit=limit, whole=whole)


@approvals.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@verb
def get(session: Session, /, *, run_id: str, step_id: str) -> None:
    """Show what STEP of RUN would do."""
    session.paper.one(session.client.approvals.get(run_id, step_id), name="action_hash")


@approvals.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@click.option("--action-hash", metavar="HASH", help="Of what was looked at; without it, you are shown what is there and asked.")
@click.option("--reason", metavar="WHY")
@verb
def approve(session: Session, /, *, run_id: str, step_id: str, action_hash: str | None, reason: str | None) -> None:
    """Let STEP of RUN do what was shown."""
    bound = action_hash or _looked_at(session, run_id, step_id, "approve")
    session.paper.one(session.client.approvals.approve(run_id, step_id, action_hash=bound, reason=reason), name="run_id")


@approvals.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@click.option("--action-hash", metavar="HASH", help="Of what was looked at; without it, you are shown what is there and asked.")
@click.option("--reason", metavar="WHY")
@verb
def reject(session: Session, /, *, run_id: str, step_id: str, action_hash: str | None, reason: str | None) -> None:
    """Refuse STEP of RUN."""
    bound = action_hash or _looked_at(session, run_id, step_id, "reject")
    session.paper.one(session.client.approvals.reject(run_id, step_id, action_hash=bound, reason=reason), name="run_id")


def _looked_at(session: Session, run_id: str, step_id: str, verb_: str) -> str:
    """Show what there is and ask; a script has to name what it looked at."""
    found = session.client.approvals.get(run_id, step_id)
    bound = str(found.get("action_hash"))
    if not sys.stdin.isatty():
        tries = [f"aos approvals get {run_id} {step_id}", f"aos approvals {verb_} {run_id} {step_id} --action-hash HASH"]
        raise Refusal("NOT_LOOKED_AT", "name what was looked at", exit_code=2, tries=tries)
    for key, value in found.items():
        session.paper.note(f"{key}: {value}")
    click.confirm(f"{verb_} this?", abort=True, err=True)
    return bound
