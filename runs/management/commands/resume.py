"""`manage.py resume`: lets a paused run go on."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs import services
from runs.management.base import RuntimeCommand
from runs.requests import ReasonBody, checked_run_id
from skills.requests import parse_body


class Command(RuntimeCommand):
    help = "Lets a paused run go on."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of the run.")
        parser.add_argument("--reason", default="", help="Kept in the journal.")

    def respond(self, options: dict[str, Any]) -> int:
        body = parse_body(ReasonBody, {"reason": options["reason"]})
        answer = services.resume_run(principal=self.principal, run_id=checked_run_id(options["run"]), reason=body.reason)
        if options["json"]:
            self.print_json(answer)
        else:
            self.paper.line(f"resume requested for {answer['run_id']}")
        return 0
