"""How a budget burns down: what was left of it after each of the last days, and where it ends if it goes on like that. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from skills.wording import duration, money

DAYS = 14
"""So many days back are drawn, and as many ahead."""
PACE_DAYS = 7
HEIGHT = 40
"""How high the drawing is; it is 100 wide, and today stands in its middle."""
DAY_MS = 86_400_000


class BurnDown(NamedTuple):
    """The drawing as points for SVG: what was, and what is ahead (empty where nothing is spent); the same in words and as a table."""

    line: str
    ahead: str
    says: str
    rows: tuple[tuple[str, str, str], ...]


def burn_down(total: int | None, spent: int, by_day: Mapping[date, int], today: date) -> BurnDown | None:
    """Return how a budget of so much in all, of which so much is spent, burns down; None where nothing was spent of it lately.

    What was left is reckoned against the limit as it is now. Amounts are micro-USD.
    """
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    if not total or not any(by_day.get(day) for day in days):
        return None
    after = _left_after(total - spent, by_day, days)
    lefts = [after[days[0]] + by_day.get(days[0], 0), *(after[day] for day in days)]
    pace = sum(by_day.get(day, 0) for day in days[-PACE_DAYS:]) / PACE_DAYS
    rows = tuple((f"{day:%Y-%m-%d}", money(by_day.get(day, 0)), money(after[day])) for day in reversed(days))
    points = [(50 * place / DAYS, left) for place, left in enumerate(lefts)]
    return BurnDown(_points(points, total), _ahead(lefts[-1], pace, total), lasts_at(lefts[-1], pace), rows)


def lasts_at(left: int, pace: float) -> str:
    """Say for how long so much lasts at so much a day."""
    if left <= 0:
        return "used up"
    if pace <= 0:
        return f"nothing was spent in the last {PACE_DAYS} days"
    return f"used up in {duration(round(left * DAY_MS / pace))} at the pace of the last {PACE_DAYS} days"


def _left_after(left: int, by_day: Mapping[date, int], days: Sequence[date]) -> dict[date, int]:
    found = {}
    for day in reversed(days):
        found[day] = left
        left += by_day.get(day, 0)
    return found


def _ahead(left: int, pace: float, total: int) -> str:
    if left <= 0 or pace <= 0:
        return ""
    days = min(float(DAYS), left / pace)
    return _points([(50.0, left), (50 + 50 * days / DAYS, left - pace * days)], total)


def _points(points: Sequence[tuple[float, float]], total: int) -> str:
    """Return points as SVG writes them: all of the budget is at the top, nothing of it at the bottom."""
    return " ".join(f"{x:.2f},{HEIGHT * (1 - min(1.0, max(0.0, left / total))):.2f}" for x, left in points)
