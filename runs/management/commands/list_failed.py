"""`manage.py list_failed`: the runs that did not end well, newest first."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.utils import timezone

from runs import selectors
from runs.management.base import RuntimeCommand
from runs.management.printing import Paper

SHOWN = 200
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_SPAN = re.compile(r"(\d{1,5})([mhd])")


def span(text: str) -> timedelta:
    """Return a stretch of time written as 90m, 24h or 7d."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ArgumentTypeError(f"'{text}' is no time such as 90m, 24h or 7d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def ended(run: dict[str, Any]) -> str:
    """Return when a run ended, to the second."""
    return str(run["finished_at"])[:19].replace("T", " ")


def tell(runs: list[dict[str, Any]], paper: Paper) -> None:
    if not runs:
        paper.line("no run failed in this time")
        return
    rows = [[r["run_id"], r["status"], r["failure_code"] or "", ended(r), r["goal"]] for r in runs]
    paper.table(("run", "status", "code", "ended (UTC)", "goal"), rows)


class Command(RuntimeCommand):
    help = "Lists runs that failed, ended with a part of their steps, were cancelled or given up."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=span, default=span("24h"), metavar="TIME", help="How far back: 90m, 24h (the default), 7d.")

    def respond(self, options: dict[str, Any]) -> int:
        rows = selectors.list_failed(tenant=self.tenant, since=timezone.now() - options["since"])
        runs = [selectors.run_json(run) for run in rows[:SHOWN]]
        if options["json"]:
            self.print_json({"data": runs, "next_cursor": None})
        else:
            tell(runs, self.paper)
        return 0
