"""`manage.py row_security`: the second wall between tenants in the database: whether it stands, and the role that lives behind it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection

from agents.second_wall import row_grants, row_policies
from runs.management.base import RuntimeCommand
from skills.refusal import Refusal


class Command(RuntimeCommand):
    help = "Says whether row-level security stands between tenants, and grants the role of the web process what it needs."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--check", action="store_true", help="Say what is not as it should be: tables without a policy, roles it does not hold."
        )
        what.add_argument("--grant", metavar="ROLE", help="Give a role exactly what the web process needs; again after each migrate.")
        parser.add_argument("--role", default="", help="With --check: the role of the web process; the one that asks unless told.")

    def respond(self, options: dict[str, Any]) -> int:
        if connection.vendor != "postgresql":
            raise CommandError("row-level security is PostgreSQL's: SQLite has neither roles nor policies")
        return self._grant(options) if options["grant"] else self._check(options)

    def _grant(self, options: dict[str, Any]) -> int:
        if not row_grants.exists(options["grant"]):
            raise Refusal(
                "NOT_FOUND", f"there is no role {options['grant']}", suggestions=[f"CREATE ROLE {options['grant']} LOGIN PASSWORD '…'"]
            )
        done = list(row_grants.grant_to(options["grant"]))
        if options["json"]:
            self.print_json({"role": options["grant"], "statements": done})
        else:
            self.paper.line(f"{options['grant']} may do what the web process needs ({len(done)} statements)")
        return 0

    def _check(self, options: dict[str, Any]) -> int:
        found = list(faults(options["role"]))
        if options["json"]:
            self.print_json({"ok": not found, "faults": found})
        for fault in [] if options["json"] else found:
            self.paper.line(fault)
        if not found and not options["json"]:
            self.paper.line("every table of tenants is behind the wall")
        return 1 if found else 0


def faults(role: str) -> Iterator[str]:
    """Yield what is not as it should be."""
    for label in row_policies.undecided():
        yield f"{label}: nobody has said whose its rows are (agents/second_wall/row_policies.py)"
    for wall in row_policies.missing():
        yield f"{wall.table}: its policy is not there or not this release's; run manage.py migrate"
    if role:
        yield from row_grants.faults_of(role)
    elif settings.ROW_SECURITY:
        yield from row_grants.faults_of(str(connection.settings_dict["USER"]))
