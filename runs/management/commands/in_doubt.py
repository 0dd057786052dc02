"""`manage.py in_doubt`: lists effects nobody knows the outcome of, shows what is known of one, and says what became of it."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser
from typing import Any

from runs.effects import doubts
from runs.effects.requests import VerdictBody, checked_step_id
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.printing import Paper
from runs.requests import checked_run_id
from skills.requests import parse_body
from skills.strict_json import read_strict
from skills.wording import UNKNOWN

Json = dict[str, Any]
SHOWN = 200


def tell_all(found: list[Json], paper: Paper) -> None:
    if not found:
        paper.line("nothing is in doubt")
        return
    rows = [[each["run_id"], each["step_id"], each["skill"], each["failure_code"] or "worker lost", each["agent"]] for each in found]
    paper.table(("run", "step", "skill", "why", "agent"), rows)
    paper.line("what is known of one: manage.py in_doubt show RUN STEP")


def tell(found: Json, paper: Paper) -> None:
    """Print the evidence, and what each verdict leads to."""
    sent, answers = found["sent"], [answered["answer"].replace("_", " ") for answered in found["probe"]["answers"]]
    paper.line(f"{found['step_id']} of {found['run_id']}: {found['why']}")
    paper.pairs(
        [
            ("sent at", f"{sent['at']}, attempt {sent['attempt']}"),
            ("ended at", sent["ended_at"] or UNKNOWN),
            ("timeout", f"{sent['timeout_ms']} ms"),
            ("target", sent["target"] or UNKNOWN),
            ("phase", sent["phase"].replace("_", " ")),
            ("bytes acknowledged", sent["bytes_acknowledged"] or UNKNOWN),
            ("idempotency key", sent["idempotency_key"] or UNKNOWN),
            ("provider reference", sent["provider_reference"] or UNKNOWN),
            ("probes", ", ".join(answers) or ("none yet" if found["probe"]["possible"] else "the call says not how to find out")),
            *((f"verdict of {each['by']}", f"{each['verdict'].replace('_', ' ')}: {each['reason']}") for each in found["verdicts"]),
        ]
    )
    for verdict, leads_to in found["choices"].items():
        paper.line(f"{verdict}: {leads_to}")


class Command(RuntimeCommand):
    help = "Lists effects in doubt, shows what is known of one, and takes down what became of it."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="list|show|verdict")
        listing = actions.add_parser("list", help="List what waits for a verdict.")
        showing = actions.add_parser("show", help="Show what is known of one.")
        deciding = actions.add_parser("verdict", help="Say what became of one.")
        for action in (showing, deciding):
            action.add_argument("run", help="Id of the run.")
            action.add_argument("step", help="Id of the step.")
        deciding.add_argument("verdict", choices=doubts.VERDICTS)
        deciding.add_argument("--reason", required=True, help="How you know; at least ten characters, kept in the journal.")
        deciding.add_argument("--result", metavar="JSON", help="What the step gives, where it happened.")
        for action in (listing, showing, deciding):
            action.add_argument("--tenant", default=SUPPRESS, help=SUPPRESS)
            action.add_argument("--json", action="store_true", default=SUPPRESS, help=SUPPRESS)

    def respond(self, options: dict[str, Any]) -> int:
        return {"list": self._list, "show": self._show, "verdict": self._verdict}[options["action"]](options)

    def _list(self, options: dict[str, Any]) -> int:
        rows = doubts.list_doubts(tenant=self.tenant).order_by("-run__created_at", "-pk")[:SHOWN]
        found = [doubts.doubt_json(row) for row in rows]
        if options["json"]:
            self.print_json({"data": found, "next_cursor": None})
        else:
            tell_all(found, self.paper)
        return exits.OK

    def _show(self, options: dict[str, Any]) -> int:
        found = doubts.evidence(tenant=self.tenant, **_which(options))
        if options["json"]:
            self.print_json(found)
        else:
            tell(found, self.paper)
        return exits.OK

    def _verdict(self, options: dict[str, Any]) -> int:
        result = None if options["result"] is None else read_strict(options["result"].encode(), "--result")
        body = parse_body(VerdictBody, {"verdict": options["verdict"], "reason": options["reason"], "result": result})
        told = doubts.give_verdict(principal=self.principal, **_which(options), **body.model_dump())
        if options["json"]:
            self.print_json(told)
        else:
            self.paper.line(f"taken down: {told['leads_to']}")
        return exits.OK


def _which(options: dict[str, Any]) -> dict[str, str]:
    return {"run_id": checked_run_id(options["run"]), "step_id": checked_step_id(options["step"])}
