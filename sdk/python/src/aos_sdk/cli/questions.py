"""`aos questions`: what runs ask people, and the answers."""

from __future__ import annotations

import click

from aos_sdk.cli.reading import json_in
from aos_sdk.cli.verbs import Session, column, page_size, paging, verb


@click.group()
def questions() -> None:
    """List what runs ask, and answer it."""


@questions.command("list")
@paging
@verb
def list_(session: Session, /, *, limit: int, whole: bool) -> None:
    """List what is asked."""
    pages = session.client.questions.list(limit=page_size(limit, whole=whole))
    session.show(pages, name="run_id", columns=column("run_id", "step_id", "waits_for", "question", "expires_at"), limit=limit, whole=whole)


@questions.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@verb
def get(session: Session, /, *, run_id: str, step_id: str) -> None:
    """Show what STEP of RUN asks, and the JSON Schema of the answer."""
    session.paper.one(session.client.questions.get(run_id, step_id), name="question")


@questions.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step_id", metavar="STEP")
@click.argument("answer_file", metavar="FILE")
@verb
def answer(session: Session, /, *, run_id: str, step_id: str, answer_file: str) -> None:
    """Answer STEP of RUN with the JSON in FILE; - is standard input."""
    session.paper.one(session.client.questions.answer(run_id, step_id, json_in(answer_file)), name="run_id")
