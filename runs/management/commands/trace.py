"""`manage.py trace`: all that is known of a run, as a waterfall, its decisions and its costs, as JSON, as OpenTelemetry spans; or as
it happens."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from math import inf
from typing import Any

from runs import selectors
from runs.management import exits
from runs.management.base import RuntimeCommand, json_line
from runs.management.following import Follower, has_ended, tell_end
from runs.management.telling import tell_trace
from runs.requests import EventsQuery, checked_run_id
from runs.tracing.exporting import otlp_json
from skills.requests import parse_query


class Command(RuntimeCommand):
    help = "Prints the trace of a run. With --follow, until the run ends; exit then: 0 succeeded, 1 failed, 5 refused, 124 time-out."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of the run.")
        ways = parser.add_mutually_exclusive_group()
        ways.add_argument("--follow", action="store_true", help="Tell what happens as it happens; with --json, an event a line.")
        ways.add_argument("--otlp", action="store_true", help="Print it as OpenTelemetry spans (OTLP/JSON).")
        parser.add_argument("--after", default="0", metavar="SEQ", help="Follow from this event of the journal on.")
        parser.add_argument("--timeout", type=float, default=inf, metavar="SECONDS", help="How long to follow; the run goes on after it.")

    def respond(self, options: dict[str, Any]) -> int:
        run_id = checked_run_id(options["run"])
        if options["follow"]:
            return self._follow(run_id, options)
        if options["otlp"]:
            self.print_json(otlp_json(tenant=self.tenant, run_id=run_id))
            return exits.OK
        found = selectors.trace_json(tenant=self.tenant, run_id=run_id)
        if options["json"]:
            self.print_json(found)
        else:
            tell_trace(found, time.time_ns() // 1_000_000, self.paper)
        return exits.OK

    def _follow(self, run_id: str, options: dict[str, Any]) -> int:
        after = parse_query(EventsQuery, {"after": options["after"]}).after
        paper = self.notes if options["json"] else self.paper
        follower = Follower(self.tenant, run_id, paper, after=after, tell=self._print_event if options["json"] else None)
        try:
            run = follower.follow(options["timeout"], until=has_ended)
        except KeyboardInterrupt:
            self.notes.line(f"stopped watching; the run goes on. Watch on: manage.py trace {run_id} --follow --after {follower.after}")
            self.notes.line(f"stop it: manage.py cancel {run_id}")
            return exits.INTERRUPTED
        if not options["json"]:
            tell_end(run, self.paper)
        return exits.exit_of_run(run)

    def _print_event(self, event: dict[str, Any]) -> None:
        self.stdout.write(json_line(event))
        # Whoever reads along through a pipe reads now.
        self.stdout.flush()
