"""`manage.py bootstrap`: makes the first tenant, its agent, a console login and an API key."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from agents.bootstrap import Bootstrapped, bootstrap
from runs.management.base import RuntimeCommand, refuse_blind

DEFAULT_TENANT = "demo"


def pairs_of(made: Bootstrapped) -> list[tuple[str, str]]:
    """Return the names of what there is now, and the two secrets, which are shown here and nowhere else again."""
    pairs = [("tenant", made.tenant), ("agent", made.agent), ("console login", made.admin)]
    if made.admin_password:
        pairs.append(("console password", f"{made.admin_password}   (shown once)"))
    if made.api_key:
        pairs.append(("API key", f"{made.api_key}   (shown once)"))
    return pairs


class Command(RuntimeCommand):
    help = "Makes a tenant with its agent, a console login and an API key; what is there already stays as it is."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--admin", default="admin", help="Name of the console login; its password comes from AOS_ADMIN_PASSWORD.")

        parser.add_argument(
            "--allow-faults", action="store_true", help="Let faults be injected into runs of this tenant on purpose; for test tenants only."
        )

    def respond(self, options: dict[str, Any]) -> int:
        refuse_blind()
        slug = options["tenant"] or DEFAULT_TENANT
        made = bootstrap(slug=slug, admin=options["admin"], password=settings.ADMIN_PASSWORD, allow_faults=options["allow_faults"])
        if options["json"]:
            self.print_json(made.to_json())
        elif made.created:
            self.paper.pairs([*pairs_of(made), ("new", ", ".join(made.created).replace("_", " "))])
        else:
            self.paper.line(f"nothing to make: tenant {made.tenant} is complete")
        return 0
