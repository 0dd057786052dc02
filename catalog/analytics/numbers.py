"""Numbers about failures over a time: how many, how many the catalog knew, what was tried, what worked, how long it took.

    failures of a window ──by all they are told apart by──▸ totals, codes, modes, agents, skill versions
                         ──by code and hour───────────────▸ the heat map
                         ──that were recovered────────────▸ time to recovery

A month of them is many, so each look names only columns that stand in the index by time (`FailureMatch`), and there it stays.

API, console and command show these same numbers; docs/reference/failure-analytics.md says what each of them means. What
was injected on purpose is in none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Greatest

from agents.selectors import agents_of, get_agent
from agents.tenancy import scoped
from catalog.analytics.sql import Hour, Milliseconds, from_the_index
from catalog.models import FailureMatch
from skills.instants import instant

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]

WEEK = timedelta(days=7)
LONGEST = timedelta(days=90)
MOST_ROWS = 50
"""So many agents and skill versions are named, those with most failures; the totals hold all."""
MOST_COLUMNS = 169
_WIDTHS = (1, 2, 3, 6, 12, 24)
"""How many hours a column of the heat map may be wide."""

HIT = ~Q(match_type="miss")
TRIED = Q(recovery_attempted=True)
WORKED = Q(recovery_succeeded=True)
RERUN = ~Q(recovered_by="")

ONE = "created_at"
"""What a failure is counted by: it is never null, and in every index a window is read by, where `pk` is in none."""

COUNTS = {
    "failures": Count(ONE),
    "hits": Count(ONE, filter=HIT),
    "followed": Count(ONE, filter=HIT & TRIED),
    "tried": Count(ONE, filter=TRIED),
    "worked": Count(ONE, filter=WORKED),
    "rerun": Count(ONE, filter=RERUN & ~WORKED),
    "cost_micro_usd": Sum("cost_micro_usd"),
}


@dataclass(frozen=True)
class Failures:
    """Which failures are meant: of a tenant, from one instant to another, and of one agent, skill, code or host if named."""

    tenant: Tenant
    since: datetime
    until: datetime
    only: Mapping[str, str] = field(default_factory=dict)

    @property
    def length(self) -> timedelta:
        return self.until - self.since

    def agent_pk(self) -> int:
        """Return the row id of the agent that is named. Raises Refusal NOT_FOUND."""
        return get_agent(tenant=self.tenant, ref=self.only["agent"]).pk

    def before(self) -> Failures:
        """Return the same of the time before, just as long."""
        return Failures(self.tenant, self.since - self.length, self.since, self.only)

    def rows(self) -> QuerySet[FailureMatch]:
        return self.with_injected().filter(injected=False)

    def with_injected(self) -> QuerySet[FailureMatch]:
        """Return the failures with those that were injected on purpose."""
        wanted = {name: value for name, value in self.only.items() if name != "agent"}
        rows = scoped(FailureMatch.objects.filter(created_at__gte=self.since, created_at__lt=self.until, **wanted), self.tenant)
        if "agent" in self.only:
            rows = rows.filter(agent_id=self.agent_pk())
        return rows.order_by()


@from_the_index()
def analytics(wanted: Failures, *, columns: int = MOST_COLUMNS) -> Json:
    """Return every number about these failures. Raises Refusal NOT_FOUND for an agent nobody knows."""
    rows = wanted.rows()
    groups: Any = wanted.with_injected().values("injected", "code", "category", "mode", "agent_id", "skill", "skill_version")
    every: list[Json] = list(groups.annotate(**COUNTS))
    cells = [cell for cell in every if not cell["injected"]]
    scale = scale_of(wanted.since, wanted.until, columns)
    before = dict(wanted.before().rows().values_list("code").annotate(failures=Count(ONE)))
    times = recovery_times(rows)
    return {
        "from": instant(wanted.since),
        "to": instant(wanted.until),
        "filters": dict(wanted.only),
        "totals": {
            **numbers_of(cells),
            "injected": sum(cell["failures"] for cell in every if cell["injected"]),
            "before": sum(before.values()),
            "trend": trend(sum(each["failures"] for each in cells), sum(before.values())),
            "time_to_recovery": times.get(ALL, NEVER).to_json(),
        },
        "by_code": _by_code(cells, before),
        "by_mode": _by_mode(cells, times),
        "by_agent": _by_agent(cells),
        "by_skill_version": _by_version(cells),
        "heat_map": heat_map(_heat(rows, scale), scale),
    }


def numbers_of(cells: Iterable[Mapping[str, Any]]) -> Json:
    """Return what some groups of failures add up to, and the rates that follow."""
    sums = dict.fromkeys(COUNTS, 0)
    for cell in cells:
        for name in COUNTS:
            sums[name] += cell[name] or 0
    return {
        "failures": sums["failures"],
        "hits": sums["hits"],
        "misses": sums["failures"] - sums["hits"],
        "match_rate": rate(sums["hits"], sums["failures"]),
        "followed": sums["followed"],
        "acceptance_rate": rate(sums["followed"], sums["hits"]),
        "tried": sums["tried"],
        "worked": sums["worked"],
        "success_rate": rate(sums["worked"], sums["tried"]),
        "rerun": sums["rerun"],
        "wasted_micro_usd": sums["cost_micro_usd"],
    }


def rate(part: int, whole: int) -> float | None:
    """Return a part of a whole; None where there is no whole."""
    return round(part / whole, 4) if whole else None


def trend(now: int, before: int) -> float | None:
    """Return by how much a number grew, as part of what it was; None where it was nothing."""
    return round((now - before) / before, 4) if before else None


def _grouped(cells: Iterable[Mapping[str, Any]], *keys: str) -> dict[tuple[Any, ...], list[Mapping[str, Any]]]:
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for cell in cells:
        groups.setdefault(tuple(cell[key] for key in keys), []).append(cell)
    return groups


def _by_code(cells: Sequence[Mapping[str, Any]], before: Mapping[str, int]) -> list[Json]:
    found = [
        {"code": code, "category": category, **(numbers := numbers_of(group)), **_compared(numbers["failures"], before.get(code, 0))}
        for (code, category), group in _grouped(cells, "code", "category").items()
    ]
    return sorted(found, key=lambda row: (-row["failures"], row["code"]))


def _compared(now: int, before: int) -> Json:
    return {"before": before, "trend": trend(now, before)}


def _by_mode(cells: Sequence[Mapping[str, Any]], times: Mapping[str, Times]) -> list[Json]:
    found = [
        {"mode": mode or None, **numbers_of(group), "time_to_recovery": times.get(mode, NEVER).to_json()}
        for (mode,), group in _grouped(cells, "mode").items()
    ]
    return sorted(found, key=lambda row: (-row["failures"], row["mode"] or ""))


def _by_agent(cells: Sequence[Mapping[str, Any]]) -> list[Json]:
    found = [(pk, numbers_of(group)) for (pk,), group in _grouped(cells, "agent_id").items()]
    most = sorted(found, key=lambda each: (-each[1]["failures"], each[0] is None, each[0]))[:MOST_ROWS]
    known = agents_of(pk for pk, _ in most if pk)
    named = ((known.get(pk, (None, None)), numbers) for pk, numbers in most)
    return [{"agent_id": public_id, "agent": name, **numbers} for (public_id, name), numbers in named]


def _by_version(cells: Sequence[Mapping[str, Any]]) -> list[Json]:
    found = [
        {"skill": skill, "skill_version": version or None, **numbers_of(group)}
        for (skill, version), group in _grouped(cells, "skill", "skill_version").items()
        if skill
    ]
    return sorted(found, key=lambda row: (-row["failures"], row["skill"], row["skill_version"] or ""))[:MOST_ROWS]


# Time to recovery


@dataclass(frozen=True, slots=True)
class Times:
    """How long it took from a failure to the end of the step that came through: of n, the median and what 19 of 20 stay below."""

    n: int = 0
    p50_ms: int | None = None
    p95_ms: int | None = None

    def to_json(self) -> Json:
        return {"n": self.n, "p50_ms": self.p50_ms, "p95_ms": self.p95_ms}


ALL = "*"
NEVER = Times()


def recovery_times(rows: QuerySet[FailureMatch]) -> dict[str, Times]:
    """Return how long recoveries took by mode, and under `ALL` of all of them.

    Nearly each took another number of milliseconds. So they are counted by the second first, which says in which seconds
    the looked for ranks are, and by the millisecond in these alone.
    """
    took: Any = Greatest(Milliseconds("resolved_at") - Milliseconds("created_at"), 0)
    worked: Any = rows.filter(recovery_succeeded=True, resolved_at__isnull=False).annotate(took_ms=took, second=took / 1_000)
    seconds = _by_key(worked.values_list("mode", "second").annotate(n=Count(ONE)))
    places = {key: [_place(counted, percent) for percent in (50, 95)] for key, counted in seconds.items()}
    looked_at = {place.second for found in places.values() for place in found}
    exact = _by_key(worked.filter(second__in=looked_at).values_list("mode", "took_ms").annotate(n=Count(ONE))) if looked_at else {}
    return {
        key: Times(sum(seconds[key].values()), *(_number_at(_of_second(exact[key], second), rank)[0] for second, rank in found))
        for key, found in places.items()
    }


def _by_key(counts: Iterable[tuple[str, int, int]]) -> dict[str, dict[int, int]]:
    """Return how many there are of each number, by mode and of all."""
    found: dict[str, dict[int, int]] = {}
    for mode, number, n in counts:
        for key in (mode, ALL):
            counted = found.setdefault(key, {})
            counted[number] = counted.get(number, 0) + n
    return found


class _Place(NamedTuple):
    """In which second a time is, and the how manyth it is there."""

    second: int
    rank: int


def _place(seconds: Mapping[int, int], percent: int) -> _Place:
    return _Place(*_number_at(seconds, -(-sum(seconds.values()) * percent // 100)))


def _of_second(exact: Mapping[int, int], second: int) -> dict[int, int]:
    return {took_ms: n for took_ms, n in exact.items() if took_ms // 1_000 == second}


def _number_at(counted: Mapping[int, int], rank: int) -> tuple[int, int]:
    """Return the number of a rank, the least having rank 1, and its rank among those that are equal to it."""
    for number in sorted(counted):
        if rank <= counted[number]:
            break
        rank -= counted[number]
    return number, rank


# The heat map


class Scale(NamedTuple):
    """How a time is divided: from its first full hour on, so many columns, each so many hours wide."""

    first: datetime
    width: int
    columns: int


def scale_of(since: datetime, until: datetime, columns: int) -> Scale:
    """Return the finest division of a time into at most so many columns."""
    first = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = max(1, -(-(until - first) // timedelta(hours=1)))
    width = next((each for each in _WIDTHS if hours <= each * columns), _WIDTHS[-1])
    return Scale(first, width, -(-hours // width))


def _heat(rows: QuerySet[FailureMatch], scale: Scale) -> Any:
    """Return how many failures of each code are in each column: code, column, failures."""
    column: Any = (Hour("created_at") - int(scale.first.timestamp()) // 3_600) / scale.width
    return rows.values_list("code", column).annotate(failures=Count(ONE))


def heat_map(heat: Iterable[tuple[str, int, int]], scale: Scale) -> Json:
    """Return how often each code came up in each stretch of hours; what is empty is left out."""
    return {
        "from": instant(scale.first),
        "hours": scale.width,
        "columns": scale.columns,
        "cells": [
            {"code": code, "column": column, "from": instant(scale.first + timedelta(hours=scale.width * column)), "failures": failures}
            for code, column, failures in sorted(heat)
        ],
    }
