"""`aos in-doubt`: steps of which nobody knows whether they happened."""

from __future__ import annotations

import click

from aos_sdk.cli.reading import json_in
from aos_sdk.cli.reasons import REASON, why
from aos_sdk.cli.verbs import Session, column, page_size, paging, verb


@click.group("in-doubt")
def in_doubt() -> None:
    """List steps nobody knows the end of, and settle them."""


@in_doubt.command("list")
@paging
@verb
def list_(session: Session, /, *, limit: int, whole: bool) -> None:
    """List steps in doubt."""
    pages = session.client.in_doubt.list(limit=page_size(limit, whole=whole))
    session.show(pages, name="run_id", columns=column("run_id", "step_id", "skill", "failure_code", "started_at"), limit=limit, whole=whole)


@in_doubt.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@verb
def get(session: Session, /, *, run_id: str, step_id: str) -> None:
    """Show what was sent, and what is known since."""
    session.paper.one(session.client.in_doubt.get(run_id, step_id), name="step_id")


@in_doubt.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@click.argument("word", metavar="VERDICT", type=click.Choice(["happened", "did-not-happen", "probe-again"]))
@REASON
@click.option("--result", metavar="FILE", help="What it gave, as JSON; - is standard input.")
@verb
def verdict(session: Session, /, *, run_id: str, step_id: str, word: str, reason: str | None, result: str | None) -> None:
    """Say whether STEP of RUN happened, and how you know."""
    given = None if result is None else json_in(result)
    found = session.client.in_doubt.verdict(run_id, step_id, word.replace("-", "_"), why(reason), result=given)
    session.paper.one(found, name="run_id")
