"""`manage.py query`: asks the runtime one of its named questions."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs import runtime
from runs.management.base import RuntimeCommand
from runs.management.inputs import pairs
from runs.requests import QueryBody
from skills.requests import parse_body


class Command(RuntimeCommand):
    help = "Asks a named question: state, explain, remaining_budget, why_did_step_fail, …; a wrong name lists them all."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", help="Name of the question.")
        parser.add_argument(
            "--filter", action="append", default=[], metavar="NAME=VALUE", help="What it is asked about, such as run_id=run_…."
        )

    def respond(self, options: dict[str, Any]) -> int:
        """Print the answer as JSON with and without --json: each question has an answer of its own shape."""
        body = parse_body(QueryBody, {"what": options["what"], "filters": pairs(options["filter"], option="--filter")})
        self.print_json(runtime.query(tenant=self.tenant, what=body.what, filters=body.filters))
        return 0
