"""Single statements on this thread's connection: raw, and on PostgreSQL prepared by the server, so that it plans them once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakSet

import psycopg
from django.conf import settings
from django.db import connection
from psycopg.types.numeric import Int8

Params = Sequence[Any] | Mapping[str, Any]

# A plan is made once and kept, so it must not rest on how small a table was just then, nor be compiled for every use.
_PLANNING = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off"
_prepared: WeakSet[psycopg.Connection[Any]] = WeakSet()


def fetch(sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
    """Run a statement; return its rows, none for one that has no result."""
    with _run(sql, params) as cursor:
        return cursor.fetchall() if cursor.description else []


def execute(sql: str, params: Params = ()) -> int:
    """Run a statement; return how many rows it changed."""
    with _run(sql, params) as cursor:
        return int(cursor.rowcount)


def is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _run(sql: str, params: Params) -> Any:
    if not is_postgresql():
        cursor = connection.cursor()
        cursor.execute(sql, params)
        return cursor
    connection.ensure_connection()
    with connection.wrap_database_errors:
        # Django's own cursor puts the values into the text, so that the server would parse and plan each statement anew.
        raw = psycopg.Cursor(_ready(connection.connection))
        return raw.execute(sql, _as_bigints(params), prepare=True)


def _ready(raw: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    if raw not in _prepared:
        raw.execute(_PLANNING)
        # Who is frozen inside a transaction holds its rows, and with them whoever would take its runs over.
        raw.execute(f"SET idle_in_transaction_session_timeout = {settings.LEASE_MS // 2}")
        # Within a transaction that fails it would be taken back.
        if not connection.in_atomic_block:
            _prepared.add(raw)
    return raw


def _as_bigints(params: Params) -> Params:
    """Return the values with one type for all integers: by default it goes by their size, and each mix would be another statement."""
    if isinstance(params, Mapping):
        return {name: _as_bigint(value) for name, value in params.items()}
    return [_as_bigint(value) for value in params]


def _as_bigint(value: Any) -> Any:
    return Int8(value) if type(value) is int else value
