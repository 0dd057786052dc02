"""The statements of every movement of money, for both databases: the ORM would take longer to write them than they take.

Many rows travel as one value: columns as arrays on PostgreSQL, rows as JSON on SQLite. Inside one statement the rows keep
their order, which is that in which triggers move the sums. Scopes are looked up one by one in their unique index, so that
years of days cost nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from agents.ledger.lots import Lot


class Name(NamedTuple):
    """What a scope is called; its label is `kind:key`, and of a day `kind:key@2026-11-28`."""

    kind: str
    key: str
    day: date | None = None

    @property
    def label(self) -> str:
        return f"{self.kind}:{self.key}" + (f"@{self.day}" if self.day else "")


@dataclass(slots=True)
class Row:
    """The row of a scope."""

    pk: int
    name: Name
    parent: int | None
    limit: int | None
    reserved: int
    spent: int
    alerted_limit: int | None
    is_closed: bool


class Entry(NamedTuple):
    """A movement in one scope. `limit` is what an `adjust` sets, and what a `reserve` was held to."""

    scope: int
    kind: str
    amount: int
    limit: int | None
    reference: str


_ROW = "id, parent_id, kind, key, day, limit_micro_usd, reserved_micro_usd, spent_micro_usd, alerted_limit_micro_usd, is_closed"
_OF_S = ", ".join(f"s.{column}" for column in _ROW.split(", "))
_DAY = "COALESCE(s.day, '0001-01-01')"  # as the index has it
_ORDER = f"CASE s.kind WHEN 'tenant' THEN 0 WHEN 'agent' THEN 1 WHEN 'model' THEN 2 ELSE 3 END, s.key, {_DAY}"
_NAMED = f"s.tenant_id = %s AND s.kind = n.kind AND s.key = n.key AND {_DAY} = n.day"

_OWNER = """
    SELECT t.public_id, t.time_zone, a.public_id FROM agents_tenant t LEFT JOIN agents_agent a ON a.tenant_id = t.id AND a.id = %s
    WHERE t.id = %s
"""
_LOTS = """
    SELECT id, reference, model, day, amount_micro_usd, open_micro_usd, spent_micro_usd FROM agents_ledgerlot
    WHERE scope_id = %s ORDER BY id
"""
_LOTS_OF_RUN = """
    SELECT l.id, l.reference, l.model, l.day, l.amount_micro_usd, l.open_micro_usd, l.spent_micro_usd
    FROM agents_ledgerscope s JOIN agents_ledgerlot l ON l.scope_id = s.id
    WHERE s.tenant_id = %s AND s.kind = 'run' AND s.key = %s ORDER BY l.id
"""

_CALLERS = """
    WITH RECURSIVE caller (id, parent_id, key, height) AS (
        SELECT id, parent_id, key, 0 FROM agents_ledgerscope WHERE id = %s
        UNION ALL SELECT s.id, s.parent_id, s.key, c.height + 1 FROM caller c JOIN agents_ledgerscope s ON s.id = c.parent_id
        WHERE c.height < 100 -- runs call runs less deep; rows that somebody made a ring of must not hold a worker for ever
    )
    SELECT key FROM caller ORDER BY height DESC
"""


@dataclass(frozen=True)
class _Sql:
    """The statements that differ; a list of rows is one parameter, or one for each column."""

    scopes: str
    insert_scopes: str
    insert_entries: str
    insert_lots: str
    update_lots: str


_POSTGRESQL = _Sql(
    scopes=f"""
        SELECT {_OF_S} FROM unnest(%s::text[], %s::text[], %s::date[]) n (kind, key, day) JOIN agents_ledgerscope s ON {_NAMED}
        ORDER BY {_ORDER}
    """,
    insert_scopes=f"""
        INSERT INTO agents_ledgerscope (tenant_id, kind, key, day, reserved_micro_usd, spent_micro_usd, is_closed)
        SELECT %s, r.*, 0, 0, false FROM unnest(%s::text[], %s::text[], %s::date[]) r ON CONFLICT DO NOTHING RETURNING {_ROW}
    """,
    insert_entries="""
        INSERT INTO agents_ledgerentry (created_at, scope_id, kind, amount_micro_usd, limit_micro_usd, reference)
        SELECT %s, r.* FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::text[]) r
    """,
    insert_lots="""
        INSERT INTO agents_ledgerlot (scope_id, reference, model, day, amount_micro_usd, open_micro_usd, spent_micro_usd)
        SELECT %s, r.* FROM unnest(%s::text[], %s::text[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[]) r
    """,
    update_lots="""
        UPDATE agents_ledgerlot l SET open_micro_usd = r.open, spent_micro_usd = r.spent
        FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) r (id, open, spent) WHERE l.id = r.id
    """,
)


def _columns(count: int) -> str:
    return ", ".join(f"json_extract(value, '$[{place}]')" for place in range(count))


_SQLITE = _Sql(
    scopes=f"""
        SELECT {_OF_S} FROM (
            SELECT json_extract(value, '$[0]') AS kind, json_extract(value, '$[1]') AS key, json_extract(value, '$[2]') AS day
            FROM json_each(%s)
        ) n CROSS JOIN agents_ledgerscope s ON {_NAMED} ORDER BY {_ORDER}
    """,
    insert_scopes=f"""
        INSERT INTO agents_ledgerscope (tenant_id, kind, key, day, reserved_micro_usd, spent_micro_usd, is_closed)
        SELECT %s, {_columns(3)}, 0, 0, 0 FROM json_each(%s) WHERE true ON CONFLICT DO NOTHING RETURNING {_ROW}
    """,
    insert_entries=f"""
        INSERT INTO agents_ledgerentry (created_at, scope_id, kind, amount_micro_usd, limit_micro_usd, reference)
        SELECT %s, {_columns(5)} FROM json_each(%s)
    """,
    insert_lots=f"""
        INSERT INTO agents_ledgerlot (scope_id, reference, model, day, amount_micro_usd, open_micro_usd, spent_micro_usd)
        SELECT %s, {_columns(6)} FROM json_each(%s)
    """,
    update_lots="""
        UPDATE agents_ledgerlot SET open_micro_usd = r.open, spent_micro_usd = r.spent
        FROM (
            SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS open, json_extract(value, '$[2]') AS spent
            FROM json_each(%s)
        ) r WHERE agents_ledgerlot.id = r.id
    """,
)


def read_owner(tenant_id: int, agent_id: int | None) -> tuple[str, str, str | None] | None:
    """Return public id and time zone of a tenant, and the public id of its agent."""
    found = _fetched(_OWNER, [agent_id, tenant_id])
    return found[0] if found else None


def read_scopes(tenant_id: int, names: Iterable[Name], *, lock: bool) -> list[Row]:
    """Return the rows of these scopes that are there, and lock them, in the one order there is."""
    wanted = [(name.kind, name.key, name.day or date.min) for name in set(names)]
    if not wanted:
        return []
    sql = _sql().scopes + (" FOR NO KEY UPDATE OF s" if lock and _is_postgresql() else "")
    return list(map(_row, _fetched(sql, [*_rows(wanted), tenant_id])))


def insert_scopes(tenant_id: int, names: Sequence[Name]) -> list[Row]:
    """Insert the rows of these scopes; return those that were not there."""
    return list(map(_row, _fetched(_sql().insert_scopes, [tenant_id, *_rows(names)])))


def insert_entries(entries: Sequence[Entry]) -> None:
    if entries:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        _execute(_sql().insert_entries, [now, *_rows(entries)])


def read_callers(scope: int) -> tuple[str, ...]:
    """Return the run of this scope and those it was called by, the outermost first."""
    return tuple(key for (key,) in _fetched(_CALLERS, [scope]))


def read_lots(scope: int) -> list[Lot]:
    """Return the lots of a run's scope, the oldest first."""
    return list(map(_lot, _fetched(_LOTS, [scope])))


def read_lots_of_run(tenant_id: int, run_id: str) -> list[Lot]:
    return list(map(_lot, _fetched(_LOTS_OF_RUN, [tenant_id, run_id])))


def insert_lots(scope: int, lots: Sequence[Lot]) -> None:
    if lots:
        rows = [(lot.reference, lot.model, lot.day, lot.amount, lot.open, lot.spent) for lot in lots]
        _execute(_sql().insert_lots, [scope, *_rows(rows)])


def update_lots(lots: Sequence[Lot]) -> None:
    if lots:
        _execute(_sql().update_lots, _rows([(lot.pk, lot.open, lot.spent) for lot in lots]))


def set_closed(scope: int) -> None:
    _execute("UPDATE agents_ledgerscope SET is_closed = %s WHERE id = %s", [True, scope])


def set_alerted(scope: int, limit: int) -> None:
    _execute("UPDATE agents_ledgerscope SET alerted_limit_micro_usd = %s WHERE id = %s", [limit, scope])


def set_parent(scope: int, parent: int) -> None:
    _execute("UPDATE agents_ledgerscope SET parent_id = %s WHERE id = %s", [parent, scope])


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _sql() -> _Sql:
    return _POSTGRESQL if _is_postgresql() else _SQLITE


def _rows(rows: Sequence[Sequence[Any]]) -> list[Any]:
    """Return rows as parameters."""
    return [list(column) for column in zip(*rows, strict=True)] if _is_postgresql() else [json.dumps(rows, default=str)]


def _execute(sql: str, params: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def _fetched(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _row(found: tuple[Any, ...]) -> Row:
    pk, parent, kind, key, day, limit, reserved, spent, alerted_limit, is_closed = found
    return Row(pk, Name(kind, key, _date(day)), parent, limit, reserved, spent, alerted_limit, bool(is_closed))


def _lot(found: tuple[Any, ...]) -> Lot:
    pk, reference, model, day, amount, still_open, spent = found
    return Lot(reference, model, _date(day) or date.min, amount, still_open, spent, pk)


def _date(day: Any) -> date | None:
    return date.fromisoformat(day) if isinstance(day, str) else day
