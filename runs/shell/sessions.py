"""Leases: one session row per drain holds all its runs; its id is the fencing token. All functions are plain SQL, sync.

    begin → (renew …) → claim / release → end
                 └ not renewed in time: reap marks it dead and puts its runs back, with one more crash counted

Time is the database's. A session that is not live commits nothing: every writing transaction locks its row
(`fence`) against the reaper.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from runs.shell.clock import as_datetime, database_now_ms, now_ms


class Fenced(RuntimeError):
    """The session is no longer live: somebody else may hold its runs, so nothing more may be written or done."""


@dataclass(frozen=True)
class Claimed:
    """A run a session holds, with what driving it needs beside the journal."""

    id: int
    public_id: str
    tenant_id: int
    tenant_slug: str
    agent_id: int
    last_seq: int
    crash_count: int
    trace_id: str
    spent_micro_usd: int


def _now() -> str:
    return database_now_ms(connection.vendor)


def _fetch(sql: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def _execute(sql: str, params: tuple[Any, ...] = ()) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def begin(lease_ms: int) -> int:
    """Open a session for this process; return its fencing token."""
    rows = _fetch(
        f"INSERT INTO runs_session (host, pid, state, started_at_ms, lease_until_ms, in_flight)"
        f" VALUES (%s, %s, 'live', {_now()}, {_now()} + %s, 0) RETURNING id",
        (socket.gethostname(), os.getpid(), lease_ms),
    )
    return int(rows[0][0])


def renew(session_id: int, lease_ms: int, in_flight: int) -> bool:
    """Move the lease's end; False where the session is not live any more."""
    return (
        _execute(
            f"UPDATE runs_session SET lease_until_ms = {_now()} + %s, in_flight = %s WHERE id = %s AND state = 'live'",
            (lease_ms, in_flight, session_id),
        )
        == 1
    )


def fence(session_id: int) -> None:
    """Hold the session live until the transaction ends. Raises Fenced.

    FOR SHARE, not KEY SHARE: the reaper's UPDATE must wait for us, or a zombie could commit after it was reaped.
    """
    lock = " FOR SHARE" if connection.vendor == "postgresql" else ""
    if not _fetch(f"SELECT 1 FROM runs_session WHERE id = %s AND state = 'live'{lock}", (session_id,)):
        raise Fenced(f"session {session_id} is not live")


def end(session_id: int) -> None:
    """Close a session that holds no run any more; a run it still holds goes back to the queue uncounted."""
    with transaction.atomic():
        if _execute("UPDATE runs_session SET state = 'ended' WHERE id = %s AND state = 'live'", (session_id,)):
            _execute("UPDATE runs_run SET status = 'queued', session_id = NULL WHERE session_id = %s AND status = 'running'", (session_id,))


def claim(session_id: int, limit: int) -> list[Claimed]:
    """Take up to `limit` queued runs, higher priority first, then older."""
    if not has_queued():
        return []
    skip = " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    with transaction.atomic():
        fence(session_id)
        ids = [
            row[0] for row in _fetch(f"SELECT id FROM runs_run WHERE status = 'queued' ORDER BY priority DESC, id LIMIT %s{skip}", (limit,))
        ]
        if not ids:
            return []
        marks = ", ".join(["%s"] * len(ids))
        _execute(
            "UPDATE runs_run SET status = 'running', waiting_for = '', wake_at_ms = NULL, session_id = %s,"
            f" started_at = COALESCE(started_at, %s) WHERE id IN ({marks})",
            (session_id, connection.ops.adapt_datetimefield_value(as_datetime(now_ms())), *ids),
        )
        return _claimed(ids, marks)


def _claimed(ids: list[int], marks: str) -> list[Claimed]:
    rows = _fetch(
        "SELECT r.id, r.public_id, r.tenant_id, t.slug, r.agent_id, r.last_seq, r.crash_count, r.trace_id, r.spent_micro_usd"
        " FROM runs_run r JOIN agents_tenant t ON t.id = r.tenant_id"
        f" WHERE r.id IN ({marks}) ORDER BY r.priority DESC, r.id",
        tuple(ids),
    )
    return [Claimed(*row) for row in rows]


def has_queued() -> bool:
    # Ordered like the claim, so that both databases ask the partial index of queued runs and not the one of all runs.
    return bool(_fetch("SELECT 1 FROM runs_run WHERE status = 'queued' ORDER BY priority DESC, id LIMIT 1"))


def release(session_id: int, run_id: int) -> None:
    """Give one run back to the queue."""
    _execute(
        "UPDATE runs_run SET status = 'queued', session_id = NULL WHERE id = %s AND session_id = %s AND status = 'running'",
        (run_id, session_id),
    )


def release_crashed(session_id: int, run_id: int, pause_ms: int) -> None:
    """Give back a run that broke its driver, counted as a crash, to be queued after a pause: at once it would break the next."""
    _execute(
        "UPDATE runs_run SET status = 'waiting', waiting_for = 'timer', session_id = NULL, crash_count = crash_count + 1,"
        f" wake_at_ms = {_now()} + %s WHERE id = %s AND session_id = %s AND status = 'running'",
        (pause_ms, run_id, session_id),
    )


def dead_letter(session_id: int, run_id: int, code: str, why: str) -> bool:
    """End a run that cannot be driven at all; False where the session does not hold it any more."""
    finished_at = connection.ops.adapt_datetimefield_value(as_datetime(now_ms()))
    return (
        _execute(
            "UPDATE runs_run SET status = 'dead_lettered', session_id = NULL, waiting_for = '', failure_code = %s, summary = %s,"
            " finished_at = %s WHERE id = %s AND session_id = %s AND status = 'running'",
            (code, why[:500], finished_at, run_id, session_id),
        )
        == 1
    )


def wake_due() -> int:
    """Queue parked runs whose instant has come; return how many."""
    if not _fetch(f"SELECT 1 FROM runs_run WHERE status = 'waiting' AND wake_at_ms <= {_now()} LIMIT 1"):
        return 0
    return _execute(f"UPDATE runs_run SET status = 'queued', wake_at_ms = NULL WHERE status = 'waiting' AND wake_at_ms <= {_now()}")


def reap() -> int:
    """Declare sessions past their lease dead and put their runs back; return how many runs."""
    expired = [row[0] for row in _fetch(f"SELECT id FROM runs_session WHERE state = 'live' AND lease_until_ms < {_now()}")]
    return sum(_bury(session_id, f" AND lease_until_ms < {_now()}") for session_id in expired)


def release_dead_processes() -> int:
    """Put back the runs of this host's sessions whose process is gone; return how many. Needs no lease to run out."""
    mine = _fetch("SELECT id, pid FROM runs_session WHERE state = 'live' AND host = %s", (socket.gethostname(),))
    return sum(_bury(session_id, "") for session_id, pid in mine if not _is_alive(pid))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Tell whether a process has ended and only its parent has not noticed, as in a container whose first process reaps nobody."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "Z"


def _bury(session_id: int, still: str) -> int:
    with transaction.atomic():
        if not _execute(f"UPDATE runs_session SET state = 'dead' WHERE id = %s AND state = 'live'{still}", (session_id,)):
            return 0  # it renewed, ended or was buried by another reaper in between
        return _execute(
            "UPDATE runs_run SET status = 'queued', session_id = NULL, crash_count = crash_count + 1"
            " WHERE session_id = %s AND status = 'running'",
            (session_id,),
        )


def live_sessions() -> int:
    """Return how many sessions are live on this host."""
    (row,) = _fetch(
        f"SELECT count(*) FROM runs_session WHERE state = 'live' AND host = %s AND lease_until_ms >= {_now()}", (socket.gethostname(),)
    )
    return int(row[0])


def has_work() -> bool:
    """Tell whether anything asks for a drain: a queued run, a due one, or a session past its lease."""
    return bool(
        _fetch(
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM runs_run WHERE status = 'queued' ORDER BY priority DESC, id)"
            f" OR EXISTS (SELECT 1 FROM runs_run WHERE status = 'waiting' AND wake_at_ms <= {_now()})"
            f" OR EXISTS (SELECT 1 FROM runs_session WHERE state = 'live' AND lease_until_ms < {_now()})"
        )
    )
