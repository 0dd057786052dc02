"""What the overview draws and lists of the last day: runs by the hour they were created in, how they stand, what they spent. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from runs.console.amounts import on_scale
from runs.console.bar_chart import Chart, Column, Label, draw
from skills.wording import look_of, money

HOUR_MS = 3_600_000
HEIGHT = 140
"""How high the chart is, in the units of its drawing."""
ORDER = ("succeeded", "partial", "running", "waiting", "queued", "cancelled", "failed", "dead_lettered")
"""From the bottom of a bar to its top: what went well, what goes on, what did not."""

SPENT = "spent"

ByHour = Mapping[int, Counter[str]]


def chart(by_hour: ByHour, since: datetime, now: datetime) -> Chart | None:
    """Return the drawing of the hours from one instant to another; None where there was no run."""
    top = max((counts.total() for counts in by_hour.values()), default=0)
    titles = {hour: _title(hour, counts) for hour, counts in by_hour.items()}
    says = f"Runs created by hour in the last 24 hours, at most {top:,} in one"
    return _drawn(by_hour, ORDER, titles, since, now, lambda number: f"{number:,}", says)


def spend_chart(spent: Mapping[int, int], since: datetime, now: datetime) -> Chart | None:
    """Return the drawing of what was spent by hour; None where nothing was."""
    titles = {hour: f"{_at(hour):%H:00} UTC: {money(amount)}" for hour, amount in spent.items()}
    says = f"Spent by hour in the last 24 hours, at most {money(max(spent.values(), default=0))} in one"
    amounts = {hour: Counter({SPENT: amount}) for hour, amount in spent.items() if amount}
    return _drawn(amounts, (SPENT,), titles, since, now, on_scale, says)


def _drawn(
    heights: ByHour,
    order: Sequence[str],
    titles: Mapping[int, str],
    since: datetime,
    now: datetime,
    scale_says: Callable[[int], str],
    says: str,
) -> Chart | None:
    hours = _hours(since, now)
    top = max((heights[hour].total() for hour in hours if hour in heights), default=0)
    if not top:
        return None
    columns = [Column(titles[hour], [(kind, heights[hour][kind]) for kind in order]) if hour in heights else None for hour in hours]
    return draw(columns, top, HEIGHT, scale_says=scale_says, labels=_labels(hours), says=says)


def table(by_hour: ByHour, since: datetime, now: datetime, runs: str) -> dict[str, Any]:
    """Return the same as a table, each number with a link to the list behind it; hours without a run are left out."""
    whole = sum(by_hour.values(), Counter())
    columns = [status for status in ORDER if whole[status]]
    hours = [hour for hour in reversed(_hours(since, now)) if hour in by_hour]
    rows = [
        {
            "name": f"{_at(hour):%Y-%m-%d %H:00}",
            "total": by_hour[hour].total(),
            "link": _link(runs, hour, since),
            "cells": [(by_hour[hour][status], _link(runs, hour, since, status__exact=status)) for status in columns],
        }
        for hour in hours
    ]
    return {"columns": [look_of(status) for status in columns], "rows": rows}


def spend_table(spent: Mapping[int, int], spenders: Mapping[int, int], since: datetime, now: datetime, runs: str) -> list[dict[str, Any]]:
    """Return what was spent by hour as lines of a table, each with the list of the runs that spent it where there is one (`runs`)."""
    return [
        {
            "name": f"{_at(hour):%Y-%m-%d %H:00}",
            "spent": money(spent[hour]),
            "runs": spenders[hour],
            "link": _link(runs, hour, since, spent_micro_usd__gt="0") if runs else "",
        }
        for hour in reversed(_hours(since, now))
        if spenders.get(hour)
    ]


def _link(runs: str, hour: int, since: datetime, **more: str) -> str:
    begin = max(_at(hour), since)
    window = {"created_at__gte": begin.isoformat(), "created_at__lt": (_at(hour) + timedelta(hours=1)).isoformat()}
    return f"{runs}?{urlencode({**more, **window})}"


def _hours(since: datetime, now: datetime) -> list[int]:
    return list(range(_hour_of(since), _hour_of(now) + 1))


def _hour_of(instant: datetime) -> int:
    return int(instant.timestamp() * 1_000) // HOUR_MS


def _at(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * 3_600, UTC)


def _title(hour: int, counts: Counter[str]) -> str:
    told = ", ".join(f"{counts[status]:,} {look_of(status).word}" for status in ORDER if counts[status])
    return f"{_at(hour):%H:00} UTC: {told}"


def _labels(hours: Sequence[int]) -> tuple[Label, ...]:
    """Name the first hour, the middle one and the one that is now."""
    middle = len(hours) // 2
    at = f"{(middle + 0.5) * 100 / len(hours):.2f}%"
    return (
        Label("0%", f"{_at(hours[0]):%H:00} UTC", "start"),
        Label(at, f"{_at(hours[middle]):%H:00}", "middle"),
        Label("100%", f"{_at(hours[-1]):%H:00}", "end"),
    )
