"""What the cost page draws and says, from answers of usage and forecast. Pure; the template only lays it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from runs.console.amounts import on_scale
from runs.console.bar_chart import Chart, Column, Label, draw
from skills.wording import UNKNOWN, money

Json = Mapping[str, Any]

HEIGHT = 200
"""How high the chart is, in the units of its drawing."""
MOST_BARS = 100
"""Of more days a bar would be too thin to see; they are drawn by weeks, and what has more weeks than that by longer stretches."""
_PARTS = (("loop_waste", "loop"), ("retry_waste", "retry"))


def chart(days: Mapping[date, Json], since: date, until: date) -> Chart | None:
    """Return the drawing of the days from one to another; None where nothing was spent."""
    stretches = _stretches(since, until)
    sums = [_added(days, begin, end) for begin, end in stretches]
    top = max(cost for cost, _, _ in sums)
    if top <= 0:
        return None
    columns = [
        Column(_title(*stretch, costs), _amounts(costs)) if costs[0] else None for stretch, costs in zip(stretches, sums, strict=True)
    ]
    length = _length(since, until)
    unit = {1: "day", 7: "week"}.get(length, f"{length:,} days")
    says = f"Spent by {unit} from {said_day(since)} to {said_day(until)}, at most {money(top)}"
    return draw(columns, top, HEIGHT, scale_says=on_scale, labels=_labels(stretches), says=says)


def _stretches(since: date, until: date) -> list[tuple[date, date]]:
    length, days = _length(since, until), (until - since).days + 1
    return [(since + timedelta(days=n), since + timedelta(days=min(n + length, days) - 1)) for n in range(0, days, length)]


def _length(since: date, until: date) -> int:
    """Return of how many days a bar is: as many bars as there may be cover all the calendar there is."""
    days = (until - since).days + 1
    return 1 if days <= MOST_BARS else max(7, -(-days // MOST_BARS))


def _added(days: Mapping[date, Json], begin: date, end: date) -> tuple[int, int, int]:
    """Return what a stretch cost, and what of it was looped and retried."""
    found = [row for day, row in days.items() if begin <= day <= end]
    loop, retry = (sum(row[name]["cost_micro_usd"] for row in found) for name, _ in _PARTS)
    return sum(row["cost_micro_usd"] for row in found), loop, retry


def _amounts(costs: tuple[int, int, int]) -> list[tuple[str, int]]:
    """Return what a bar is made of from the bottom up: what was of use, what was looped, what was retried."""
    cost, loop, retry = costs
    return [("used", cost - loop - retry), ("loop", loop), ("retry", retry)]


def _title(begin: date, end: date, costs: tuple[int, int, int]) -> str:
    cost, loop, retry = costs
    when = said_day(begin) if begin == end else f"{said_day(begin)} to {said_day(end)}"
    waste = "".join(f", {money(amount)} {words}" for amount, words in ((retry, "retried in vain"), (loop, "looped")) if amount)
    return f"{when}: {money(cost)}{waste}"


def _labels(stretches: Sequence[tuple[date, date]]) -> tuple[Label, ...]:
    """Name the first, the middle and the last of them."""
    last = len(stretches) - 1
    if last == 0:
        return (Label("50%", said_day(stretches[0][0]), "middle"),)
    places = {0: "start", last: "end"} if last < 4 else {0: "start", last // 2: "middle", last: "end"}
    share = 100 / len(stretches)
    at = {"start": 0.0, "middle": (last // 2 + 0.5) * share, "end": 100.0}
    return tuple(Label(f"{at[anchor]:.2f}%", said_day(stretches[place][0]), anchor) for place, anchor in places.items())


def said_day(day: date) -> str:
    """Return a day as people say it."""
    return f"{day.day} {day:%b %Y}"


# Groups


@dataclass(frozen=True)
class Group:
    """A line of a table of groups. `width` is its part of the dearest, ready for SVG; `charges` leads to the calls behind it."""

    name: str
    note: str
    link: str
    calls: int
    cost: str
    share: str
    width: str
    tokens: str
    retry: str
    loop: str
    charges: str
    retry_charges: str
    loop_charges: str


class Links(NamedTuple):
    """Where the lists are: of charges (none for who sees sums alone), what they are narrowed to already, and the page of a name."""

    charges: str
    narrowed: Mapping[str, str]
    page_of: Mapping[str, str]

    def to_charges(self, **more: str) -> str:
        return f"{self.charges}?{urlencode({**self.narrowed, **more})}" if self.charges else ""


def groups(answer: Json, by: str, links: Links) -> list[Group]:
    """Return the lines of a table of groups, the dearest first."""
    dearest = max((row["cost_micro_usd"] for row in answer["data"]), default=0)
    return [_group(row, by, dearest, answer["totals"]["cost_micro_usd"], links) for row in answer["data"]]


def _group(row: Json, by: str, dearest: int, total: int, links: Links) -> Group:
    key = (row["agent_id"] if by == "agent" else row[by]) or ""
    named = row[by] or key
    column = {"agent": "agent_public_id"}.get(by, f"{by}__exact")
    to_list = {} if by == "tenant" else {column: key}
    cost, tokens = row["cost_micro_usd"], sum(row["tokens"].values())
    return Group(
        name=named or {"model": "no model", "skill": "not recorded"}.get(by, UNKNOWN),
        note="gone" if by == "agent" and not row["agent"] else "",
        link=links.page_of.get(key, ""),
        calls=row["calls"],
        cost=money(cost),
        share=_percent(cost, total),
        width=f"{100 * cost / dearest:.2f}%" if cost > 0 else "",
        tokens=short(tokens) if tokens else "",
        retry=_waste(row, "retry"),
        loop=_waste(row, "loop"),
        charges=links.to_charges(**to_list),
        retry_charges=links.to_charges(**to_list, waste="retry"),
        loop_charges=links.to_charges(**to_list, waste="loop"),
    )


def _percent(part: int, whole: int) -> str:
    if not whole:
        return UNKNOWN
    return "<1 %" if 0 < part * 200 < whole else f"{100 * part / whole:.0f} %"


def _waste(row: Json, kind: str) -> str:
    part = row[f"{kind}_waste"]
    return money(part["cost_micro_usd"]) if part["calls"] else ""


def short(number: int) -> str:
    """Return a large number in few signs: `950`, `12.3 k`, `4.5 M`."""
    if number < 1_000:
        return str(number)
    for unit, size in (("G", 1_000_000_000), ("M", 1_000_000), ("k", 1_000)):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return str(number)


# Words


def sentence(totals: Json, since: date, until: date, forecast: Json | None) -> str:
    """Say in words what was spent, how much of it in vain, and what the month will come to."""
    if not totals["calls"]:
        return f"Nothing was charged from {said_day(since)} to {said_day(until)}."
    calls = "1 call" if totals["calls"] == 1 else f"{totals['calls']:,} calls"
    said = f"{money(totals['cost_micro_usd'])} for {calls} from {said_day(since)} to {said_day(until)}"
    waste = totals["retry_waste"]["cost_micro_usd"] + totals["loop_waste"]["cost_micro_usd"]
    said += f", {money(waste)} of it in vain." if waste else ", nothing of it in vain."
    if forecast and forecast["expected_micro_usd"] is not None:
        said += f" This month will come to about {money(forecast['expected_micro_usd'])}."
    return said


def forecast_lines(answer: Json) -> list[dict[str, str]]:
    """Return the forecast of the tenant and its agents as lines of a table."""
    return [
        {
            "name": row["agent"] or row["agent_id"] or "All of it",
            "spent": money(row["spent_micro_usd"]),
            "expected": money(row["expected_micro_usd"]),
            "range": UNKNOWN if row["low_micro_usd"] is None else f"{money(row['low_micro_usd'])} to {money(row['high_micro_usd'])}",
            "why": _why(row),
        }
        for row in answer["data"]
    ]


def _why(row: Json) -> str:
    if not row["days"]:
        return "no day is over yet to tell from"
    days = "1 day" if row["days"] == 1 else f"{row['days']} days"
    return f"{days}, each day of the week for itself" if row["method"] == "weekday" else days
