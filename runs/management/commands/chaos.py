"""`manage.py chaos`: what faults make of a plan, each alone and in pairs, in virtual time. Nothing outside is called."""

from __future__ import annotations

import time
from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from runs.chaos import MOST_CALLS_BY_COMMAND, try_faults
from runs.faults.kinds import FAULTS
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.inputs import json_object, milliseconds, pairs, plan_in
from runs.management.telling_chaos import tell_chaos
from runs.requests import ChaosBody
from skills.requests import parse_body, refuse_inexact

SECONDS_BETWEEN_NEWS = 1.0


class Command(RuntimeCommand):
    help = (
        "Tries faults on a plan, or on the plan that would be made for a goal. Exit: 0 no effect is duplicated and every run ends or"
        " waits for somebody, 1 otherwise, 2 for what cannot be read."
    )

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("plan", nargs="?", metavar="PLAN", help="File that holds a plan; - is standard input.")
        parser.add_argument("--goal", help="Try the plan for this goal instead.")
        parser.add_argument("--agent", help="Name or id; without it the tenant's default agent.")
        parser.add_argument("--input", action="append", default=[], metavar="NAME=VALUE", help="An input; @file.json gives several.")
        parser.add_argument("--budget-cents", help="Play under this budget.")
        parser.add_argument("--deadline", type=float, metavar="SECONDS", help="Play under this deadline.")
        parser.add_argument("--faults", metavar="A,B", help=f"Only these of {', '.join(FAULTS)}.")
        parser.add_argument("--pairs", action=BooleanOptionalAction, default=True, help="Try a second fault on the call after the first.")
        parser.add_argument("--step", help="Only on this step; without it on each in turn.")
        parser.add_argument(
            "--ignoring-keys", action="append", default=[], metavar="SKILL", help="As if the other side of this skill honoured no keys."
        )
        parser.add_argument("--seed", default="chaos", help="Feeds the jitter; the same seed gives the same bytes.")

    def respond(self, options: dict[str, Any]) -> int:
        body = self._body(options)
        report = try_faults(
            principal=self.principal,
            plan=body.plan,
            goal=body.goal,
            agent_ref=body.agent,
            inputs=body.inputs,
            budget_micro_usd=body.limit_micro_usd(),
            deadline_ms=body.deadline_ms,
            faults=body.faults,
            pairs=body.pairs,
            step=body.step,
            ignoring_keys=body.ignoring_keys,
            seed=body.seed,
            most_calls=MOST_CALLS_BY_COMMAND,
            told=self._progress(),
        ).model_dump(mode="json")
        if report["limited"] is not None:
            self.notes.line(report["limited"]["detail"], "amber")
        if options["json"]:
            self.print_json(report)
        else:
            tell_chaos(report, self.paper)
        return exits.OK if report["passed"] else exits.RUN_FAILED

    def _progress(self) -> Any:
        """Return what says on stderr how far it has come, now and then."""
        said_at = time.monotonic()

        def told(done: int, of: int) -> None:
            nonlocal said_at
            if time.monotonic() - said_at >= SECONDS_BETWEEN_NEWS:
                said_at = time.monotonic()
                self.notes.line(f"{done} of {of} cases played", "grey")

        return told

    def _body(self, options: dict[str, Any]) -> ChaosBody:
        raw: dict[str, Any] = {"inputs": pairs(options["input"], option="--input"), "pairs": options["pairs"], "seed": options["seed"]}
        raw |= {name: options[name] for name in ("goal", "agent", "budget_cents", "step") if options[name] is not None}
        raw["ignoring_keys"] = options["ignoring_keys"]
        if options["faults"] is not None:
            raw["faults"] = [name.strip() for name in options["faults"].split(",")]
        if options["plan"] is not None:
            raw["plan"] = plan_in(json_object(options["plan"]))
        if options["deadline"] is not None:
            raw["deadline_ms"] = milliseconds(options["deadline"], option="--deadline")
        refuse_inexact(raw)
        return parse_body(ChaosBody, raw)
