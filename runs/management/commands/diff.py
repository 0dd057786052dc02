"""`manage.py diff`: two runs side by side, and where they first part."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.telling_proof import tell_diff
from runs.proof.differences import diff_json
from runs.requests import checked_run_id


class Command(RuntimeCommand):
    help = "Compares two runs: decisions, calls, outcomes, costs, effects; texts and results never count. Exit: 0 the same, 1 not."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of the first run.")
        parser.add_argument("other", help="Id of the second.")

    def respond(self, options: dict[str, Any]) -> int:
        found = diff_json(tenant=self.tenant, run_id=checked_run_id(options["run"]), other_id=checked_run_id(options["other"]))
        if options["json"]:
            self.print_json(found)
        else:
            tell_diff(found, self.paper)
        return exits.OK if found["same"] else exits.RUN_FAILED
