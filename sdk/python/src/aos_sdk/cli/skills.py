"""`aos skills`: list skills, look at one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from aos_sdk.cli import schemas
from aos_sdk.cli.printing import Paper, duration, money, shown
from aos_sdk.cli.verbs import Session, column, verb

COLUMNS = column("name", "version", "effect", "stability", "description")
_TOLD = ("name", "version", "description", "effect", "stability", "deterministic", "key_strategy", "probe", "reversible_by")


@click.group()
def skills() -> None:
    """List skills, look at one."""


@skills.command("list")
@verb
def list_(session: Session, /) -> None:
    """List the installed skills."""
    session.paper.many(session.client.skills.list(), name="name", columns=COLUMNS)


@skills.command()
@click.argument("name")
@click.option("--version", "wanted", metavar="V", help="This version of it.")
@verb
def get(session: Session, /, *, name: str, wanted: str | None) -> None:
    """Show the skill NAME."""
    tell_skill(session.paper, session.client.skills.get(name, version=wanted))


def tell_skill(paper: Paper, skill: Mapping[str, Any]) -> None:
    """Print a skill: what a reader chooses by, what goes in and what comes out, and how it fails."""
    rows = [(name, skill.get(name)) for name in _TOLD if skill.get(name) is not None]
    rows += [("cost", money(skill["cost_model"]["base_micro_usd"])), ("time limit", duration(skill["constraints"]["timeout_ms"]))]
    paper.one(skill, name="name", rows=rows)
    if paper.form != "text":
        return
    for title in ("input", "output"):
        paper.section(title, schemas.TITLES, list(schemas.members(skill[f"{title}_schema"])))
    modes = [[each["code"], each["category"], shown(each["retryable"]), each["typical_cause"]] for each in skill["failure_modes"]]
    paper.section("may fail", ("code", "category", "retryable", "typical cause"), [[shown(cell) for cell in row] for row in modes])
