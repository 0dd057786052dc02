"""`aos bulk`: one action over many runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from aos_sdk.cli.verbs import Session, column, page_size, paging, verb

BULK = click.argument("bulk_id", metavar="OPERATION")
ACTION = click.argument("action", type=click.Choice(["cancel", "pause", "resume", "rerun"]))
_FILTERS = (
    click.option("--status", metavar="STATUS", help="Runs of this status."),
    click.option("--agent", metavar="A", help="Runs of this agent."),
    click.option("--waiting-for", metavar="WHAT", help="Runs that wait for this: approval, budget, paused, …"),
    click.option("--failure-code", metavar="CODE", help="Runs that failed with this."),
    click.option("--created-after", metavar="TIME", help="Runs that are not older, as 2027-01-31T12:00:00Z."),
    click.option("--created-before", metavar="TIME", help="Runs that are older."),
    click.option("--run", "run_ids", multiple=True, metavar="RUN", help="This run; once for each."),
)


def filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which runs."""
    for option in reversed(_FILTERS):
        function = option(function)
    return function


def filter_of(given: dict[str, Any]) -> dict[str, Any]:
    """Return what was said about which runs."""
    found = {name: value for name, value in given.items() if value}
    return {**found, "run_ids": [*found["run_ids"]]} if "run_ids" in found else found


@click.group()
def bulk() -> None:
    """Cancel, pause, resume or do again many runs by a filter."""


@bulk.command()
@ACTION
@filters
@verb
def preview(session: Session, /, *, action: str, **given: Any) -> None:
    """Tell what ACTION would do, and do nothing."""
    found = session.client.bulk.preview(action, filter_of(given))
    rows: list[tuple[str, Any]] = [("runs", found.total), ("refused", found.refused)]
    rows += [(each.name, each.runs) for each in found.by_status]
    rows += [(f"agent {each.name}", each.runs) for each in found.by_agent]
    rows += [("effect", f"{each.run_id} {each.step_id}: {each.detail}") for each in found.effects]
    rows += [("not looked into", found.not_looked_into)] if found.not_looked_into else []
    rows += [(each.run_id, f"{each.status}: {'refused, ' if each.is_refused else ''}{each.detail}") for each in found.first]
    session.paper.one(found, name="total", rows=rows)


@bulk.command()
@ACTION
@filters
@click.option("--reason", required=True, metavar="TEXT", help="Why, for the audit log and for each run.")
@click.option("--expected", type=click.IntRange(1), metavar="N", help="How many they are, as the preview told; needed above 20.")
@click.option("--versions", type=click.Choice(["current", "pinned"]), help="For rerun: versions of skills of today, or of then.")
@click.option("--repeat-effects", is_flag=True, default=None, help="For rerun: agree to effects again that happened already.")
@verb
def begin(
    session: Session,
    /,
    *,
    action: str,
    reason: str,
    expected: int | None,
    versions: str | None,
    repeat_effects: bool | None,
    **given: Any,
) -> None:
    """Begin ACTION over the runs of a filter. The workers do it; `aos bulk get` tells how far they are."""
    options = {name: value for name, value in (("versions", versions), ("repeat_effects", repeat_effects)) if value is not None}
    made = session.client.bulk.begin(action, filter_of(given), reason, expected=expected, options=options or None)
    session.paper.one(made, name="bulk_id")


@bulk.command("list")
@click.option("--state", type=click.Choice(["running", "finished", "aborted"]))
@paging
@verb
def list_(session: Session, /, *, state: str | None, limit: int, whole: bool) -> None:
    """List operations."""
    pages = session.client.bulk.list(state=state, limit=page_size(limit, whole=whole))
    columns = column("bulk_id", "action", "state", "total", "succeeded", "refused", "left", "created_by", "created_at")
    session.show(pages, name="bulk_id", columns=columns, limit=limit, whole=whole)


@bulk.command()
@BULK
@verb
def get(session: Session, /, *, bulk_id: str) -> None:
    """Show how far OPERATION is, and why runs were refused."""
    session.paper.one(session.client.bulk.get(bulk_id), name="bulk_id")


@bulk.command()
@BULK
@verb
def abort(session: Session, /, *, bulk_id: str) -> None:
    """Stop OPERATION before its next few runs. What was done stays done."""
    session.paper.one(session.client.bulk.abort(bulk_id), name="bulk_id")
