"""`manage.py check_invariants`: what must be true of all runs, checked one by one; exit code 1 where something is not."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from runs.invariants import Checked, check_all
from runs.management import exits
from runs.management.base import RuntimeCommand, refuse_blind
from runs.management.commands.list_failed import span
from runs.management.printing import Paper, clean

MOST_SHOWN = 10_000


def sample_size(text: str) -> int:
    """Return how many breaches to show, at least the one that says there are some."""
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= MOST_SHOWN:
        raise ArgumentTypeError(f"'{text}' is no number from 1 to {MOST_SHOWN}")
    return int(text)


def tell(checks: Sequence[Checked], paper: Paper) -> None:
    """Print a line for each invariant, and below it what breaks it."""
    for each in checks:
        paper.line(f"{'✓' if each.held else '✕'} {each.name}: {each.says}", "green" if each.held else "red")
        for what in each.broken:
            paper.line(clean(what), indent=2)
        if each.more:
            paper.line(f"… and {each.more} more", "grey", indent=2)
    broken = sum(not each.held for each in checks)
    paper.line()
    paper.line(f"{broken} of {len(checks)} invariants are broken" if broken else f"all {len(checks)} invariants hold", "bold")


class Command(RuntimeCommand):
    help = "Checks what must be true of the runs of all tenants, or of one; exit code 1 where something is not."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            type=span,
            metavar="TIME",
            help="Only runs accepted or ended since then, and those not over: 90m, 24h, 7d. All by default.",
        )
        parser.add_argument("--sample", type=sample_size, default=20, metavar="N", help="How many breaches of each to show: 20 by default.")

    def respond(self, options: dict[str, Any]) -> int:
        refuse_blind()
        since = None if options["since"] is None else timezone.now() - options["since"]
        tenants = None if options["tenant"] is None else [self.tenant.pk]
        checks = check_all(options["sample"], since, tenants)
        held = all(each.held for each in checks)
        if options["json"]:
            self.print_json({"held": held, "data": [asdict(each) | {"held": each.held} for each in checks]})
        else:
            tell(checks, self.paper)
        return exits.OK if held else exits.RUN_FAILED
