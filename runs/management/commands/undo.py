"""`manage.py undo`: takes the effect of a step back by a child run, where its skill says how."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs import selectors
from runs.effects.requests import UndoBody, checked_step_id
from runs.effects.undo import undo_step
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.requests import checked_run_id
from skills.requests import parse_body


class Command(RuntimeCommand):
    help = "Takes back what a step did. The run stays as it is: a child run makes the call that undoes it."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of the run.")
        parser.add_argument("step", help="Id of the step.")
        parser.add_argument("--reason", default="", help="Kept beside the effect.")

    def respond(self, options: dict[str, Any]) -> int:
        body = parse_body(UndoBody, {"reason": options["reason"]})
        child, created = undo_step(
            principal=self.principal,
            run_id=checked_run_id(options["run"]),
            step_id=checked_step_id(options["step"]),
            reason=body.reason,
        )
        if options["json"]:
            self.print_json(selectors.run_json(child))
        elif created:
            self.paper.line(f"{child.public_id} takes {options['step']} back; watch it: manage.py trace {child.public_id}")
        else:
            self.paper.line(f"{child.public_id} was begun for that before; it is {child.status}")
        return exits.OK
