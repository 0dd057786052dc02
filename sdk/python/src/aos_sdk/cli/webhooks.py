"""`aos webhooks`: endpoints that are told what happens."""

from __future__ import annotations

from typing import Any

import click

from aos_sdk.cli.verbs import Session, column, page_size, paging, verb

WEBHOOK = click.argument("webhook_id", metavar="WEBHOOK")


@click.group()
def webhooks() -> None:
    """Manage endpoints that are told what happens."""


@webhooks.command("list")
@paging
@verb
def list_(session: Session, /, *, limit: int, whole: bool) -> None:
    """List endpoints."""
    pages = session.client.webhooks.list(limit=page_size(limit, whole=whole))
    columns = column("webhook_id", "is_enabled", "url", "event_types", "disabled_because", "description")
    session.show(pages, name="webhook_id", columns=columns, limit=limit, whole=whole)


@webhooks.command()
@WEBHOOK
@verb
def get(session: Session, /, *, webhook_id: str) -> None:
    """Show WEBHOOK."""
    session.paper.one(session.client.webhooks.get(webhook_id), name="webhook_id")


@webhooks.command()
@click.argument("url")
@click.option("--event", "event_types", multiple=True, metavar="TYPE", help="What to be told, once for each; else everything.")
@click.option("--description", metavar="TEXT")
@click.option("--may-answer", is_flag=True, default=None, help="Let what is signed with its secret approve calls and answer questions.")
@verb
def create(session: Session, /, *, url: str, event_types: tuple[str, ...], description: str | None, may_answer: bool | None) -> None:
    """Make an endpoint at URL. Its secret is shown this once."""
    made = session.client.webhooks.create(url, event_types or None, description=description, may_answer=may_answer)
    session.paper.one(made, name="webhook_id")
    session.paper.note("the secret is shown this once", "yellow")


@webhooks.command()
@WEBHOOK
@click.option("--url", metavar="URL")
@click.option("--event", "event_types", multiple=True, metavar="TYPE", help="All it is to be told; once for each.")
@click.option("--description", metavar="TEXT")
@click.option("--may-answer/--may-not-answer", default=None, help="Whether what is signed with its secret approves and answers.")
@click.option("--enable/--disable", "is_enabled", default=None)
@verb
def update(session: Session, /, *, webhook_id: str, event_types: tuple[str, ...], **changes: Any) -> None:
    """Change what is given of WEBHOOK."""
    session.paper.one(session.client.webhooks.update(webhook_id, event_types=event_types or None, **changes), name="webhook_id")


@webhooks.command()
@WEBHOOK
@verb
def delete(session: Session, /, *, webhook_id: str) -> None:
    """Delete WEBHOOK."""
    session.client.webhooks.delete(webhook_id)
    session.paper.one({"deleted": webhook_id}, name="deleted")


@webhooks.command("rotate-secret")
@WEBHOOK
@verb
def rotate_secret(session: Session, /, *, webhook_id: str) -> None:
    """Make a new secret of WEBHOOK, shown this once."""
    session.paper.one(session.client.webhooks.rotate_secret(webhook_id), name="webhook_id")
    session.paper.note("the secret is shown this once; for a while deliveries are signed with both", "yellow")


@webhooks.command()
@WEBHOOK
@verb
def test(session: Session, /, *, webhook_id: str) -> None:
    """Send WEBHOOK a delivery that says nothing but that it arrives."""
    session.paper.one(session.client.webhooks.test(webhook_id), name="delivery_id")


@webhooks.command()
@WEBHOOK
@click.argument("delivery_id", metavar="[DELIVERY]", required=False)
@paging
@verb
def deliveries(session: Session, /, *, webhook_id: str, delivery_id: str | None, limit: int, whole: bool) -> None:
    """List what was delivered to WEBHOOK, or show one DELIVERY."""
    if delivery_id is not None:
        session.paper.one(session.client.webhooks.deliveries.get(webhook_id, delivery_id), name="delivery_id")
        return
    pages = session.client.webhooks.deliveries.list(webhook_id, limit=page_size(limit, whole=whole))
    columns = column("delivery_id", "state", "event_type", "attempts_total", "created_at", "next_attempt_at")
    session.show(pages, name="delivery_id", columns=columns, limit=limit, whole=whole)


@webhooks.command()
@WEBHOOK
@click.argument("delivery_id", metavar="DELIVERY")
@verb
def redeliver(session: Session, /, *, webhook_id: str, delivery_id: str) -> None:
    """Deliver DELIVERY once more."""
    session.paper.one(session.client.webhooks.deliveries.redeliver(webhook_id, delivery_id), name="delivery_id")
