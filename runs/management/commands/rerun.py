"""`manage.py rerun`: starts a run again with the same goal, plan and inputs, as a child of the first."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs import selectors, services
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.following import Follower, tell_end
from runs.management.inputs import milliseconds
from runs.requests import checked_run_id


class Command(RuntimeCommand):
    help = "Starts a run again with the same goal, plan and inputs; the first stays as it is."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of the run.")
        parser.add_argument("--follow", action="store_true", help="Tell what happens as it happens.")
        parser.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="How long to follow.")

    def respond(self, options: dict[str, Any]) -> int:
        patience = milliseconds(options["timeout"], option="--timeout") / 1_000
        run, _ = services.rerun_run(principal=self.principal, run_id=checked_run_id(options["run"]))
        if not options["follow"]:
            return self._leave(selectors.run_json(run), options)
        try:
            ended = Follower(self.tenant, run.public_id, self.notes).follow(patience)
        except KeyboardInterrupt:
            self.notes.line(f"stopped watching; the run goes on. Stop it: manage.py cancel {run.public_id}")
            return exits.INTERRUPTED
        if options["json"]:
            self.print_json(ended)
        else:
            tell_end(ended, self.paper)
        return exits.exit_of_run(ended)

    def _leave(self, run: dict[str, Any], options: dict[str, Any]) -> int:
        if options["json"]:
            self.print_json(run)
        else:
            self.paper.line(run["run_id"])
        return exits.OK
