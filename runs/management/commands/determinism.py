"""`manage.py determinism`: plays a plan many times, everything in another order each time, and says whether it behaves the same."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.inputs import json_object, json_value, pairs, plan_in
from runs.management.telling_proof import tell_determinism
from runs.proof.lab import determine


class Command(RuntimeCommand):
    help = (
        "Plays a plan in the script world: under four hash seeds, with shuffled dictionaries, calls of every length and 1 to 16"
        " workers. Exit: 0 it behaves the same every time, 1 it does not."
    )

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("plan", metavar="PLAN", help="File that holds a plan; - is standard input.")
        parser.add_argument("--times", type=int, default=1_000, help="How often it is played.")
        parser.add_argument("--agent", help="Name or id; without it the tenant's default agent.")
        parser.add_argument("--input", action="append", default=[], metavar="NAME=VALUE", help="An input; @file.json gives several.")
        parser.add_argument("--outcomes", metavar="FILE", help="What its calls come to, as a JSON list; without it some fail at first.")

    def respond(self, options: dict[str, Any]) -> int:
        report = determine(
            principal=self.principal,
            plan=plan_in(json_object(options["plan"])),
            times=options["times"],
            agent_ref=options["agent"],
            inputs=pairs(options["input"], option="--input"),
            outcomes=None if options["outcomes"] is None else json_value(options["outcomes"]),
            told=lambda done, of: self.notes.line(f"{done:,} of {of:,} played", "grey"),
        )
        if options["json"]:
            self.print_json(report.model_dump(mode="json"))
        else:
            tell_determinism(report, self.paper)
        return exits.OK if report.identical else exits.RUN_FAILED
