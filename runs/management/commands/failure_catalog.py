"""`manage.py failure_catalog`: what is known about failures, and what is done about each."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs import runtime
from runs.management.base import RuntimeCommand
from runs.requests import FailureQuery
from skills.requests import parse_body


class Command(RuntimeCommand):
    help = "Lists the failure catalog, or what it says about one code or one skill."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--code", help="Only this code, such as TIMEOUT.")
        parser.add_argument("--skill", help="Only entries of this skill.")

    def respond(self, options: dict[str, Any]) -> int:
        asked = parse_body(FailureQuery, {"code": options["code"], "skill": options["skill"]})
        found = runtime.failure_catalog(tenant=self.tenant, code=asked.code, skill=asked.skill)
        if options["json"]:
            self.print_json(found)
            return 0
        rows = [[e["code"], e["skill"] or "every skill", e["category"], e["mode"].replace("_", " ").lower()] for e in found["data"]]
        self.paper.table(("code", "skill", "category", "what is done"), rows)
        if len(found["data"]) == 1:
            for suggestion in found["data"][0]["suggestions"]:
                self.paper.line(f"- {suggestion}")
        return 0
