"""`manage.py describe_skill`: what skills there are, and the contract of one."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from runs import runtime
from runs.management.base import RuntimeCommand, json_text
from runs.management.printing import Paper
from skills.wording import money


def tell_all(skills: list[dict[str, Any]], paper: Paper) -> None:
    paper.table(("skill", "version", "effect", "what it does"), [[s["name"], s["version"], s["effect"], s["description"]] for s in skills])


def tell_one(skill: dict[str, Any], paper: Paper) -> None:
    """Print the contract of a skill: what it does and costs, how it fails, what it takes and gives."""
    paper.line(f"{skill['name']} {skill['version']}: {skill['description']}", "bold")
    paper.pairs(
        [
            ("effect", skill["effect"].replace("_", " ")),
            ("base cost", money(skill["cost_model"]["base_micro_usd"])),
            ("time limit", f"{skill['constraints']['timeout_ms']} ms"),
            ("at once", skill["constraints"]["max_concurrency"] or "unlimited"),
            ("deterministic", "yes" if skill["deterministic"] else "no"),
            ("digest", skill["digest"]),
        ]
    )
    paper.heading("How it fails")
    rows = [[m["code"], m["category"], "yes" if m["retryable"] else "no", m["typical_cause"]] for m in skill["failure_modes"]]
    paper.table(("code", "category", "retryable", "typical cause"), rows)
    for title, schema in (("Input", skill["input_schema"]), ("Output", skill["output_schema"])):
        paper.heading(title)
        for line in json_text(schema).splitlines():
            paper.line(line)


class Command(RuntimeCommand):
    help = "Lists the skills, or prints the contract of one."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="Name of a skill; without it all are listed.")
        parser.add_argument("--range", dest="version_range", metavar="RANGE", help="The newest version in this range, such as ^1.0.")

    def respond(self, options: dict[str, Any]) -> int:
        described = runtime.describe_skill(name=options["name"], version=options["version_range"])
        if options["json"]:
            self.print_json(described)
        elif options["name"] is None:
            tell_all(described["data"], self.paper)
        else:
            tell_one(described, self.paper)
        return 0
