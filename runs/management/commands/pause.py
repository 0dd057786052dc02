"""`manage.py pause`: asks a run to start no further step."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs import services
from runs.management.base import RuntimeCommand
from runs.requests import ReasonBody, checked_run_id
from skills.requests import parse_body


class Command(RuntimeCommand):
    help = "Pauses a run: what is under way finishes, nothing further starts."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of the run.")
        parser.add_argument("--reason", default="", help="Kept in the journal.")

    def respond(self, options: dict[str, Any]) -> int:
        body = parse_body(ReasonBody, {"reason": options["reason"]})
        answer = services.pause_run(principal=self.principal, run_id=checked_run_id(options["run"]), reason=body.reason)
        if options["json"]:
            self.print_json(answer)
        else:
            self.paper.line(f"pause requested for {answer['run_id']}; go on with: manage.py resume {answer['run_id']}")
        return 0
