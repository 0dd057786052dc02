"""Who gets which run: claiming queued runs for a session, giving them back, waking what is due. All functions are sync.

A tenant that is alone with its queued runs, and has no limit, is claimed from in the plain order; `runs.shell.turns`
says whose turn it is among several, and what limits leave room for. On PostgreSQL either is one statement in
autocommit; on SQLite, which lets one write at a time, one short transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection, transaction

from runs.shell import news, quarantine, turns
from runs.shell.clock import as_datetime, database_now_ms, now_ms
from runs.shell.sessions import Fenced
from runs.shell.statements import execute, fetch, is_postgresql
from runs.shell.store import store

LOOKS = 8
"""How often a claim looks at most: again where others claimed the same, or the tenants in the window had too little."""

EventRow = tuple[int, str, str, int, int, str]
"""An event as its row has it: (seq, kind, step, attempt, at_ms, data)."""


class Claimed(NamedTuple):
    """A run a session holds, with what driving it needs beside the journal.

    `first_event` is the whole journal of a run that was never claimed before; None for one that was. `woken`: it was
    parked until an instant, and the database's clock says that it has come.
    """

    id: int
    public_id: str
    tenant_id: int
    tenant_slug: str
    agent_id: int
    agent_status: str
    last_seq: int
    crash_count: int
    trace_id: str
    spent_micro_usd: int
    woken: bool
    first_event: EventRow | None


@dataclass(frozen=True)
class Look:
    """What one look at the queue brought.

    `verdict`: "taken" (as much as there was and may be), "fenced", "shared" (nothing yet, because there is somebody to be
    fair to or a limit to keep), "again" (there may be more), "unopened" (there is more, of a tenant new to the round).
    """

    verdict: str
    place: Place
    runs: list[Claimed]


@dataclass(frozen=True)
class Place:
    """Where this process stands in the round of tenants: a hint that saves a look, and no more."""

    is_shared: bool = False
    next_after: int = 0


_place = Place()


def claim(session_id: int, limit: int) -> list[Claimed]:
    """Take up to `limit` queued runs: fair between tenants, then urgent and old ones first, and within all limits.

    Raises Fenced where a run waits but the session is not live.
    """
    global _place
    take = _take_by_statement if is_postgresql() else _take_in_transaction
    runs: list[Claimed] = []
    for _ in range(LOOKS):
        look = take(_place.is_shared, {"session": session_id, "limit": limit - len(runs), "after": _place.next_after, "now": _now()})
        _place = look.place
        runs += look.runs
        if look.verdict == "fenced":
            raise Fenced(f"session {session_id} is not live")
        if look.verdict == "unopened":
            _open_tenant_queues()
        if look.verdict == "taken" or len(runs) >= limit:
            break
    return runs


def _now() -> Any:
    return connection.ops.adapt_datetimefield_value(as_datetime(now_ms()))


def _open_tenant_queues() -> None:
    """Give every tenant its place in the round, which must be there before it can be locked."""
    execute(
        "INSERT INTO runs_tenantqueue (tenant_id, stride_pass, after_agent_id) SELECT id, 0, 0 FROM agents_tenant"
        " WHERE true ON CONFLICT DO NOTHING"  # SQLite would read ON as part of a join
    )


_TAKE = "status = 'running', waiting_for = '', session_id = %(session)s, started_at = COALESCE(started_at, %(now)s)"
_CLAIMED = """
    r.id, r.public_id, r.tenant_id, t.slug, r.agent_id, a.status, r.last_seq, r.crash_count, r.trace_id, r.spent_micro_usd,
    r.wake_at_ms IS NOT NULL,
    e.seq, e.kind, e.step, e.attempt, e.at_ms, e.data"""
_BESIDE = """
    LEFT JOIN agents_tenant t ON t.id = r.tenant_id
    LEFT JOIN agents_agent a ON a.id = r.agent_id
    LEFT JOIN runs_runevent e ON e.run_id = r.id AND e.seq = 1 AND c.started_at IS NULL"""


# On PostgreSQL

_TAKEN = f"taken AS (UPDATE runs_run SET {_TAKE} WHERE id = ANY (ARRAY (SELECT id FROM chosen)) RETURNING *)"
_MOVED = """moved AS (
    UPDATE runs_tenantqueue q SET stride_pass = next.stride_pass, after_agent_id = next.next_agent_id
    FROM next WHERE q.tenant_id = next.tenant_id
)"""
_FOUND = f"""
SELECT verdict, is_shared, next_after, {_CLAIMED} FROM verdict LEFT JOIN taken r ON true LEFT JOIN chosen c ON c.id = r.id {_BESIDE}
ORDER BY r.rank_ms, r.id"""
_PLAIN = f"{turns.plain(turns.POSTGRESQL)}, {_TAKEN} {_FOUND}"
_SHARED = f"{turns.shared(turns.POSTGRESQL)}, {_TAKEN}, {_MOVED} {_FOUND}"


def _take_by_statement(is_shared: bool, params: dict[str, Any]) -> Look:
    rows = fetch(_SHARED if is_shared else _PLAIN, params)
    verdict, shared, next_after, *_ = rows[0]
    return Look(verdict, Place(shared, next_after), [_claimed(run) for _, _, _, *run in rows if run[0] is not None])


# On SQLite: choose, take, tell, in one transaction; from statement to statement what was chosen travels as JSON

_CHOSEN = "(SELECT json_group_array(json_array(id, started_at)) FROM chosen)"
_NEXT = "(SELECT json_group_array(json_array(tenant_id, stride_pass, next_agent_id)) FROM next)"
_PLAIN_CHOICE = f"{turns.plain(turns.SQLITE)} SELECT verdict, is_shared, next_after, {_CHOSEN}, '[]' FROM verdict"
_SHARED_CHOICE = f"{turns.shared(turns.SQLITE)} SELECT verdict, is_shared, next_after, {_CHOSEN}, {_NEXT} FROM verdict"
_MOVE = """
INSERT INTO runs_tenantqueue (tenant_id, stride_pass, after_agent_id)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(%s) WHERE true
ON CONFLICT (tenant_id) DO UPDATE SET stride_pass = excluded.stride_pass, after_agent_id = excluded.after_agent_id"""
_FOUND_BY_ID = f"""
WITH chosen (id, started_at) AS (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(%s))
SELECT {_CLAIMED} FROM chosen c CROSS JOIN runs_run r ON r.id = c.id {_BESIDE}
ORDER BY r.rank_ms, r.id"""


def _take_in_transaction(is_shared: bool, params: dict[str, Any]) -> Look:
    if not has_queued():
        return Look("taken", Place(), [])  # an idle worker must not take the only write lock there is
    with transaction.atomic():
        [(verdict, shared, next_after, chosen, moved)] = fetch(_SHARED_CHOICE if is_shared else _PLAIN_CHOICE, params)
        execute(_MOVE, (moved,))
        execute(
            f"UPDATE runs_run SET {_TAKE} WHERE id IN (SELECT json_extract(value, '$[0]') FROM json_each(%(chosen)s))",
            params | {"chosen": chosen},
        )
        runs = [_claimed(row) for row in fetch(_FOUND_BY_ID, (chosen,))]
    return Look(verdict, Place(bool(shared), next_after), runs)


def _claimed(row: Sequence[Any]) -> Claimed:
    *run, woken, seq, kind, step, attempt, at_ms, data = row
    first_event = None if seq is None else (seq, kind, step, attempt, at_ms, data)
    return Claimed._make((*run, bool(woken), first_event))


def has_queued() -> bool:
    """Tell whether any run waits to be claimed."""
    # Ordered like the index of queued runs, so that it is asked and not a longer one.
    return bool(fetch("SELECT 1 FROM runs_run WHERE status = 'queued' ORDER BY tenant_id, rank_ms, id LIMIT 1"))


def has_work() -> bool:
    """Tell whether anything asks for a drain: a queued run, a due one, or a session past its lease."""
    now = database_now_ms(connection.vendor)
    return has_queued() or bool(
        fetch(
            f"SELECT 1 WHERE EXISTS (SELECT 1 FROM runs_run WHERE status = 'waiting' AND wake_at_ms <= {now})"
            f" OR EXISTS (SELECT 1 FROM runs_session WHERE state = 'live' AND lease_until_ms < {now})"
        )
    )


def wake_due() -> int:
    """Queue parked runs whose instant has come, suspects a few at a time; return how many."""
    due = f"status = 'waiting' AND wake_at_ms <= {database_now_ms(connection.vendor)}"
    # Looked at first: an UPDATE takes SQLite's only write lock even where it changes nothing.
    if not fetch(f"SELECT 1 FROM runs_run WHERE {due} LIMIT 1"):
        return 0
    # The instant stays in the row of a run that is woken by nothing else; after a crash nobody knows what it was for.
    kept = "CASE WHEN crash_count = 0 THEN wake_at_ms END"
    free = f"{due} AND NOT {quarantine.is_suspect('crash_count')}"
    woken = execute(f"UPDATE runs_run SET status = 'queued', wake_at_ms = {kept} WHERE {free}")
    return woken + quarantine.let_back()


def release_crashed(session_id: int, run_id: int, pause_ms: int) -> None:
    """Give back a run that broke its driver, counted as a crash, to be queued after a pause: at once it would break the next."""
    execute(
        "UPDATE runs_run SET status = 'waiting', waiting_for = 'timer', session_id = NULL, crash_count = crash_count + 1,"
        f" wake_at_ms = {database_now_ms(connection.vendor)} + %s WHERE id = %s AND session_id = %s AND status = 'running'",
        (pause_ms, run_id, session_id),
    )


def dead_letter(session_id: int, run_id: int, code: str, why: str) -> bool:
    """End a run that cannot be driven at all; False where the session does not hold it any more."""
    with transaction.atomic():
        ended = execute(
            "UPDATE runs_run SET status = 'dead_lettered', session_id = NULL, waiting_for = '', failure_code = %s, summary = %s,"
            " finished_at = %s WHERE id = %s AND session_id = %s AND status = 'running'",
            (code, why[:500], _now(), run_id, session_id),
        )
        if ended:
            ((tenant_id, public_id),) = fetch("SELECT tenant_id, public_id FROM runs_run WHERE id = %s", (run_id,))
            store().write_news([news.end_of(tenant_id, run_id, public_id, "dead_lettered")])
    return ended == 1
