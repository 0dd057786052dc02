"""`manage.py circuits`: which hosts are left alone now, and closing a circuit by hand."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser
from typing import Any

from catalog import circuits
from runs.management.base import RuntimeCommand, operator_name
from runs.management.printing import Paper

SHOWN = 200


def tell_all(found: list[dict[str, Any]], paper: Paper) -> None:
    """Print circuits as a table, those that are not closed first."""
    if not found:
        paper.line("every host is called: no circuit is open, and none counts a failure")
        return
    paper.table(("host", "skill", "state", "failures", "opened", "open until", "last failure"), [_row(each) for each in found])


def _row(told: dict[str, Any]) -> list[Any]:
    return [
        told["host"],
        told["skill"],
        told["state"].replace("_", "-"),
        f"{told['failures']} of {told['limit']}",
        told["openings"],
        told["open_until_at"] or "",
        told["last_code"] or "",
    ]


class Command(RuntimeCommand):
    help = "Lists the circuits of a tenant, or closes one by hand: its skill calls the host again at once."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", metavar="list|reset")
        actions.required = False
        listing = actions.add_parser("list", help="List them, those that are not closed first.")
        listing.add_argument("--state", choices=("closed", "open", "half_open"))
        reset = actions.add_parser("reset", help="Close one.")
        reset.add_argument("skill", help="The skill that calls.")
        reset.add_argument("host", help="host:port, as in the list.")
        reset.add_argument("--reason", required=True, help="Why; kept in the log.")
        for action in (listing, reset):
            action.add_argument("--tenant", default=SUPPRESS, help=SUPPRESS)
            action.add_argument("--json", action="store_true", default=SUPPRESS, help=SUPPRESS)

    def respond(self, options: dict[str, Any]) -> int:
        if options["action"] == "reset":
            self._reset(options)
            return 0
        found = circuits.list_circuits(tenant=self.tenant, state=options.get("state"), limit=SHOWN)
        if options["json"]:
            self.print_json({"data": found, "next_cursor": None})
        else:
            tell_all(found, self.paper)
        return 0

    def _reset(self, options: dict[str, Any]) -> None:
        named = {name: options[name] for name in ("skill", "host", "reason")}
        told = circuits.reset(tenant=self.tenant, by=operator_name(), **named)
        if options["json"]:
            self.print_json(told)
        else:
            self.paper.line(f"{told['skill']} calls {told['host']} again; it had opened {told['openings']} times")
