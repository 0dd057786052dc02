"""`manage.py audit`: who did what; and whether the chain of what was done holds."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from agents import audit
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.commands.list_failed import span
from runs.management.printing import clean


class Command(RuntimeCommand):
    help = "Lists what people, programs and commands did, newest first. --verify follows the chain; exit 1 where it breaks."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--action", default="", help="Only this action, or those that begin so: run., freeze.set.")
        parser.add_argument("--actor", default="", help="Only what this one did.")
        parser.add_argument("--target", default="", help="Only what was done to this.")
        parser.add_argument("--since", type=span, metavar="TIME", help="How far back: 90m, 24h, 7d.")
        parser.add_argument("--limit", type=int, default=100, metavar="N", help="At most so many.")
        parser.add_argument("--jsonl", action="store_true", help="Export: every entry as a line of JSON, oldest first.")
        parser.add_argument("--platform", action="store_true", help="The chain of what concerns no tenant alone.")
        parser.add_argument("--verify", action="store_true", help="Follow the chain from its beginning.")

    def respond(self, options: dict[str, Any]) -> int:
        tenant = None if options["platform"] else self.tenant
        if options["verify"]:
            return self._verify(audit.verify(tenant), options)
        since = None if options["since"] is None else timezone.now() - options["since"]
        rows = audit.entries_of(tenant, action=options["action"], actor=options["actor"], target=options["target"], since=since)
        if options["jsonl"]:
            for entry in rows.order_by("seq").iterator(chunk_size=1_000):
                self.stdout.write(json.dumps(audit.entry_json(entry), ensure_ascii=False))
            return exits.OK
        found = [audit.entry_json(entry) for entry in rows[: max(1, options["limit"])]]
        if options["json"]:
            self.print_json({"data": found})
        elif found:
            shown = [(e["seq"], e["at"], e["actor"], e["action"], e["target"] or "", clean(e["reason"] or e["after"] or "")) for e in found]
            self.paper.table(("", "when", "who", "what", "to what", "why, or what it is now"), shown)
        else:
            self.paper.line("nothing was done yet")
        return exits.OK

    def _verify(self, found: audit.Verified, options: dict[str, Any]) -> int:
        if options["json"]:
            self.print_json({**found._asdict(), "holds": not found.problem})
        elif found.problem:
            self.paper.line(f"✕ {found.problem}", "red")
        else:
            self.paper.line(f"✓ {found.entries:,} entries, each follows the one before it", "green")
        return exits.RUN_FAILED if found.problem else exits.OK
