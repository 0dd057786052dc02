"""`aos keys`: keys of programs."""

from __future__ import annotations

import click

from aos_sdk.cli.verbs import Session, column, page_size, paging, verb


@click.group()
def keys() -> None:
    """Manage keys of programs."""


@keys.command("list")
@paging
@verb
def list_(session: Session, /, *, limit: int, whole: bool) -> None:
    """List keys, without their secrets."""
    pages = session.client.api_keys.list(limit=page_size(limit, whole=whole))
    columns = column("key_id", "name", "owner", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")
    session.show(pages, name="key_id", columns=columns, limit=limit, whole=whole)


@keys.command()
@click.argument("key_id", metavar="KEY_ID")
@verb
def get(session: Session, /, *, key_id: str) -> None:
    """Show what is known of a key."""
    session.paper.one(session.client.api_keys.get(key_id), name="key_id")


@keys.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, metavar="SCOPE", help="What it may do, such as runs:read; once for each.")
@click.option("--expires-at", metavar="INSTANT", help="Such as 2030-01-31T00:00:00Z.")
@click.option(
    "--service-account", "account_id", metavar="ACCOUNT", help="The service_account_id of whose key it is; else it is its maker's."
)
@verb
def create(session: Session, /, *, name: str, scopes: tuple[str, ...], expires_at: str | None, account_id: str | None) -> None:
    """Make a key called NAME. It is shown this once."""
    made = session.client.api_keys.create(name, scopes, expires_at=expires_at, service_account_id=account_id)
    session.paper.one(made, name="key_id")
    session.paper.note("the key is shown this once", "yellow")


@keys.command()
@click.argument("key_id", metavar="KEY_ID")
@verb
def revoke(session: Session, /, *, key_id: str) -> None:
    """End a key; it is refused from then on."""
    session.paper.one(session.client.api_keys.revoke(key_id), name="key_id")
