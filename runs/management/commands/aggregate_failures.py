"""`manage.py aggregate_failures`: what is done every night with the failures of the last days, at once."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from agents.selectors import tenant_for
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.commands.list_failed import span
from runs.management.commands.recovery import tell_candidates
from runs.recovery import nightly

LONGEST = timedelta(days=90)


class Command(RuntimeCommand):
    help = "Makes candidates of failures nothing helps against, measures what was tried, takes back what harms. Changes nothing twice."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=span, default=span("7d"), metavar="TIME", help="How far back groups are looked for: 7d.")

    def respond(self, options: dict[str, Any]) -> int:
        # Every tenant has its turn unless one is named.
        tenants = [tenant_for(options["tenant"])] if options["tenant"] else None
        learned = nightly.learn(tenants=tenants, since=min(options["since"], LONGEST), tell=self.notes.line)
        found = nightly.learned_json(learned)
        if options["json"]:
            self.print_json(found)
            return exits.OK
        tell_candidates(found["data"], self.paper)
        self.paper.line(
            f"{found['groups']} groups, {found['candidates_made']} new candidates, {found['candidates_measured']} measured,"
            f" {found['entries_measured']} entries measured, {len(found['withdrawn'])} withdrawn, {len(found['applied'])} applied"
        )
        if found["more_groups_wait"]:
            self.notes.line("there are more groups than are looked at in one night; those with fewer failures come next", "amber")
        return exits.OK
