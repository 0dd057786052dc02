"""`manage.py describe_skill`: what skills there are, and the contract of one."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from runs import runtime
from runs.management.base import RuntimeCommand, json_text
from runs.management.printing import Paper
from skills.refusal import Refusal
from skills.wording import duration, money

if TYPE_CHECKING:
    from agents.models import Tenant


def tell_all(skills: list[dict[str, Any]], paper: Paper) -> None:
    paper.table(("skill", "version", "effect", "what it does"), [[s["name"], s["version"], s["effect"], s["description"]] for s in skills])


def tell_one(skill: dict[str, Any], paper: Paper) -> None:
    """Print the contract of a skill: what it does and costs, how it fails, what it takes and gives."""
    paper.line(f"{skill['name']} {skill['version']}: {skill['description']}", "bold")
    paper.pairs(
        [
            ("effect", skill["effect"].replace("_", " ")),
            ("key", "of run, step and parameters" if skill["key_strategy"] == "run_step_params" else "none"),
            ("probe", skill["probe"] or "none"),
            ("undone by", skill["reversible_by"] or "nothing"),
            ("base cost", money(skill["cost_model"]["base_micro_usd"])),
            ("time limit", f"{skill['constraints']['timeout_ms']} ms"),
            ("at once", skill["constraints"]["max_concurrency"] or "unlimited"),
            ("deterministic", "yes" if skill["deterministic"] else "no"),
            ("digest", skill["digest"]),
            *measured(skill),
        ]
    )
    paper.heading("How it fails")
    rows = [[m["code"], m["category"], "yes" if m["retryable"] else "no", m["typical_cause"]] for m in skill["failure_modes"]]
    paper.table(("code", "category", "retryable", "typical cause"), rows)
    for title, schema in (("Input", skill["input_schema"]), ("Output", skill["output_schema"])):
        paper.heading(title)
        for line in json_text(schema).splitlines():
            paper.line(line)


def measured(skill: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what history says of a skill, nothing where there is none."""
    took, cost, failed = (skill[f"measured_{name}"] for name in ("latency", "cost", "failures"))
    if took is None:
        return []
    return [
        ("took", f"{duration(took['p50_ms'])} as a rule, {duration(took['p95_ms'])} at the 95th percentile (n={took['n']})"),
        ("cost", f"{money(cost['p50_micro_usd'])} as a rule, {money(cost['p95_micro_usd'])} at the 95th percentile (n={cost['n']})"),
        ("failed", f"{failed['rate']:.1%} of {failed['n']} calls"),
    ]


class Command(RuntimeCommand):
    help = "Lists the skills, or prints the contract of one."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="Name of a skill; without it all are listed.")
        parser.add_argument("--range", dest="version_range", metavar="RANGE", help="The newest version in this range, such as ^1.0.")

    def respond(self, options: dict[str, Any]) -> int:
        described = runtime.describe_skill(name=options["name"], version=options["version_range"], tenant=self._whose(options))
        if options["json"]:
            self.print_json(described)
        elif options["name"] is None:
            tell_all(described["data"], self.paper)
        else:
            tell_one(described, self.paper)
        return 0

    def _whose(self, options: dict[str, Any]) -> Tenant | None:
        """Return the tenant whose history is told too; skills can be described where there is none yet, or several."""
        try:
            return self.tenant
        except Refusal:
            if options["tenant"] is not None:
                raise
            return None
