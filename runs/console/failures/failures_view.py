"""What the pages of failure analytics draw and say, from the answers of its selectors. Pure; the templates only lay it out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from skills.instants import instant
from skills.wording import UNKNOWN, Look, duration, money

Json = Mapping[str, Any]

LOOKS = {
    "new": Look("✦", "new", "blue"),
    "ongoing": Look("•", "ongoing", "amber"),
    "regressed": Look("↺", "came back", "red"),
    "fixed": Look("✓", "fixed", "green"),
    "muted": Look("⊘", "muted", "grey"),
}
ROW_HEIGHT = 26
MOST_CODES = 12
LEVELS = 5
OTHER = "other codes"


class Links(NamedTuple):
    """Where the list of failures is, and what it is narrowed to already."""

    failures: str
    narrowed: Mapping[str, str]

    def to(self, **more: Any) -> str:
        return f"{self.failures}?{urlencode({**self.narrowed, **more})}"


def percent(part: float | None) -> str:
    """Return a part of 1 as people say it; a dash where there is nothing it could be a part of."""
    if part is None:
        return UNKNOWN
    # Of a part, near none and near all are told from those; what is more than a whole is no part.
    is_near = 0 < part < 0.01 or 0.99 < part < 1
    return f"{100 * part:.1f} %" if is_near else f"{100 * part:.0f} %"


def growth(trend: float | None) -> str:
    """Return by how much something grew; a dash where there was nothing before."""
    return UNKNOWN if trend is None else f"{100 * trend:+.0f} %".replace("-", "−")


def moment(text: str) -> str:
    """Return a published instant to the minute."""
    return text[:16].replace("T", " ")


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


# Words and tiles


def sentence(totals: Json, since: str, *, shows_costs: bool) -> str:
    """Say in words how much failed, how much of it was known, and what helped."""
    if not totals["failures"]:
        return f"Nothing failed in the last {said_span(since)}."
    said = f"{counted(totals['failures'], 'failure')} in the last {said_span(since)}"
    if totals["trend"] is not None:
        said += f", {_compared(totals['trend'])} in the time before"
    said += f". The catalog knew {percent(totals['match_rate'])} of them"
    if totals["tried"]:
        said += f"; recovery was tried {counted(totals['tried'], 'time')} and worked {counted(totals['worked'], 'time')}"
    wasted = totals["wasted_micro_usd"]
    return f"{said}. {money(wasted)} went into attempts that failed." if shows_costs and wasted else f"{said}."


def _compared(trend: float) -> str:
    if trend == 0:
        return "as many as"
    if trend + 1 >= MANY_TIMES:
        return f"{trend + 1:,.0f} times as many as"
    return f"{percent(abs(trend))} {'more' if trend > 0 else 'fewer'} than"


def said_span(since: str) -> str:
    number, unit = int(since[:-1]), {"m": "minute", "h": "hour", "d": "day"}[since[-1]]
    return unit if number == 1 else f"{number} {unit}s"


def tiles(totals: Json, links: Links, *, shows_costs: bool) -> list[dict[str, str]]:
    """Return the numbers at the top, each with the list behind it."""
    times, known = totals["time_to_recovery"], {"match_type__in": ",".join(HITS)}
    followed = f"{totals['followed']:,} of {totals['hits']:,} known"
    worked = f"{totals['worked']:,} of {totals['tried']:,} tried"
    found = [
        tile("Failures", f"{totals['failures']:,}", f"{totals['before']:,} in the time before", links.to()),
        tile("Known to the catalog", percent(totals["match_rate"]), f"{totals['hits']:,} failures", links.to(**known)),
        tile("Not known", f"{totals['misses']:,}", "failures nothing matched", links.to(match_type__exact="miss")),
        tile("Advice followed", percent(totals["acceptance_rate"]), followed, links.to(**known, recovery_attempted__exact=1)),
        tile("Recovery worked", percent(totals["success_rate"]), worked, links.to(recovery_succeeded__exact=1)),
        tile("Time to recovery", duration(times["p50_ms"]), f"19 of 20 within {duration(times['p95_ms'])}", ""),
    ]
    if shows_costs:
        wasted = money(totals["wasted_micro_usd"])
        found.append(tile("Spent in vain", wasted, "on attempts that failed", links.to(cost_micro_usd__gt=0)))
    return found


MANY_TIMES = 10
"""From how many times as many on that is said, and no longer how many percent more."""
HITS = ("code", "code+skill", "signature", "fuzzy")


def tile(title: str, value: str, note: str, link: str) -> dict[str, str]:
    return {"title": title, "value": value, "note": note, "link": link}


# The heat map


class HeatCell(NamedTuple):
    """A stretch of time of one code, ready for SVG. `level` says how dark it is."""

    x: str
    width: str
    y: int
    level: int
    title: str


class Tick(NamedTuple):
    """A place in time that is named below the drawing, and to which side of it the name goes."""

    x: str
    says: str
    anchor: str


class HeatRow(NamedTuple):
    """A code of the heat map, and where its failures are listed."""

    code: str
    failures: int
    link: str
    y: int


class TableCell(NamedTuple):
    failures: int
    link: str


class TableLine(NamedTuple):
    """A stretch of time, and how often each code came up in it."""

    when: str
    cells: tuple[TableCell | None, ...]


@dataclass(frozen=True)
class Heat:
    """Codes by time, as a drawing and as a table."""

    rows: tuple[HeatRow, ...]
    cells: tuple[HeatCell, ...]
    ticks: tuple[Tick, ...]
    lines: tuple[TableLine, ...]
    height: int
    hours: int
    most: int
    says: str


def heat(answer: Json, links: Links) -> Heat | None:
    """Return the heat map; None where nothing failed. Beyond a dozen the rarest codes share a row."""
    drawn, codes = answer["heat_map"], [row["code"] for row in answer["by_code"]]
    if not drawn["cells"]:
        return None
    own = codes if len(codes) <= MOST_CODES else codes[: MOST_CODES - 1]
    names = own if len(own) == len(codes) else [*own, OTHER]
    counts: dict[tuple[int, int], int] = {}
    for cell in drawn["cells"]:
        place = (cell["column"], names.index(cell["code"] if cell["code"] in own else OTHER))
        counts[place] = counts.get(place, 0) + cell["failures"]
    most, clock = max(counts.values()), _Clock(drawn)
    totals = [sum(failures for (_, row), failures in counts.items() if row == place) for place in range(len(names))]
    return Heat(
        rows=tuple(HeatRow(name, totals[place], _list_of(name, links), place * ROW_HEIGHT + 1) for place, name in enumerate(names)),
        cells=tuple(_cell(clock, names[row], column, row, failures, most) for (column, row), failures in sorted(counts.items())),
        ticks=clock.ticks(),
        lines=_lines(clock, names, counts, links),
        height=ROW_HEIGHT * len(names),
        hours=drawn["hours"],
        most=most,
        says=f"Failures of {counted(len(codes), 'code')} by time, at most {most:,} in {said_span(str(drawn['hours']) + 'h')}",
    )


class _Clock:
    """Where a column of the heat map lies in time, and on paper."""

    def __init__(self, drawn: Json) -> None:
        self.first, self.hours, self.columns = datetime.fromisoformat(drawn["from"]), drawn["hours"], drawn["columns"]
        self.share = 100 / self.columns

    def begin(self, column: int) -> datetime:
        return self.first + timedelta(hours=self.hours * column)

    def says(self, column: int) -> str:
        begin, end = self.begin(column), self.begin(column + 1)
        return f"{said_at(begin)} to {said_at(end) if begin.date() != end.date() else format(end, '%H:%M')}"

    def ticks(self) -> tuple[Tick, ...]:
        last = self.columns - 1
        places = {0: ("0%", "start"), last // 2: (f"{(last // 2 + 0.5) * self.share:.2f}%", "middle"), last: ("100%", "end")}
        return tuple(Tick(x, said_at(self.begin(column)), anchor) for column, (x, anchor) in places.items())


def said_at(at: datetime) -> str:
    return f"{at.day} {at:%b %H:%M}"


def _cell(clock: _Clock, name: str, column: int, row: int, failures: int, most: int) -> HeatCell:
    return HeatCell(
        x=f"{column * clock.share:.3f}%",
        width=f"{clock.share * 0.9:.3f}%",
        y=row * ROW_HEIGHT + 2,
        level=level(failures, most),
        title=f"{name}, {clock.says(column)}: {failures:,}",
    )


def level(failures: int, most: int) -> int:
    """Return how dark a cell is, from 1 to the darkest; on a scale of orders, so that one storm hides nothing else."""
    if most <= 1:
        return LEVELS
    return 1 + min(LEVELS - 1, math.floor(math.log(failures) / math.log(most) * (LEVELS - 1) + 1e-9))


def _lines(clock: _Clock, names: Sequence[str], counts: Mapping[tuple[int, int], int], links: Links) -> tuple[TableLine, ...]:
    def cells(column: int) -> tuple[TableCell | None, ...]:
        return tuple(_table_cell(clock, column, name, counts.get((column, row)), links) for row, name in enumerate(names))

    seen = sorted({column for column, _ in counts}, reverse=True)
    return tuple(TableLine(clock.says(column), cells(column)) for column in seen)


def _table_cell(clock: _Clock, column: int, name: str, failures: int | None, links: Links) -> TableCell | None:
    if failures is None:
        return None
    within = {"created_at__gte": max(instant(clock.begin(column)), links.narrowed["created_at__gte"])}
    within["created_at__lt"] = min(instant(clock.begin(column + 1)), links.narrowed["created_at__lt"])
    return TableCell(failures, links.to(**within, **({} if name == OTHER else {"code__exact": name})))


def _list_of(name: str, links: Links) -> str:
    return links.to() if name == OTHER else links.to(code__exact=name)


# Groups


def group_line(row: Json, links: Links, *, shows_cause: bool, shows_costs: bool) -> dict[str, Any]:
    """Return a group as the list shows it. Who does not see the cause does not see where the calls went either."""
    return {
        "signature": row["signature"],
        "look": LOOKS[row["state"]],
        "title": title_of(row),
        "host": (row["host"] or "") if shows_cause else "",
        "cause": (row["cause"] or "") if shows_cause else "",
        "failures": row["failures"],
        "link": (link := links.to(signature__exact=row["signature"])),
        **_links_of_parts(link),
        "trend": growth(row["trend"]),
        "first_seen": moment(row["first_seen_at"]),
        "last_seen": moment(row["last_seen_at"]),
        "agents": agents_of(row),
        "versions": versions_of(row["skill_versions"]),
        "has_tries": bool(row["tried"]),
        "recovered": f"{row['worked']:,} of {row['tried']:,} recovered" if row["tried"] else "nothing was tried",
        "wasted": money(row["wasted_micro_usd"]) if shows_costs and row["wasted_micro_usd"] else "",
        "back": regressed_on(row),
    }


def title_of(row: Json) -> str:
    return f"{row['code']} in {row['skill'] or 'the run'}"


def regressed_on(row: Json) -> str:
    """Say on what it came back, and in which version it was called fixed."""
    back, mark = row["regressed_on"], row["mark"]
    if not back or not mark:
        return ""
    seen = f"seen on {back['skill_version']}" if back["skill_version"] else "seen again"
    return f"{seen}, fixed in {mark['fixed_in']}" if mark["fixed_in"] else f"{seen} after it was fixed"


def agents_of(row: Json) -> str:
    names = [agent["agent"] or "an agent that is gone" for agent in row["agents"][:2]]
    more = row["agents_in_all"] - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def versions_of(versions: Sequence[str]) -> str:
    if not versions:
        return ""
    return versions[0] if len(versions) == 1 else f"{versions[0]} to {versions[-1]}"


def state_sentence(row: Json, since: str) -> str:
    """Say in words how a group stands."""
    mark = row["mark"] or {}
    times = f"{counted(row['failures'], 'time')} in the last {said_span(since)}"
    if row["state"] == "muted":
        return f"Muted until {moment(mark['muted_until'])}; it came up {times}."
    if row["state"] == "regressed":
        return f"It came back: {regressed_on(row)}; {times}."
    if row["state"] == "fixed" and mark["fixed_in"]:
        return f"Fixed in {mark['fixed_in']} and not seen on it since; before, and on earlier versions, {times}."
    if row["state"] == "fixed":
        return f"Fixed and not seen since; before that {times}."
    begun = "New" if row["state"] == "new" else "Ongoing"
    return f"{begun}: {times}, for the first time {moment(row['first_seen_at'])}, last {moment(row['last_seen_at'])}."


# Tables


def table_row(row: Json, name: str, link: str, *, shows_costs: bool) -> dict[str, Any]:
    """Return a line of a table of counts."""
    return {
        "name": name,
        "failures": row["failures"],
        "link": link,
        "trend": growth(row["trend"]) if "trend" in row else "",
        "known": percent(row["match_rate"]),
        "tried": row["tried"],
        "worked": row["worked"],
        **_links_of_parts(link),
        "success": percent(row["success_rate"]),
        "median": duration(row["time_to_recovery"]["p50_ms"]) if "time_to_recovery" in row else "",
        "p95": duration(row["time_to_recovery"]["p95_ms"]) if "time_to_recovery" in row else "",
        "wasted": money(row["wasted_micro_usd"]) if shows_costs and row["wasted_micro_usd"] else "",
    }


def _links_of_parts(link: str) -> dict[str, str]:
    """Return where the parts of a list of failures are: what was tried, what worked, what cost something."""
    narrowed = {
        "tried_link": "recovery_attempted__exact=1",
        "worked_link": "recovery_succeeded__exact=1",
        "wasted_link": "cost_micro_usd__gt=0",
    }
    return {name: f"{link}&{condition}" for name, condition in narrowed.items()}
