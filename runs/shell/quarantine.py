"""Lets runs back to work whose workers died again and again: a few at a time, and at its last chance each alone.

When a worker dies nobody knows which of its runs was to blame, so it counts against all of them. The first time that is
most likely chance, and all go on at once. Those that meet a second death are suspects: they are parked, and the next
group is let back when the one before it has come through or died. So a poison comes to stand alone and is given up, and
those that merely stood beside it are not.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import connection

from runs.shell.clock import database_now_ms
from runs.shell.statements import execute, fetch

SUSPECTED_FROM = 2
GROUP = 8

Suspect = tuple[int, int]
"""A run and how often its worker died."""


def is_suspect(crashes: str) -> str:
    """Return the SQL that tells whether so many crashes make a suspect. One too many makes none: that run is given up, not tried."""
    return f"({crashes}) BETWEEN {SUSPECTED_FROM} AND {int(settings.MAX_CRASHES)}"


def next_group(parked: Sequence[Suspect], max_crashes: int) -> list[int]:
    """Return who goes next, of those who wait in this order: one at its last chance alone, others together."""
    if parked and parked[0][1] >= max_crashes:
        return [parked[0][0]]
    return [run for run, crashes in parked if crashes < max_crashes][:GROUP]


def let_back() -> int:
    """Queue the next group of suspects, if none is at large; return how many."""
    now, suspect = database_now_ms(connection.vendor), is_suspect("crash_count")
    parked = fetch(
        f"SELECT id, crash_count FROM runs_run WHERE status = 'waiting' AND wake_at_ms <= {now} AND {suspect}"
        f" ORDER BY wake_at_ms, id LIMIT {GROUP}"
    )
    if not parked or _is_one_at_large(suspect):
        return 0
    group = next_group([(run, crashes) for run, crashes in parked], settings.MAX_CRASHES)
    # Whoever looks at the same time sees the same group, and finds it queued.
    return execute(
        f"UPDATE runs_run SET status = 'queued', wake_at_ms = NULL WHERE status = 'waiting' AND id IN ({', '.join(['%s'] * len(group))})",
        group,
    )


def _is_one_at_large(suspect: str) -> bool:
    return bool(
        fetch(
            f"SELECT 1 WHERE EXISTS (SELECT 1 FROM runs_run WHERE status = 'queued' AND {suspect})"
            f" OR EXISTS (SELECT 1 FROM runs_run WHERE status = 'running' AND {suspect})"
        )
    )
