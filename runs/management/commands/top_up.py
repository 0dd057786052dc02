"""`manage.py top_up`: raises the limit of a run, which goes on if it waited for money."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs import services
from runs.management.base import RuntimeCommand
from runs.requests import TopUpBody, checked_run_id
from skills.requests import parse_body
from skills.wording import money


class Command(RuntimeCommand):
    help = "Raises the limit of a run. With the same --key again nothing changes."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="Id of the run.")
        parser.add_argument("--cents", required=True, help="By how much, in US cents.")
        parser.add_argument("--key", help="A word of your own for this top-up, so that it is never made twice.")

    def respond(self, options: dict[str, Any]) -> int:
        body = parse_body(TopUpBody, {"amount_cents": options["cents"]})
        answer = services.top_up_run(
            principal=self.principal,
            run_id=checked_run_id(options["run"]),
            amount_micro_usd=body.amount(),
            idempotency_key=options["key"],
        )
        del answer["repeated"]
        if options["json"]:
            self.print_json(answer)
        else:
            self.paper.line(f"{answer['run_id']} may now spend {money(answer['limit_micro_usd'])}")
        return 0
