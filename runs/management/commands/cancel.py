"""`manage.py cancel`: asks a run to stop for good, and says what may still happen."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs import services
from runs.management.base import RuntimeCommand
from runs.management.printing import Paper
from runs.requests import ReasonBody, checked_run_id
from skills.requests import parse_body


def tell(answer: dict[str, Any], paper: Paper) -> None:
    """Print what is stopped, what is in flight, and which effects may still land."""
    paper.line(f"cancel requested for {answer['run_id']}")
    paper.pairs(
        [
            ("stopped now", ", ".join(answer["stopped"]) or "nothing"),
            ("in flight", ", ".join(step["step_id"] for step in answer["in_flight"]) or "nothing"),
            ("may still land", ", ".join(answer["may_still_land"]) or "nothing"),
        ]
    )


class Command(RuntimeCommand):
    help = "Cancels a run. What is in flight is called back; which effects may still land is said."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of the run.")
        parser.add_argument("--reason", default="", help="Kept in the journal.")

    def respond(self, options: dict[str, Any]) -> int:
        body = parse_body(ReasonBody, {"reason": options["reason"]})
        answer = services.cancel_run(principal=self.principal, run_id=checked_run_id(options["run"]), reason=body.reason)
        if options["json"]:
            self.print_json(answer)
        else:
            tell(answer, self.paper)
        return 0
