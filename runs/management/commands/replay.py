"""`manage.py replay`: replays a run from its journal and says whether it behaves as recorded."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs import services
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.telling import tell_replay
from runs.requests import checked_run_id

MODES = ("verify", "tape")


class Command(RuntimeCommand):
    help = "Replays a run without doing anything. Exit: 0 it behaves as recorded, 1 it does not."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of the run.")
        parser.add_argument("--mode", choices=MODES, default="verify", help="verify folds the journal; tape runs the plan on its outcomes.")

    def respond(self, options: dict[str, Any]) -> int:
        report = services.replay_run(principal=self.principal, run_id=checked_run_id(options["run"]), mode=options["mode"])
        if options["json"]:
            self.print_json(report)
        else:
            tell_replay(report, self.paper)
        return exits.OK if report["matched"] else exits.RUN_FAILED
