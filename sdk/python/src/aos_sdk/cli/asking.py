"""`aos describe-skill` and `aos query`: what is known of skills, and the named questions."""

from __future__ import annotations

import click

from aos_sdk.cli.reading import pairs
from aos_sdk.cli.skills import COLUMNS, tell_skill
from aos_sdk.cli.verbs import Session, verb


@click.command("describe-skill")
@click.argument("name", required=False)
@click.option("--schema", is_flag=True, help="Its input schema alone, as JSON.")
@click.option("--version", "wanted", metavar="V", help="This version of it.")
@verb
def describe_skill(session: Session, /, *, name: str | None, schema: bool, wanted: str | None) -> None:
    """Tell all that is known of the skill NAME; without one, list the skills."""
    if name is None:
        found = session.client.runtime.skills()
        session.paper.many(found.data, name="name", columns=COLUMNS)
        return
    skill = session.client.describe_skill(name, version=wanted)
    if schema:
        session.paper.document(skill.input_schema)
    else:
        tell_skill(session.paper, skill)


@click.command()
@click.argument("what")
@click.option("--filter", "filters", multiple=True, metavar="NAME=VALUE", help="What the question is about, such as run_id=run_….")
@verb
def query(session: Session, /, *, what: str, filters: tuple[str, ...]) -> None:
    """Ask one of the named questions. An unknown name is refused with the known ones."""
    answer = session.client.query(what, pairs(filters, "--filter"))
    if session.paper.form == "text":
        session.paper.form = "json"  # an answer has no one shape that a table could show
    session.paper.one(answer, name="what")
