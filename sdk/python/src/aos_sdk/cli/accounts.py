"""`aos service-accounts`: programs as members of the tenant."""

from __future__ import annotations

import click

from aos_sdk.cli.verbs import Session, column, page_size, paging, verb

ROLES = click.Choice(["viewer", "auditor", "approver", "operator", "developer", "tenant_admin"])
ACCOUNT = click.argument("account_id", metavar="ACCOUNT")


@click.group("service-accounts")
def service_accounts() -> None:
    """Manage programs that act in their own name."""


@service_accounts.command("list")
@paging
@verb
def list_(session: Session, /, *, limit: int, whole: bool) -> None:
    """List service accounts."""
    pages = session.client.service_accounts.list(limit=page_size(limit, whole=whole))
    columns = column("service_account_id", "name", "role", "is_active", "created_at", "description")
    session.show(pages, name="service_account_id", columns=columns, limit=limit, whole=whole)


@service_accounts.command()
@ACCOUNT
@verb
def get(session: Session, /, *, account_id: str) -> None:
    """Show ACCOUNT, which is the id of one: svc_…."""
    session.paper.one(session.client.service_accounts.get(account_id), name="service_account_id")


@service_accounts.command()
@click.argument("name")
@click.option("--role", type=ROLES, required=True, help="What it may do at most.")
@click.option("--description", metavar="TEXT")
@verb
def create(session: Session, /, *, name: str, role: str, description: str | None) -> None:
    """Make the service account NAME. Its keys are made by `aos keys create --service-account`."""
    session.paper.one(session.client.service_accounts.create(name, role, description=description), name="service_account_id")


@service_accounts.command()
@ACCOUNT
@click.option("--role", type=ROLES, help="What it may do at most.")
@click.option("--description", metavar="TEXT")
@click.option("--activate/--deactivate", "is_active", default=None, help="Whether its keys are taken.")
@verb
def update(session: Session, /, *, account_id: str, role: str | None, description: str | None, is_active: bool | None) -> None:
    """Change what is given of ACCOUNT, which is the id of one: svc_…."""
    found = session.client.service_accounts.update(account_id, role=role, description=description, is_active=is_active)
    session.paper.one(found, name="service_account_id")
