"""The SQL of the journal's writer, once for each database. Every function writes many rows at once, in the caller's transaction.

On PostgreSQL rows travel as one JSON text that the server unfolds: one round trip and one prepared statement whatever
their number, at a thirtieth of the CPU of binding arrays (docs/adr/0006). On SQLite executemany is the fastest there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
from django.db import connection

from runs.shell.clock import database_now_ms
from runs.shell.sessions import Fenced
from runs.shell.statements import execute

_encoder = msgspec.json.Encoder()


class EventRow(msgspec.Struct):
    """An event with the run it belongs to."""

    run_id: int
    seq: int
    kind: str
    step: str
    attempt: int
    at_ms: int
    data: str


class RunRow(msgspec.Struct):
    """What the row of a run says from now on. `held`: its session goes on driving it. `wake_in_ms`: when it is due, counted
    from now, because whoever wakes it goes by the clock of the database."""

    id: int
    held: bool
    last_seq: int
    status: str
    waiting_for: str
    wake_in_ms: int | None
    finished_at_ms: int | None
    summary: str
    failure_code: str
    planner: str
    plan_hash: str
    steps_total: int
    steps_done: int
    retries: int
    spent_micro_usd: int
    reserved_micro_usd: int
    limit_micro_usd: int | None
    worst_to_finish_micro_usd: int | None
    blocked_by: str
    needs_micro_usd: int
    behaviour_hash: str
    content_hash: str
    journal_head: str


class StepRow(msgspec.Struct):
    """A step as lists show it."""

    run_id: int
    key: str
    position: int
    skill: str
    skill_version: str
    status: str
    attempts: int
    failure_code: str
    cost_micro_usd: int
    started_at_ms: int | None
    finished_at_ms: int | None


class NewsRow(msgspec.Struct):
    """Something others must be told."""

    tenant_id: int
    run_id: int
    topic: str
    data: str


Rows = Sequence[msgspec.Struct]

_POSTGRESQL_TYPES = {"int": "bigint", "str": "text", "bool": "boolean"}


def _columns(row: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(row)]


def _recordset(row: type[msgspec.Struct]) -> str:
    """Return the unfolding of one JSON parameter into rows `u`, typed as the struct is."""
    typed = ", ".join(f"{name} {_POSTGRESQL_TYPES[str(kind).split(' ')[0]]}" for name, kind in row.__annotations__.items())
    return f"json_to_recordset(%s::json) AS u({typed})"


_MOVED = [name for name in _columns(RunRow) if name not in ("id", "held", "finished_at_ms", "wake_in_ms")]
_STEP_KEY = ("run_id", "key")
_EVENT = ", ".join(_columns(EventRow))
_STEP = ", ".join(_columns(StepRow))
_STEP_ANEW = ", ".join(f"{name} = excluded.{name}" for name in _columns(StepRow) if name not in _STEP_KEY)
_NEWS = ", ".join(_columns(NewsRow))

# FOR SHARE, not KEY SHARE: the reaper's UPDATE must wait for us, or a zombie could commit after it was reaped.
_POSTGRESQL_EVENTS = f"""
WITH live AS MATERIALIZED (SELECT 1 FROM runs_session WHERE id = %s AND state = 'live' FOR SHARE)
INSERT INTO runs_runevent (session_id, {_EVENT}) SELECT %s, u.* FROM {_recordset(EventRow)} WHERE EXISTS (SELECT 1 FROM live)"""
_POSTGRESQL_RUNS = f"""
UPDATE runs_run r SET {", ".join(f"{name} = u.{name}" for name in _MOVED)},
    session_id = CASE WHEN u.held THEN r.session_id END, wake_at_ms = {{now}} + u.wake_in_ms,
    finished_at = to_timestamp(u.finished_at_ms / 1000.0)
FROM {_recordset(RunRow)} WHERE r.id = u.id AND r.session_id = %s"""
_POSTGRESQL_STEPS = f"""
INSERT INTO runs_stepsummary ({_STEP}) SELECT u.* FROM {_recordset(StepRow)}
ON CONFLICT ({", ".join(_STEP_KEY)}) DO UPDATE SET {_STEP_ANEW}"""
_POSTGRESQL_NEWS = f"INSERT INTO runs_outbox ({_NEWS}, created_at) SELECT u.*, clock_timestamp() FROM {_recordset(NewsRow)}"

_SQLITE_INSTANT = "strftime('%%Y-%%m-%%d %%H:%%M:%%f', %s / 1000.0, 'unixepoch')"
_SQLITE_LIVE = "SELECT 1 FROM runs_session WHERE id = %s AND state = 'live'"
_SQLITE_EVENTS = f"INSERT INTO runs_runevent ({_EVENT}, session_id) VALUES ({', '.join(['%s'] * 8)})"
_SQLITE_RUNS = f"""
UPDATE runs_run SET {", ".join(f"{name} = %s" for name in _MOVED)},
    session_id = CASE WHEN %s THEN session_id END, wake_at_ms = {{now}} + %s,
    finished_at = {_SQLITE_INSTANT} WHERE id = %s AND session_id = %s"""
_SQLITE_STEPS = f"""
INSERT INTO runs_stepsummary ({_STEP}) VALUES ({", ".join(["%s"] * 11)})
ON CONFLICT ({", ".join(_STEP_KEY)}) DO UPDATE SET {_STEP_ANEW}"""
_SQLITE_NEWS = f"INSERT INTO runs_outbox ({_NEWS}, created_at) VALUES (%s, %s, %s, %s, strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now'))"


class Store(NamedTuple):
    """How one database takes rows. `atomic_events`: writing events alone needs no transaction around it."""

    atomic_events: bool
    insert_events: Callable[[int, Sequence[EventRow]], None]
    """Add events of a live session. Raises Fenced where it is not live."""
    move_runs: Callable[[int, Sequence[RunRow]], int]
    """Change the rows of runs a session holds; return how many it holds."""
    write_steps: Callable[[Sequence[StepRow]], None]
    """Write step summaries, in the place of earlier ones."""
    write_news: Callable[[Sequence[NewsRow]], None]


def store() -> Store:
    """Return how the connected database takes rows."""
    return _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE


def _as_json(rows: Rows) -> str:
    return _encoder.encode(rows).decode()


def _postgresql_events(session_id: int, rows: Sequence[EventRow]) -> None:
    if execute(_POSTGRESQL_EVENTS, (session_id, session_id, _as_json(rows))) != len(rows):
        raise Fenced(f"session {session_id} is not live")


def _postgresql_runs(session_id: int, rows: Sequence[RunRow]) -> int:
    return execute(_POSTGRESQL_RUNS.format(now=database_now_ms("postgresql")), (_as_json(rows), session_id))


def _postgresql_steps(rows: Sequence[StepRow]) -> None:
    execute(_POSTGRESQL_STEPS, (_as_json(rows),))


def _postgresql_news(rows: Sequence[NewsRow]) -> None:
    execute(_POSTGRESQL_NEWS, (_as_json(rows),))


def _sqlite_events(session_id: int, rows: Sequence[EventRow]) -> None:
    with connection.cursor() as cursor:
        if cursor.execute(_SQLITE_LIVE, (session_id,)).fetchone() is None:
            raise Fenced(f"session {session_id} is not live")
        cursor.executemany(_SQLITE_EVENTS, [(*msgspec.structs.astuple(row), session_id) for row in rows])


def _sqlite_runs(session_id: int, rows: Sequence[RunRow]) -> int:
    with connection.cursor() as cursor:
        changed = 0
        move = _SQLITE_RUNS.format(now=database_now_ms("sqlite"))
        for row in rows:
            values = [getattr(row, name) for name in _MOVED]
            cursor.execute(move, (*values, row.held, row.wake_in_ms, row.finished_at_ms, row.id, session_id))
            changed += cursor.rowcount
        return changed


def _sqlite_steps(rows: Sequence[StepRow]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_SQLITE_STEPS, [msgspec.structs.astuple(row) for row in rows])


def _sqlite_news(rows: Sequence[NewsRow]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_SQLITE_NEWS, [msgspec.structs.astuple(row) for row in rows])


_POSTGRESQL = Store(True, _postgresql_events, _postgresql_runs, _postgresql_steps, _postgresql_news)
_SQLITE = Store(False, _sqlite_events, _sqlite_runs, _sqlite_steps, _sqlite_news)
