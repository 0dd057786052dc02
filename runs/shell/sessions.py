"""Leases: one session row per drain holds all its runs; its id is the fencing token. All functions are plain SQL, sync.

    begin → (renew …) → claim / release → end
                 └ not renewed in time: reap marks it dead and puts its runs back, with one more crash counted

Time is the database's. A session that is not live commits nothing: every writing transaction locks its row
(`fence`) against the reaper.
"""

from __future__ import annotations

import os

from django.conf import settings
from django.db import connection, transaction

from runs.shell.clock import database_now_ms
from runs.shell.crash_points import crash_point
from runs.shell.process import identity, is_gone
from runs.shell.quarantine import is_suspect
from runs.shell.statements import execute, fetch


class Fenced(RuntimeError):
    """The session is no longer live: somebody else may hold its runs, so nothing more may be written or done."""


def _now() -> str:
    return database_now_ms(connection.vendor)


def begin(lease_ms: int) -> int:
    """Open a session for this process; return its fencing token."""
    rows = fetch(
        f"INSERT INTO runs_session (host, pid, process, state, started_at_ms, lease_until_ms, in_flight)"
        f" VALUES (%s, %s, %s, 'live', {_now()}, {_now()} + %s, 0) RETURNING id",
        (settings.HOST_NAME, os.getpid(), identity(os.getpid()), lease_ms),
    )
    return int(rows[0][0])


def renew(session_id: int, lease_ms: int, in_flight: int) -> bool:
    """Move the lease's end; False where the session is not live any more."""
    return (
        execute(
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
    if not fetch(f"SELECT 1 FROM runs_session WHERE id = %s AND state = 'live'{lock}", (session_id,)):
        raise Fenced(f"session {session_id} is not live")


def end(session_id: int) -> None:
    """Close a session that holds no run any more; a run it still holds goes back to the queue uncounted."""
    with transaction.atomic():
        if execute("UPDATE runs_session SET state = 'ended' WHERE id = %s AND state = 'live'", (session_id,)):
            execute(
                "UPDATE runs_run SET status = 'queued', session_id = NULL, wake_at_ms = NULL WHERE session_id = %s AND status = 'running'",
                (session_id,),
            )


def reap() -> int:
    """Declare sessions past their lease dead and put their runs back; return how many runs."""
    expired = [row[0] for row in fetch(f"SELECT id FROM runs_session WHERE state = 'live' AND lease_until_ms < {_now()}")]
    return sum(_bury(session_id, f" AND lease_until_ms < {_now()}") for session_id in expired)


def release_dead_processes() -> int:
    """Put back the runs of this host's sessions whose process is gone; return how many. Needs no lease to run out."""
    mine = fetch("SELECT id, pid, process FROM runs_session WHERE state = 'live' AND host = %s", (settings.HOST_NAME,))
    return sum(_bury(session_id, "") for session_id, pid, process in mine if is_gone(pid, process))


def _bury(session_id: int, still: str) -> int:
    with transaction.atomic():
        if not execute(f"UPDATE runs_session SET state = 'dead' WHERE id = %s AND state = 'live'{still}", (session_id,)):
            return 0  # it renewed, ended or was buried by another reaper in between
        crash_point("session.buried")
        execute(
            "INSERT INTO runs_losthold (session_id, run_id, last_seq)"
            " SELECT r.session_id, r.id, COALESCE((SELECT max(e.seq) FROM runs_runevent e WHERE e.run_id = r.id), 0)"
            " FROM runs_run r WHERE r.session_id = %s AND r.status = 'running'",
            (session_id,),
        )
        suspect = is_suspect("crash_count + 1")
        return execute(
            "UPDATE runs_run SET session_id = NULL, crash_count = crash_count + 1,"
            f" status = CASE WHEN {suspect} THEN 'waiting' ELSE 'queued' END,"
            f" waiting_for = CASE WHEN {suspect} THEN 'timer' ELSE '' END,"
            f" wake_at_ms = CASE WHEN {suspect} THEN {_now()} END"
            " WHERE session_id = %s AND status = 'running'",
            (session_id,),
        )


def live_sessions() -> int:
    """Return how many sessions are live on this host."""
    (row,) = fetch(
        f"SELECT count(*) FROM runs_session WHERE state = 'live' AND host = %s AND lease_until_ms >= {_now()}", (settings.HOST_NAME,)
    )
    return int(row[0])


def live_sessions_anywhere() -> int:
    """Return how many sessions are live on all hosts: what a limit over all workers is divided by."""
    (row,) = fetch(f"SELECT count(*) FROM runs_session WHERE state = 'live' AND lease_until_ms >= {_now()}")
    return int(row[0])
