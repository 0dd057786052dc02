"""`manage.py run_goal`: gives an agent a goal, a plan, or what was simulated, and tells what happens."""

from __future__ import annotations

from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agents.selectors import default_agent
from runs import selectors, services
from runs.faults.kinds import FAULTS
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.following import Follower, tell_end
from runs.management.inputs import json_object, milliseconds, pairs, plan_in
from runs.management.processes import ended_in_order, started, worker
from runs.models import Run
from runs.requests import RunBody
from runs.simulation import agent_of
from skills.requests import parse_body, refuse_inexact


def _fault(text: str) -> dict[str, str]:
    """Return a fault as the API takes it: `KIND`, or `KIND@STEP`."""
    kind, at, step = text.partition("@")
    return {"kind": kind, "step": step} if at else {"kind": kind}


class Command(RuntimeCommand):
    help = (
        "Submits a goal, a plan or a simulation and follows it. Exit: 0 succeeded, 1 failed, 5 refused, 6 waits for a person, 124 time-out."
    )

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("goal", nargs="?", help="What to achieve, in words.")
        parser.add_argument("--agent", help="Name or id; without it the tenant's default agent.")
        parser.add_argument("--plan", metavar="FILE", help="Run this plan instead of having one made; - is standard input.")
        parser.add_argument("--simulation", metavar="ID", help="Run what was simulated, at that worst case; inputs and budget are its own.")
        parser.add_argument("--input", action="append", default=[], metavar="NAME=VALUE", help="An input; @file.json gives several.")
        parser.add_argument("--budget-cents", help="At most so much for this run.")
        parser.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="How long to follow; the run goes on after it.")
        parser.add_argument("--deadline", type=float, metavar="SECONDS", help="The run itself ends as failed if it takes longer.")
        parser.add_argument(
            "--fault",
            action="append",
            default=[],
            metavar="KIND[@STEP]",
            help=f"Inject a fault on purpose, where the tenant allows it; without a step, at every step: {', '.join(FAULTS)}.",
        )
        watching = parser.add_mutually_exclusive_group()
        watching.add_argument("--follow", action="store_true", default=True, help="Tell what happens as it happens (the default).")
        watching.add_argument("--detach", action="store_true", help="Submit and leave.")
        parser.add_argument("--work", action="store_true", help="Start a worker for the time of this run.")

    def respond(self, options: dict[str, Any]) -> int:
        patience = milliseconds(options["timeout"], option="--timeout") / 1_000
        run = self._submit(options)
        if options["detach"]:
            return self._leave(run, options)
        with ended_in_order(), TemporaryDirectory() as folder:
            own_worker = started(worker(), log=Path(folder) / "work.log") if options["work"] else nullcontext()
            try:
                with own_worker:
                    follower = Follower(self.tenant, run.public_id, self.notes, expects_worker=options["work"])
                    ended = follower.follow(patience)
            except KeyboardInterrupt:
                self.notes.line(f"stopped watching; the run goes on. Stop it: manage.py cancel {run.public_id}")
                return exits.INTERRUPTED
        return self._report(ended, options)

    def _submit(self, options: dict[str, Any]) -> Run:
        body = self._body(options)
        run, _ = services.submit(
            principal=self.principal,
            agent_ref=body.agent,
            goal=body.goal,
            plan=body.plan,
            inputs=body.inputs,
            budget_micro_usd=body.limit_micro_usd(),
            deadline_ms=body.deadline_ms,
            simulation_id=body.simulation_id,
            faults=body.faults,
        )
        return run

    def _body(self, options: dict[str, Any]) -> RunBody:
        raw: dict[str, Any] = {"agent": options["agent"] or self._agent(options["simulation"])}
        raw["inputs"] = pairs(options["input"], option="--input")
        if options["goal"] is not None:
            raw["goal"] = options["goal"]
        if options["plan"] is not None:
            raw["plan"] = plan_in(json_object(options["plan"]))
        if options["simulation"] is not None:
            raw["simulation_id"] = options["simulation"]
        if options["budget_cents"] is not None:
            raw["budget_cents"] = options["budget_cents"]
        if options["deadline"] is not None:
            raw["deadline_ms"] = milliseconds(options["deadline"], option="--deadline")
        if options["fault"]:
            raw["faults"] = [_fault(text) for text in options["fault"]]
        refuse_inexact(raw)
        return parse_body(RunBody, raw)

    def _agent(self, simulation_id: str | None) -> str:
        """Return the agent where none is named: the one a simulation is about, else the tenant's default."""
        if simulation_id is not None:
            return agent_of(tenant=self.tenant, simulation_id=simulation_id)
        return str(default_agent(tenant=self.tenant).public_id)

    def _leave(self, run: Run, options: dict[str, Any]) -> int:
        if options["json"]:
            self.print_json(selectors.run_json(run))
        else:
            self.paper.line(run.public_id)
        return exits.OK

    def _report(self, run: dict[str, Any], options: dict[str, Any]) -> int:
        if options["json"]:
            self.print_json(run)
        else:
            tell_end(run, self.paper)
        return exits.exit_of_run(run)
