"""`manage.py simulate_plan`: what a plan would cost and take, and what would stop it. Nothing is done."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs import runtime
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.inputs import json_object, milliseconds, pairs, plan_in
from runs.management.telling import tell_simulation
from runs.requests import SimulateBody
from skills.requests import parse_body, refuse_inexact


class Command(RuntimeCommand):
    help = "Simulates a plan, or the plan that would be made for a goal. Exit: 0 feasible, 5 not."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("plan", nargs="?", metavar="PLAN", help="File that holds a plan; - is standard input.")
        parser.add_argument("--goal", help="Simulate the plan for this goal instead.")
        parser.add_argument("--agent", help="Name or id; without it the tenant's default agent.")
        parser.add_argument("--input", action="append", default=[], metavar="NAME=VALUE", help="An input; @file.json gives several.")
        parser.add_argument("--budget-cents", help="Simulate under this budget.")
        parser.add_argument("--deadline", type=float, metavar="SECONDS", help="Simulate under this deadline.")

    def respond(self, options: dict[str, Any]) -> int:
        body = self._body(options)
        simulation = runtime.simulate(
            principal=self.principal,
            plan=body.plan,
            goal=body.goal,
            agent_ref=body.agent,
            inputs=body.inputs,
            budget_micro_usd=body.limit_micro_usd(),
            deadline_ms=body.deadline_ms,
        )
        if options["json"]:
            self.print_json(simulation)
        else:
            tell_simulation(simulation, self.paper)
        return exits.OK if simulation["feasible"] else exits.REFUSED

    def _body(self, options: dict[str, Any]) -> SimulateBody:
        raw: dict[str, Any] = {"inputs": pairs(options["input"], option="--input")}
        raw |= {name: options[name] for name in ("goal", "agent", "budget_cents") if options[name] is not None}
        if options["plan"] is not None:
            raw["plan"] = plan_in(json_object(options["plan"]))
        if options["deadline"] is not None:
            raw["deadline_ms"] = milliseconds(options["deadline"], option="--deadline")
        refuse_inexact(raw)
        return parse_body(SimulateBody, raw)
