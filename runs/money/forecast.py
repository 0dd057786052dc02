"""What a month will have cost when it is over, from what its days have cost so far. Pure.

The days that are over and lie no more than eight weeks back say what a day costs: all alike, or, where there are three
weeks of them, each day of the week for itself. What a day costs is their mean, the dearest tenth counting no more than
the one before it and the cheapest no less, so that one odd day does not make a month. How much days differ from that says
how far the end may be off: between `low` and `high` it lies four times out of five, if days go on as they did. Without a
day that is over nothing is said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

LONGEST_DAYS = 56
WEEKS_FOR_WEEKDAYS = 3
TENTH = 10
FEWEST_FOR_ODD_ONES = 3
"""Of fewer days none can be called odd."""

# Student's t for an interval that holds four times out of five, by degrees of freedom; beyond those the normal one.
_T80 = (3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372, 1.363, 1.356, 1.350, 1.345, 1.341)
_Z80 = 1.282


@dataclass(frozen=True)
class Forecast:
    """Spent since the month began, and by its end; `days` that are over say so, by `method`: "weekday", "mean" or none at all."""

    spent_micro_usd: int
    expected_micro_usd: int | None = None
    low_micro_usd: int | None = None
    high_micro_usd: int | None = None
    days: int = 0
    method: str | None = None


def month_of(today: date) -> tuple[date, date]:
    """Return the first and the last day of a date's month."""
    first = today.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def first_day_needed(today: date) -> date:
    """Return the first day whose costs a forecast reads."""
    return min(today.replace(day=1), today - timedelta(days=LONGEST_DAYS))


def forecast(costs: Mapping[date, int], today: date, first_day: date | None) -> Forecast:
    """Return the forecast for the month of `today`, from the cost of each day; `first_day` is the first there ever was a cost."""
    begin, end = month_of(today)
    spent = sum(cost for day, cost in costs.items() if begin <= day <= today)
    history = _history(costs, today, first_day)
    if not history:
        return Forecast(spent)
    expected_of = _expected_by_weekday(history)
    rest = [today + timedelta(days=n) for n in range((end - today).days + 1)]
    # What is left of today's usual cost, where today has not had it yet.
    left = sum(expected_of[day.weekday()] for day in rest) - min(costs.get(today, 0), expected_of[today.weekday()])
    off = [cost - expected_of[day.weekday()] for day, cost in history]
    margin = _margin(off, len(rest), 7 if _knows_weekdays(history) else 1)
    return Forecast(
        spent_micro_usd=spent,
        expected_micro_usd=spent + round(left),
        low_micro_usd=None if margin is None else spent + max(0, round(left - margin)),
        high_micro_usd=None if margin is None else spent + round(left + margin),
        days=len(history),
        method="weekday" if _knows_weekdays(history) else "mean",
    )


def _history(costs: Mapping[date, int], today: date, first_day: date | None) -> list[tuple[date, int]]:
    """Return the days that are over and their costs; one without a cost cost nothing, if there had been one before."""
    if first_day is None:
        return []
    begin = max(first_day, today - timedelta(days=LONGEST_DAYS))
    days = (begin + timedelta(days=n) for n in range((today - begin).days))
    return [(day, costs.get(day, 0)) for day in days]


def _knows_weekdays(history: Sequence[tuple[date, int]]) -> bool:
    return len(history) >= WEEKS_FOR_WEEKDAYS * 7


def _expected_by_weekday(history: Sequence[tuple[date, int]]) -> list[float]:
    if not _knows_weekdays(history):
        return [_mean([cost for _, cost in history])] * 7
    return [_mean([cost for day, cost in history if day.weekday() == weekday]) for weekday in range(7)]


def _mean(costs: Sequence[int]) -> float:
    """Return the mean of costs of which those at either end are made like their neighbours (a winsorised mean)."""
    ordered = sorted(costs)
    odd = max(1, len(ordered) // TENTH) if len(ordered) >= FEWEST_FOR_ODD_ONES else 0
    least, most = ordered[odd], ordered[-1 - odd]
    return sum(min(max(cost, least), most) for cost in ordered) / len(ordered)


def _margin(off: Sequence[float], days_ahead: int, known_means: int) -> float | None:
    """Return how far the sum of the days ahead may be off, given how far each day was; None where too few days say nothing."""
    freedom = len(off) - known_means
    if freedom < 1:
        return None
    spread = math.sqrt(math.fsum(each * each for each in off) / freedom)
    factor = _T80[freedom - 1] if freedom <= len(_T80) else _Z80
    # Each day ahead differs by itself, and all of them by how little the days so far say about the mean.
    return factor * spread * math.sqrt(days_ahead + days_ahead**2 / len(off))
