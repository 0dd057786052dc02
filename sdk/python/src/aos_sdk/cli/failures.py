"""`aos failures`: what failed, and how often."""

from __future__ import annotations

import click

from aos_sdk.cli.verbs import Session, column, page_size, paging, verb


@click.group()
def failures() -> None:
    """List what failed, and how often."""


@failures.command("list")
@click.option("--code", metavar="CODE")
@click.option("--run", "run_id", metavar="RUN")
@click.option("--skill", metavar="SKILL")
@paging
@verb
def list_(session: Session, /, *, code: str | None, run_id: str | None, skill: str | None, limit: int, whole: bool) -> None:
    """List failures with what the catalog knew and what was decided."""
    pages = session.client.failures.list(code=code, run_id=run_id, skill=skill, limit=page_size(limit, whole=whole))
    columns = column("id", "run_id", "step_id", "code", "match_type", "decision", "recovery_succeeded", "message")
    session.show(pages, name="id", columns=columns, limit=limit, whole=whole)


@failures.command()
@verb
def stats(session: Session, /) -> None:
    """Show how often each code came, and how often recovery helped."""
    columns = column("code", "category", "failures", "missed", "attempted", "succeeded")
    session.paper.many(session.client.failures.stats().data, name="code", columns=columns)


@failures.command()
@click.option("--state", type=click.Choice(["new", "ongoing", "regressed", "fixed", "muted"]))
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@verb
def groups(session: Session, /, *, state: str | None, limit: int) -> None:
    """List causes: failures that only differ in what they name."""
    found = session.client.failures.groups.list(state=state, limit=limit).first()
    columns = column("signature", "state", "code", "skill", "host", "failures", "last_seen_at", "cause")
    session.paper.many(found.data, name="signature", columns=columns)
