"""`manage.py dead_letter`: lists runs that were given up because their workers died with them, and gives one another chance."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser
from typing import Any

from runs import selectors
from runs.effects import dead_letters
from runs.effects.requests import RequeueBody
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.printing import Paper
from runs.requests import checked_run_id
from skills.requests import parse_body
from skills.wording import UNKNOWN

Json = dict[str, Any]
SHOWN = 200


def tell_all(found: list[Json], paper: Paper) -> None:
    if not found:
        paper.line("no run was given up")
        return
    rows = [
        [
            each["run_id"],
            each["code"] or "",
            each["crash_count"],
            each["last_in_flight"]["step_id"] if each["last_in_flight"] else UNKNOWN,
            ", ".join(f"{effect['step_id']} ({effect['state'].replace('_', ' ')})" for effect in each["effects"]) or "none",
            each["requeued_as"]["run_id"] if each["requeued_as"] else "",
        ]
        for each in found
    ]
    paper.table(("run", "code", "workers lost", "in flight", "effects", "queued again as"), rows)


class Command(RuntimeCommand):
    help = "Lists runs that were given up, and starts one again as a child with its plan, inputs and limit."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="list|requeue")
        listing = actions.add_parser("list", help="List them, with what each leaves behind.")
        queueing = actions.add_parser("requeue", help="Start one again.")
        queueing.add_argument("run", help="Id of the run that was given up.")
        queueing.add_argument("--reason", required=True, help="Why it will come through this time; kept with the new run.")
        queueing.add_argument("--accept-doubt", action="store_true", help="Make effects again that happened, or may have.")
        for action in (listing, queueing):
            action.add_argument("--tenant", default=SUPPRESS, help=SUPPRESS)
            action.add_argument("--json", action="store_true", default=SUPPRESS, help=SUPPRESS)

    def respond(self, options: dict[str, Any]) -> int:
        return {"list": self._list, "requeue": self._requeue}[options["action"]](options)

    def _list(self, options: dict[str, Any]) -> int:
        found = dead_letters.dead_letters_json(list(dead_letters.list_dead_letters(tenant=self.tenant)[:SHOWN]))
        if options["json"]:
            self.print_json({"data": found, "next_cursor": None})
        else:
            tell_all(found, self.paper)
        return exits.OK

    def _requeue(self, options: dict[str, Any]) -> int:
        body = parse_body(RequeueBody, {"reason": options["reason"], "accept_doubt": options["accept_doubt"]})
        child, created = dead_letters.requeue(principal=self.principal, run_id=checked_run_id(options["run"]), **body.model_dump())
        if options["json"]:
            self.print_json(selectors.run_json(child))
        elif created:
            self.paper.line(child.public_id)
        else:
            self.paper.line(f"{child.public_id} was queued for that before; it is {child.status}")
        return exits.OK
