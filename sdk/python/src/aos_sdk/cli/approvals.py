"""`aos approvals`: what waits for a person's yes."""

from __future__ import annotations

import sys
from typing import Any

import click

from aos_sdk.cli.reading import object_in
from aos_sdk.cli.reasons import REASON, why
from aos_sdk.cli.refusals import Refusal
from aos_sdk.cli.verbs import Session, column, page_size, paging, verb
from aos_sdk.types import ApprovalView


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
@click.option("--reason", metavar="WHY", help="Needed for what cannot be taken back, and with --params: at least 10 characters.")
@click.option("--params", metavar="FILE", help="Approve it with the parameters of this JSON file instead; what that means is shown first.")
@click.option("--edited-hash", metavar="HASH", help="Of the edited call that was looked at (aos approvals edit).")
@verb
def approve(
    session: Session,
    /,
    *,
    run_id: str,
    step_id: str,
    action_hash: str | None,
    reason: str | None,
    params: str | None,
    edited_hash: str | None,
) -> None:
    """Let STEP of RUN do what was shown, or with --params that instead."""
    given = None if params is None else object_in(params)
    if given is not None:
        reason = why(reason)
    bound = action_hash
    if bound is None:
        found = _looked_at(session, run_id, step_id, "approve")
        bound, reason = str(found.get("action_hash")), why(reason) if found.get("needs_reason") else reason
    if given is not None and edited_hash is None:
        edited_hash = _edit_looked_at(session, run_id, step_id, bound, given)
    word = session.client.approvals.approve(run_id, step_id, action_hash=bound, reason=reason, params=given, edited_hash=edited_hash)
    session.paper.one(word, name="run_id")


@approvals.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@click.option("--action-hash", metavar="HASH", help="Of what was looked at; without it, the one that waits now.")
@click.option("--params", metavar="FILE", required=True, help="A JSON file, or - for standard input.")
@verb
def edit(session: Session, /, *, run_id: str, step_id: str, action_hash: str | None, params: str) -> None:
    """Show what STEP of RUN would be with other parameters. Decides nothing."""
    bound = action_hash or str(session.client.approvals.get(run_id, step_id).get("action_hash"))
    session.paper.one(session.client.approvals.edit(run_id, step_id, action_hash=bound, params=object_in(params)), name="action_hash")


@approvals.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@click.option("--action-hash", metavar="HASH", help="Of what was looked at; without it, you are shown what is there and asked.")
@REASON
@verb
def reject(session: Session, /, *, run_id: str, step_id: str, action_hash: str | None, reason: str | None) -> None:
    """Refuse STEP of RUN, and say why."""
    if action_hash is None:
        action_hash = str(_looked_at(session, run_id, step_id, "reject").get("action_hash"))
    session.paper.one(session.client.approvals.reject(run_id, step_id, action_hash=action_hash, reason=why(reason)), name="run_id")


@approvals.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@verb
def notes(session: Session, /, *, run_id: str, step_id: str) -> None:
    """Show what was said about STEP of RUN."""
    session.paper.one(session.client.approvals.notes(run_id, step_id), name="data")


@approvals.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@click.argument("kind", type=click.Choice(["assign", "ask", "reply"]))
@click.argument("text", required=False)
@click.option("--to", metavar="NAME", help="Whom it is handed to, by assign.")
@verb
def note(session: Session, /, *, run_id: str, step_id: str, kind: str, text: str | None, to: str | None) -> None:
    """Hand STEP of RUN to somebody, ask who asked for it, or reply."""
    session.paper.one(session.client.approvals.note(run_id, step_id, kind, text, to=to), name="to")


@approvals.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@click.option("--for", "made_for", metavar="NAME", required=True, help="Who decides by it.")
@click.option("--ttl", "ttl_s", metavar="SECONDS", type=int, help="How long it is good; an hour unless told.")
@verb
def link(session: Session, /, *, run_id: str, step_id: str, made_for: str, ttl_s: int | None) -> None:
    """Make a link by which one person decides about STEP of RUN once."""
    session.paper.one(session.client.approvals.link(run_id, step_id, made_for, ttl_s=ttl_s), name="url")


@approvals.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@verb
def links(session: Session, /, *, run_id: str, step_id: str) -> None:
    """Show the links that were made for STEP of RUN, and how each stands."""
    session.paper.one(session.client.approvals.links(run_id, step_id), name="data")


@approvals.command("revoke-link")
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@click.argument("link_id", metavar="LINK")
@click.option("--reason", metavar="WHY")
@verb
def revoke_link(session: Session, /, *, run_id: str, step_id: str, link_id: str, reason: str | None) -> None:
    """Take LINK back before it is used."""
    session.paper.one(session.client.approvals.revoke_link(run_id, step_id, link_id, reason=reason), name="link_id")


def _looked_at(session: Session, run_id: str, step_id: str, verb_: str) -> ApprovalView:
    """Show what there is, ask, and return it; a script has to name what it looked at."""
    found = session.client.approvals.get(run_id, step_id)
    if not sys.stdin.isatty():
        tries = [f"aos approvals get {run_id} {step_id}", f"aos approvals {verb_} {run_id} {step_id} --action-hash HASH"]
        raise Refusal("NOT_LOOKED_AT", "name what was looked at", exit_code=2, tries=tries)
    for key, value in found.items():
        session.paper.note(f"{key}: {value}")
    click.confirm(f"{verb_} this?", abort=True, err=True)
    return found


def _edit_looked_at(session: Session, run_id: str, step_id: str, bound: str, params: dict[str, Any]) -> str:
    """Show what the edit would do and ask; a script has to name what it looked at."""
    if not sys.stdin.isatty():
        tries = [
            f"aos approvals edit {run_id} {step_id} --params FILE",
            f"aos approvals approve {run_id} {step_id} --params FILE --edited-hash HASH",
        ]
        raise Refusal("NOT_LOOKED_AT", "name the edited call that was looked at", exit_code=2, tries=tries)
    found = session.client.approvals.edit(run_id, step_id, action_hash=bound, params=params)
    for key in ("changes", "worst_micro_usd", "blockers"):
        session.paper.note(f"{key}: {found.get(key)}")
    click.confirm("approve the edited call?", abort=True, err=True)
    return str(found.get("action_hash"))
