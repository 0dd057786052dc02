"""`aos agents`: list, make and change agents."""

from __future__ import annotations

from typing import Any

import click

from aos_sdk.cli.reading import object_in
from aos_sdk.cli.verbs import Session, column, page_size, paging, verb

STATUS = click.Choice(["active", "paused", "disabled"])


@click.group()
def agents() -> None:
    """List, make and change agents."""


@agents.command("list")
@click.option("--status", type=STATUS, help="Those with this status.")
@paging
@verb
def list_(session: Session, /, *, status: str | None, limit: int, whole: bool) -> None:
    """List agents."""
    pages = session.client.agents.list(status=status, limit=page_size(limit, whole=whole))
    session.show(pages, name="agent_id", columns=column("name", "agent_id", "status", "owner", "description"), limit=limit, whole=whole)


@agents.command()
@click.argument("agent_id", metavar="AGENT")
@verb
def get(session: Session, /, *, agent_id: str) -> None:
    """Show AGENT."""
    session.paper.one(session.client.agents.get(agent_id), name="agent_id")


@agents.command()
@click.argument("name")
@click.option("--description", metavar="TEXT")
@click.option("--profile", "path", metavar="FILE", help="Its profile as JSON; - is standard input.")
@verb
def create(session: Session, /, *, name: str, description: str | None, path: str | None) -> None:
    """Make the agent NAME."""
    profile = None if path is None else object_in(path)
    session.paper.one(session.client.agents.create(name, description=description, profile=profile), name="agent_id")


@agents.command()
@click.argument("agent_id", metavar="AGENT")
@click.option("--name", metavar="NAME")
@click.option("--description", metavar="TEXT")
@click.option("--status", type=STATUS)
@click.option("--profile", "path", metavar="FILE", help="Its whole new profile as JSON; - is standard input.")
@click.option("--owner", metavar="WHO", help="Whose it is from now on: a member, or account:NAME; '' is nobody's.")
@click.option("--expect", "expected_version", type=int, metavar="N", help="Change nothing where its profile is at another version by now.")
@click.option("--reason", metavar="TEXT", help="Why, for those who read its versions.")
@verb
def update(session: Session, /, *, agent_id: str, path: str | None, **given: Any) -> None:
    """Change what is given of AGENT."""
    profile = None if path is None else object_in(path)
    session.paper.one(session.client.agents.update(agent_id, profile=profile, **given), name="agent_id")


@agents.command()
@click.argument("agent_id", metavar="AGENT")
@click.argument("version", metavar="[VERSION]", required=False)
@paging
@verb
def versions(session: Session, /, *, agent_id: str, version: str | None, limit: int, whole: bool) -> None:
    """List what AGENT's profile said before, or show one VERSION of it."""
    if version is not None:
        session.paper.one(session.client.agents.versions.get(agent_id, version), name="version")
        return
    pages = session.client.agents.versions.list(agent_id, limit=page_size(limit, whole=whole))
    columns = column("version", "saved_at", "saved_by", "reason")
    session.show(pages, name="version", columns=columns, limit=limit, whole=whole)


@agents.command()
@click.argument("agent_id", metavar="AGENT")
@verb
def delete(session: Session, /, *, agent_id: str) -> None:
    """Delete AGENT."""
    session.client.agents.delete(agent_id)
    session.paper.one({"deleted": agent_id}, name="deleted")
