"""Usage in SQL: what calls cost, grouped as asked for, from sums of what is old and from the charges after them.

One statement sees one instant, so a charge is counted once whether or not it is in the sums already. What is asked by
run is read from the charges alone: sums do not know runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

COLUMNS = {"tenant": "tenant_id", "agent": "agent_public_id", "run": "run_public_id", "skill": "skill", "model": "model", "day": "day"}
"""What usage can be grouped by, and the column of each."""

TOKENS = ("input", "output", "cache_read", "cache_write")
WASTES = ("retry", "loop")
GUESSES = ("unpriced", "estimated")
_TOKEN_COLUMNS = [f"{bucket}_tokens" for bucket in TOKENS]
_ADDED = ["calls", "cost_micro_usd", *_TOKEN_COLUMNS]
_KIND = ["tenant_id", "day", "agent_public_id", "skill", "model", "pricing_status", "waste"]
_PARTS = [*(("waste", waste) for waste in WASTES), *(("pricing_status", guess) for guess in GUESSES)]
_SUMS = [
    *(f"COALESCE(sum({name}), 0)" for name in _ADDED),
    *(
        f"COALESCE(sum(CASE WHEN {column} = '{value}' THEN {name} END), 0)"
        for column, value in _PARTS
        for name in ("calls", "cost_micro_usd")
    ),
]


@dataclass(frozen=True)
class Wanted:
    """Which charges: of these tenants (row ids, None for all), of days from and to, and of one agent, run, skill or model."""

    tenants: Sequence[int] | None = None
    since: date | None = None
    until: date | None = None
    only: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sums:
    """What some charges add up to, and parts of it: by `waste` and by where the cost comes from, as (calls, micro-USD)."""

    calls: int
    cost_micro_usd: int
    tokens: dict[str, int]
    parts: dict[str, tuple[int, int]]


Groups = list[tuple[tuple[Any, ...], Sums]]


def read_usage(wanted: Wanted, by: Sequence[str] = (), limit: int | None = None) -> tuple[Groups, int]:
    """Return the groups that cost most, at most `limit`, each by what it is called and its sums; and how many there are in all.

    Grouped by day they come in the order of days. Without groups there is one, of everything.
    """
    source, values = _source(wanted, by_run="run" in by or "run" in wanted.only)
    keys = [COLUMNS[name] for name in by]
    said = [*keys, "count(*) OVER ()", *_SUMS]
    order = [*(["day"] if "day" in by else []), f"{_SUMS[1]} DESC", f"{_SUMS[0]} DESC", *keys]
    grouped = f"GROUP BY {', '.join(keys)} ORDER BY {', '.join(order)}" if keys else ""
    most = "" if limit is None else f"LIMIT {int(limit)}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(said)} FROM ({source}) charged {grouped} {most}", values)
        rows = cursor.fetchall()
    groups = [(_key(by, row[: len(keys)]), _sums(row[len(keys) + 1 :])) for row in rows]
    return groups, int(rows[0][len(keys)]) if rows else 0


def first_days(tenants: Sequence[int] | None = None) -> dict[tuple[int, str], date]:
    """Return the first day each agent (tenant row id, public id) was charged for anything."""
    source, values = _source(Wanted(tenants), by_run=False)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT tenant_id, agent_public_id, min(day) FROM ({source}) charged GROUP BY tenant_id, agent_public_id", values)
        return {(tenant, agent): _date(day) for tenant, agent, day in cursor.fetchall()}


Spent = tuple[int, tuple[int, ...]]
"""Micro-USD, and tokens in the order of `TOKENS`."""

_MARK = "COALESCE((SELECT up_to FROM runs_tallymark WHERE name = '{name}'), 0)"
_SPENT = ", ".join(f"sum({name})" for name in ["cost_micro_usd", *_TOKEN_COLUMNS])


def read_mark() -> int:
    """Return up to which charge the sums go."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_MARK.format(name='charges')}")
        return int(cursor.fetchone()[0])


def read_spent_before() -> tuple[int, dict[tuple[str, str], Spent]]:
    """Return the mark, and what was spent up to it by skill and model, of all tenants and days."""
    mark = _MARK.format(name="charges")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {mark}, skill, model, {_SPENT} FROM runs_chargesum GROUP BY skill, model")
        rows = cursor.fetchall()
    return (int(rows[0][0]), _spent(row[1:] for row in rows)) if rows else (0, {})


def read_spent_after(mark: int) -> dict[tuple[str, str], Spent]:
    """Return what was spent since a mark by skill and model."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT skill, model, {_SPENT} FROM runs_charge WHERE id > %s GROUP BY skill, model", [mark])
        return _spent(cursor.fetchall())


def _spent(rows: Iterable[Sequence[Any]]) -> dict[tuple[str, str], Spent]:
    return {(skill, model): (int(cost), tuple(map(int, tokens))) for skill, model, cost, *tokens in rows}


def read_alerts() -> dict[str, int]:
    """Return how many alerts there were by kind of scope, of all tenants."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT scope_kind, sum(alerts) FROM (SELECT scope_kind, alerts FROM runs_alertsum"
            f" UNION ALL SELECT scope_kind, 1 FROM runs_budgetalert WHERE id > {_MARK.format(name='alerts')}) told GROUP BY scope_kind"
        )
        return {kind: int(alerts) for kind, alerts in cursor.fetchall()}


def _source(wanted: Wanted, *, by_run: bool) -> tuple[str, list[Any]]:
    """Return the charges that are wanted as a table of calls, costs and tokens of a kind; and the values it takes."""
    kind = [*_KIND, "run_public_id"] if by_run else _KIND
    charges = f"SELECT {', '.join(kind)}, 1 AS calls, cost_micro_usd, {', '.join(_TOKEN_COLUMNS)} FROM runs_charge WHERE"
    if by_run:
        condition, values = _condition(wanted, by_other_means="run" in wanted.only)
        return f"{charges} {condition}", values
    condition, values = _condition(wanted)
    recent, same_values = _condition(wanted, by_other_means=True)
    sums = f"SELECT {', '.join(_KIND)}, {', '.join(_ADDED)} FROM runs_chargesum WHERE {condition}"
    return f"{sums} UNION ALL {charges} {recent} AND id > {_MARK.format(name='charges')}", [*values, *same_values]


def _condition(wanted: Wanted, *, by_other_means: bool = False) -> tuple[str, list[Any]]:
    """Return which rows are wanted. `by_other_means`: they are few, found by their number or their run."""
    # SQLite would rather go by tenant and day, and read the more of them; a plus keeps it from that.
    plus = "+" if by_other_means and connection.vendor == "sqlite" else ""
    conditions, values = [f"{COLUMNS[name]} = %s" for name in wanted.only], list[Any](wanted.only.values())
    for sign, day in ((">=", wanted.since), ("<=", wanted.until)):
        if day is not None:
            conditions.append(f"{plus}day {sign} %s")
            values.append(connection.ops.adapt_datefield_value(day))
    if wanted.tenants is not None:
        conditions.append(f"{plus}tenant_id IN ({', '.join(['%s'] * len(wanted.tenants)) or 'NULL'})")
        values += wanted.tenants
    return " AND ".join(conditions) or "1 = 1", values


def _key(by: Sequence[str], found: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(_date(value) if name == "day" else value for name, value in zip(by, found, strict=True))


def _date(day: Any) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


def _sums(row: Sequence[Any]) -> Sums:
    calls, cost, *rest = (int(each) for each in row)
    tokens, parts = rest[: len(TOKENS)], rest[len(TOKENS) :]
    told = {value: (parts[2 * place], parts[2 * place + 1]) for place, (_, value) in enumerate(_PARTS)}
    return Sums(calls, cost, dict(zip(TOKENS, tokens, strict=True)), told)
