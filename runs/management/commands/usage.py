"""`manage.py usage`: what calls cost and used, by day, agent, skill, model, run or tenant; and what the month will come to."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from agents.selectors import active_tenants
from runs.management import exits
from runs.management.base import RuntimeCommand
from runs.management.printing import Paper
from runs.money.usage import GROUPS, UsageQuery, usage, usage_forecast
from skills.requests import parse_query
from skills.wording import UNKNOWN, money

Answer = dict[str, Any]
_NAMES = {"run": "run_id"}
_ASKED = ("from", "to", "agent", "run", "skill", "model", "limit")


class Command(RuntimeCommand):
    help = "Prints what calls cost, in the tenant's days: money, tokens, and what was spent in vain. Free calls are not in it."

    def add_own_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--by", default="day", metavar="KEY[,KEY]", help=f"One or two of {', '.join(GROUPS)}.")
        parser.add_argument("--from", metavar="DAY", help="First day, as 2026-11-01; without it, the first of the month.")
        parser.add_argument("--to", metavar="DAY", help="Last day; without it, today.")
        parser.add_argument("--agent", help="Of this agent only, by name or id.")
        parser.add_argument("--run", help="Of this run only.")
        parser.add_argument("--skill", help="Of this skill only; planners are called planner:NAME.")
        parser.add_argument("--model", help="Of this model only.")
        parser.add_argument("--limit", help="Rows at most, those that cost most.")
        parser.add_argument("--all-tenants", action="store_true", help="Of all tenants together, as --by tenant wants it.")
        parser.add_argument("--forecast", action="store_true", help="What this month will come to, for the tenant and each agent.")

    def respond(self, options: dict[str, Any]) -> int:
        if options["forecast"]:
            return self._tell(usage_forecast(tenant=self.tenant), tell_forecast, options)
        asked = {name: options[name] for name in _ASKED if options[name] is not None}
        query = parse_query(UsageQuery, {"group_by": options["by"], **asked})
        tenants = active_tenants() if options["all_tenants"] else [self.tenant]
        return self._tell(usage(tenants=tenants, query=query), tell_usage, options)

    def _tell(self, answer: Answer, tell: Any, options: dict[str, Any]) -> int:
        if options["json"]:
            self.print_json(answer)
        else:
            tell(answer, self.paper)
        return exits.OK


def tell_usage(answer: Answer, paper: Paper) -> None:
    """Print groups as a table, then what they add up to."""
    zone = f", days of {answer['time_zone']}" if answer["time_zone"] else ""
    paper.line(f"{answer['from']} to {answer['to']}{zone}", "grey")
    if not answer["data"]:
        paper.line("nothing was charged in this time; free calls cost nothing and are not in it")
        return
    totals = answer["totals"]
    rows = [[_name(row, by) for by in answer["group_by"]] + _numbers(row) for row in answer["data"]]
    rows.append(["all" if place == 0 else "" for place in range(len(answer["group_by"]))] + _numbers(totals))
    paper.table((*answer["group_by"], "calls", "cost", "tokens in", "out", "cached", "retried in vain", "looped"), rows)
    if answer["left_off"]:
        paper.line(f"{answer['left_off']} more, in the sum too; --limit shows them", "grey")
    _tell_guesses(totals, paper)


def _name(row: Answer, by: str) -> str:
    said = row[_NAMES.get(by, by)]
    return str(said or (row["agent_id"] if by == "agent" else UNKNOWN))


def _numbers(row: Answer) -> list[str]:
    tokens = row["tokens"]
    cached = tokens["cache_read"] + tokens["cache_write"]
    counts: Sequence[int] = (tokens["input"], tokens["output"], cached)
    waste = [money(row[name]["cost_micro_usd"]) if row[name]["calls"] else "" for name in ("retry_waste", "loop_waste")]
    return [f"{row['calls']:,}", money(row["cost_micro_usd"]), *(f"{count:,}" if count else "" for count in counts), *waste]


def _tell_guesses(totals: Answer, paper: Paper) -> None:
    """Say how much of a cost is a worst case, because nobody knows better."""
    for name, why in (("unpriced", "no price was known"), ("estimated", "the worker was lost")):
        if totals[name]["calls"]:
            paper.line(f"of it {money(totals[name]['cost_micro_usd'])} at worst: of {totals[name]['calls']} calls {why}", "amber")


def tell_forecast(answer: Answer, paper: Paper) -> None:
    """Print what the month will come to, a line for the tenant and for each agent."""
    paper.line(f"{answer['from']} to {answer['to']}, days of {answer['time_zone']}", "grey")
    rows = [
        [
            row["agent"] or row["agent_id"] or "all of it",
            money(row["spent_micro_usd"]),
            money(row["expected_micro_usd"]),
            UNKNOWN if row["low_micro_usd"] is None else f"{money(row['low_micro_usd'])} to {money(row['high_micro_usd'])}",
            f"{row['days']} days" + (", each day of the week for itself" if row["method"] == "weekday" else ""),
        ]
        for row in answer["data"]
    ]
    paper.table(("agent", "spent", f"by {answer['to']}", "four times of five", "told from"), rows)
