"""`manage.py execute`: one skill call through a worker, as a run of one step."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs import runtime
from runs.management.base import RuntimeCommand
from runs.management.exits import OK, RUN_FAILED
from runs.management.inputs import json_object, pairs
from runs.requests import ExecuteBody
from skills.requests import parse_body


class Command(RuntimeCommand):
    help = "Calls a skill through a worker and prints its structured outcome; the call is budgeted and recorded as a run."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("skill", help="Name of the skill.")
        parser.add_argument("--params", metavar="FILE", help="Its parameters, as a JSON file; - reads them from standard input.")
        parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="A parameter that is text.")
        parser.add_argument("--agent", help="Who calls; without it the tenant's default agent.")

    def respond(self, options: dict[str, Any]) -> int:
        """Print the outcome as JSON with and without --json: its shape is the skill's own."""
        given = json_object(options["params"]) if options["params"] else {}
        params = given | pairs(options["param"], option="--param")
        body = parse_body(ExecuteBody, {"skill": options["skill"], "params": params, "agent": options["agent"]})
        outcome = runtime.execute(principal=self.principal, skill=body.skill, params=body.params, agent_ref=body.agent)
        self.print_json(outcome)
        return OK if outcome["success"] else RUN_FAILED
