"""`manage.py trace`: all that is known of a run, as a waterfall, its decisions and its costs, or as JSON."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from runs import selectors
from runs.management.base import RuntimeCommand
from runs.management.telling import tell_trace
from runs.requests import checked_run_id


class Command(RuntimeCommand):
    help = "Prints the trace of a run."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of the run.")

    def respond(self, options: dict[str, Any]) -> int:
        found = selectors.trace_json(tenant=self.tenant, run_id=checked_run_id(options["run"]))
        if options["json"]:
            self.print_json(found)
        else:
            tell_trace(found, time.time_ns() // 1_000_000, self.paper)
        return 0
