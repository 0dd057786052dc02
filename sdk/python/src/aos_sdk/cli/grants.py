"""`aos grants`: a yes given in advance, within limits."""

from __future__ import annotations

from typing import Any

import click

from aos_sdk.cli.reasons import REASON, why
from aos_sdk.cli.verbs import Session, column, page_size, paging, verb

GRANT = click.argument("grant_id", metavar="GRANT")


@click.group()
def grants() -> None:
    """Let calls of a skill through without asking, see what went by it, take it back."""


@grants.command("list")
@click.option("--in-force", is_flag=True, help="Only those by which calls go now.")
@paging
@verb
def list_(session: Session, /, *, in_force: bool, limit: int, whole: bool) -> None:
    """List grants."""
    pages = session.client.grants.list(state="in_force" if in_force else None, limit=page_size(limit, whole=whole))
    columns = column("grant_id", "state", "skill", "agent", "host", "uses", "max_uses", "expires_at", "granted_by")
    session.show(pages, name="grant_id", columns=columns, limit=limit, whole=whole)


@grants.command()
@GRANT
@verb
def get(session: Session, /, *, grant_id: str) -> None:
    """Show GRANT."""
    session.paper.one(session.client.grants.get(grant_id), name="grant_id")


@grants.command()
@GRANT
@paging
@verb
def uses(session: Session, /, *, grant_id: str, limit: int, whole: bool) -> None:
    """List the calls that GRANT let through."""
    pages = session.client.grants.uses(grant_id, limit=page_size(limit, whole=whole))
    session.show(pages, name="run_id", columns=column("run_id", "step_id", "worst_micro_usd", "at"), limit=limit, whole=whole)


@grants.command()
@click.argument("skill")
@click.option("--agent", metavar="AGENT", help="Only calls of this agent; else of every one.")
@click.option("--host", metavar="HOST", help="Only calls to this host, or *.below.one; else to any.")
@click.option("--max-uses", type=int, metavar="N")
@click.option("--max-call-micro-usd", type=int, metavar="N", help="What one call may cost at most.")
@click.option("--max-total-micro-usd", type=int, metavar="N", help="What all may cost together, each at its worst case.")
@click.option("--expires-at", metavar="INSTANT", help="As 2026-12-31T18:00:00Z.")
@REASON
@verb
def create(session: Session, /, *, skill: str, reason: str | None, **limits: Any) -> None:
    """Let calls of SKILL through without asking, until one of the limits ends it."""
    session.paper.one(session.client.grants.create(skill, reason=why(reason), **limits), name="grant_id")


@grants.command()
@GRANT
@REASON
@verb
def revoke(session: Session, /, *, grant_id: str, reason: str | None) -> None:
    """Take GRANT back."""
    session.paper.one(session.client.grants.revoke(grant_id, reason=why(reason)), name="grant_id")
