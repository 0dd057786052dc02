"""Numbers about failures over a time: how many, how many the catalog knew, what was tried, what worked, how long it took.

    failures of a window ──by all they are told apart by──▸ totals, codes, modes, agents, skill versions
                         ──by code and hour───────────────▸ the heat map
                         ──that were recovered────────────▸ time to recovery

A look at a month of them takes long however it adds them up, so as much as possible is added up in one.

API, console and command show these same numbers; docs/reference/failure-analytics.md says what each of them means. What
was injected on purpose is in none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet, Sum

from agents.selectors import agents_of, get_agent
from agents.tenancy import scoped
from catalog.analytics.sql import Hour, Milliseconds
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

COUNTS = {
    "failures": Count("pk"),
    "hits": Count("pk", filter=HIT),
    "followed": Count("pk", filter=HIT & TRIED),
    "tried": Count("pk", filter=TRIED),
    "worked": Count("pk", filter=WORKED),
    "rerun": Count("pk", filter=RERUN & ~WORKED),
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


def analytics(wanted: Failures, *, columns: int = MOST_COLUMNS) -> Json:
    """Return every number about these failures. Raises Refusal NOT_FOUND for an agent nobody knows."""
    rows = wanted.rows()
    groups: Any = wanted.with_injected().values("injected", "code", "category", "mode", "agent_id", "skill", "skill_version")
    every: list[Json] = list(groups.annotate(**COUNTS))
    cells = [cell for cell in every if not cell["injected"]]
    hours: Any = rows.values("code", hour=Hour("created_at")).annotate(failures=Count("pk"))
    before = dict(wanted.before().rows().values_list("code").annotate(failures=Count("pk")))
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
        "heat_map": heat_map(hours, wanted.since, wanted.until, columns),
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
    """Return how long recoveries took by mode, and under `ALL` of all of them."""
    worked = rows.filter(recovery_succeeded=True, resolved_at__isnull=False)
    took: Any = worked.values("mode", took_ms=Milliseconds("resolved_at") - Milliseconds("created_at"))
    counts: dict[str, dict[int, int]] = {}
    for group in took.annotate(n=Count("pk")):
        for key in (group["mode"], ALL):
            counted = counts.setdefault(key, {})
            took_ms = max(0, group["took_ms"])
            counted[took_ms] = counted.get(took_ms, 0) + group["n"]
    return {key: _times(counted) for key, counted in counts.items()}


def _times(counted: Mapping[int, int]) -> Times:
    n = sum(counted.values())
    return Times(n, _nearest_rank(counted, -(-n * 50 // 100)), _nearest_rank(counted, -(-n * 95 // 100)))


def _nearest_rank(counted: Mapping[int, int], rank: int) -> int:
    seen = 0
    for number in sorted(counted):
        seen += counted[number]
        if seen >= rank:
            break
    return number


# The heat map


def heat_map(cells: Iterable[Mapping[str, Any]], since: datetime, until: datetime, columns: int) -> Json:
    """Return how often each code came up in each stretch of hours; what is empty is left out."""
    first = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    first_hour, hours = int(first.timestamp()) // 3_600, max(1, -(-(until - first) // timedelta(hours=1)))
    width = next((each for each in _WIDTHS if hours <= each * columns), _WIDTHS[-1])
    counts: dict[tuple[str, int], int] = {}
    for cell in cells:
        place = (cell["code"], (cell["hour"] - first_hour) // width)
        counts[place] = counts.get(place, 0) + cell["failures"]
    return {
        "from": instant(first),
        "hours": width,
        "columns": -(-hours // width),
        "cells": [
            {"code": code, "column": column, "from": instant(first + timedelta(hours=width * column)), "failures": failures}
            for (code, column), failures in sorted(counts.items())
        ],
    }
