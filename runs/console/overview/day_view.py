"""What the overview says beside its charts: which codes runs of the last day failed by, and how long budgets last. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from agents.days import day_of, next_day_ms
from skills.wording import duration, limit_of, money

Json = Mapping[str, Any]

CODES_SHOWN = 8
BUDGETS_SHOWN = 6
ALERT_PERCENT = 80
DAY_MS = 86_400_000


def code_lines(codes: Counter[str], link_of: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return the commonest codes as lines: how many runs ended by each, its part of the commonest, the list of those runs."""
    most = max(codes.values(), default=0)
    return [
        {"code": code, "number": number, "width": f"{100 * number / most:.2f}%", "link": link_of(code)}
        for code, number in sorted(codes.items(), key=lambda item: (-item[1], item[0]))[:CODES_SHOWN]
    ]


class Day(NamedTuple):
    """Now, and the day it is where the tenant is, in Unix milliseconds."""

    now_ms: int
    began_ms: int
    ends_ms: int


def day_in(zone: str, now_ms: int) -> Day:
    """Return the day it is in a time zone."""
    today = day_of(now_ms, zone)
    return Day(now_ms, next_day_ms(today - timedelta(days=1), zone), next_day_ms(today, zone))


def budget_lines(budgets: Sequence[Json], day: Day, spent_in_a_day: int) -> list[dict[str, Any]]:
    """Return the budgets with least room first: what is spent of each, and when it is used up if it goes on like that."""
    limited = [budget for budget in budgets if budget["total_micro_usd"] is not None]
    tightest = sorted(limited, key=lambda budget: (-_part(budget), budget["kind"], budget["key"], budget["period"]))
    return [_budget_line(budget, day, spent_in_a_day) for budget in tightest[:BUDGETS_SHOWN]]


def _budget_line(budget: Json, day: Day, spent_in_a_day: int) -> dict[str, Any]:
    part = _part(budget)
    return {
        "whose": "Tenant" if budget["kind"] == "tenant" else f"{budget['kind'].capitalize()} {budget['agent'] or budget['key']}",
        "each": "today" if budget["period"] == "day" else "in all",
        "says": f"{money(budget['spent_micro_usd'])} of {limit_of(budget['total_micro_usd'])}",
        "percent": f"{100 * part:.0f} %",
        "width": f"{min(100.0, 100 * part):.2f}%",
        "colour": "amber" if 100 * part >= ALERT_PERCENT else "blue",
        "lasts": lasts(budget, day, spent_in_a_day),
    }


def _part(budget: Json) -> float:
    """Return how much of a budget is spent, as a part of it; one of nothing is used up."""
    total = budget["total_micro_usd"]
    return budget["spent_micro_usd"] / total if total else 1.0


def lasts(budget: Json, day: Day, spent_in_a_day: int) -> str:
    """Say when a budget is used up: a day's at the pace of today, the tenant's at that of its last day; empty where nobody can tell."""
    spent = budget["spent_micro_usd"]
    left = budget["total_micro_usd"] - spent
    if left <= 0:
        return "used up"
    if budget["period"] == "day":
        if not spent:
            return "untouched"
        rest_ms = round(left * max(1, day.now_ms - day.began_ms) / spent)
        return f"used up in {duration(rest_ms)}" if day.now_ms + rest_ms < day.ends_ms else "lasts the day"
    if budget["kind"] != "tenant" or spent_in_a_day <= 0:
        return ""
    # The page of budgets goes by a week: who reads both is to see why they differ.
    return f"used up in {duration(round(left * DAY_MS / spent_in_a_day))} at the pace of the last 24 hours"
