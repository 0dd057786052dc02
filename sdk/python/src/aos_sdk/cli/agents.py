"""`aos agents`: list, make and change agents."""

from __future__ import annotations

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
    session.show(pages, name="agent_id", columns=column("name", "agent_id", "status", "description"), limit=limit, whole=whole)


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
@verb
def update(session: Session, /, *, agent_id: str, name: str | None, description: str | None, status: str | None, path: str | None) -> None:
    """Change what is given of AGENT."""
    profile = None if path is None else object_in(path)
    found = session.client.agents.update(agent_id, name=name, description=description, status=status, profile=profile)
    session.paper.one(found, name="agent_id")


@agents.command()
@click.argument("agent_id", metavar="AGENT")
@verb
def delete(session: Session, /, *, agent_id: str) -> None:
    """Delete AGENT."""
    session.client.agents.delete(agent_id)
    session.paper.one({"deleted": agent_id}, name="deleted")
