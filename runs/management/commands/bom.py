"""`manage.py bom`: what a run was made with, and what changed since the last success of its plan."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs.management.base import RuntimeCommand
from runs.management.telling_proof import tell_bom
from runs.proof.bom import bom_json
from runs.requests import BomQuery, checked_run_id
from skills.requests import parse_query


class Command(RuntimeCommand):
    help = "Prints a run's bill of materials: release, plan, planner, skills, policies, advice and prices it was made with."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of the run.")
        parser.add_argument("--against", metavar="RUN", help="Say what changed: last-success of the same plan, or the id of a run.")

    def respond(self, options: dict[str, Any]) -> int:
        against = {} if options["against"] is None else {"against": options["against"].replace("-", "_")}
        query = parse_query(BomQuery, against)
        found = bom_json(tenant=self.tenant, run_id=checked_run_id(options["run"]), against=query.against)
        if options["json"]:
            self.print_json(found)
        else:
            tell_bom(found, self.paper)
        return 0
