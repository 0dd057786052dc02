"""`python -m bench`: measures the workloads, prints a table and one JSON line per figure, and fails if anything was lost."""

from __future__ import annotations

import inspect
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from bench import crowd, curves, faults, workloads
from bench.floors import create_table, raw_database
from bench.installation import make_installation, own_database
from bench.report import Figure, table
from bench.verification import Lost
from bench.workloads import QUICK, Bench, Size

Workload = Callable[[Bench], list[Figure]]

WORKLOADS: dict[str, Workload] = {
    "W1": workloads.sequential_steps,
    "W2": workloads.many_runs,
    "W3": workloads.waiting_runs,
    "W4": workloads.latency,
    "W5": workloads.parallel_steps,
    "W6": faults.killed_worker,
    "W7": faults.cold_start_and_idle,
    "W8": curves.steps_in_a_run,
    "W9": curves.runs_in_the_tables,
    "W10": crowd.many_clients,
}
QUICK_ONES = [name for name in WORKLOADS if name not in ("W8", "W9")]


class Command(BaseCommand):
    help = "Measures AOS beside the bare database. Makes a database of its own and drops it."
    # The bare site this process could serve has none of what the checks look for.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quick", action="store_true", help="Less of everything; under a minute.")
        parser.add_argument("--only", nargs="+", choices=list(WORKLOADS), help="Which workloads; quick leaves out the curves, W8 and W9.")
        parser.add_argument("--json", type=Path, help="Write the JSON lines to this file as well.")

    def handle(self, *args: Any, quick: bool, only: list[str] | None, json: Path | None, **options: Any) -> None:
        settings.VAR_DIR.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="bench-", dir=settings.VAR_DIR) as folder, own_database():
            create_table()
            bench = Bench(make_installation(Path(folder)), raw_database(), QUICK if quick else Size())
            try:
                wanted = only or (QUICK_ONES if quick else WORKLOADS)
                figures = [figure for name in WORKLOADS if name in wanted for figure in self._told(name, bench)]
            except Lost as lost:
                raise CommandError(str(lost)) from lost
        lines = "\n".join(figure.to_json() for figure in figures)
        if json is not None:
            json.write_text(lines + "\n", encoding="utf-8")
        self.stdout.write(f"\n{table(figures)}\n\n{lines}\n\n{connection.vendor}, {bench.verified} runs verified, lost: 0")

    def _told(self, name: str, bench: Bench) -> list[Figure]:
        work = WORKLOADS[name]
        self.stderr.write(f"== {inspect.getdoc(work)}")
        return work(bench)
