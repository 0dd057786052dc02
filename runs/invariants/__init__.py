"""What must be true of all runs at any instant, each as one SQL query over rows and journals that finds what breaks it.

A query is written once for both databases, in words that `_words` puts into the SQL of the one in use:

    {event} {counted}   the journal's events, and those that changed something: the machine ignores late and double ones
    {decision[start]}   the decisions of one kind, one row each: run_id, seq, step, attempt, and what they carry
    {cost} {limit} …    what the fact of an event `e` says

All of them read from `checked`, the runs that are looked at. A query is one statement, so it sees rows and journals at
one instant, and nothing that workers do meanwhile makes it find what is not there.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection, transaction

from runs.invariants import money
from runs.invariants.invariant import Invariant
from runs.models import TERMINAL_STATUSES
from runs.shell.clock import database_now_ms
from runs.shell.reading import journal_sql

SWEEP_MS = 10_000
"""How long after its end a lease may stand: drains and the queue's broker look every second, and may be busy."""


@dataclass(frozen=True)
class Checked:
    """What a check found: a sample of what breaks the invariant, and how many more there are."""

    name: str
    says: str
    broken: tuple[str, ...] = ()
    more: int = 0

    @property
    def held(self) -> bool:
        return not self.broken


RUNS_GO_ON = Invariant(
    "runs_go_on",
    "Every accepted run is over, queued, held by a live worker, due at an instant, or waits for a person or for money.",
    """
    SELECT c.public_id || ' is ' || c.status || ' ' || c.waiting_for || ' and nothing will take it further'
    FROM checked c LEFT JOIN runs_session s ON s.id = c.session_id
    WHERE NOT (c.status IN ({over}) OR c.status = 'queued'
        OR (c.status = 'running' AND COALESCE(s.state, '') = 'live')
        OR (c.status = 'waiting' AND c.waiting_for IN ('in_doubt', 'budget', 'paused'))
        OR (c.status = 'waiting' AND c.waiting_for IN ('timer', 'approval', 'input') AND c.wake_at_ms IS NOT NULL))
    UNION ALL
    SELECT c.public_id || ' waits for ' || c.waiting_for || ' although its inbox holds a ' || i.kind
    FROM checked c JOIN runs_signal i ON i.run_id = c.id AND i.consumed_seq IS NULL
    WHERE c.status = 'waiting' AND c.waiting_for <> 'timer'
    """,
)

ENDS_ARE_FINAL = Invariant(
    "ends_are_final",
    "A run that is over ended once in its journal, as its row says, and nothing changed after; no other run has an end.",
    """
    WITH finish AS (SELECT * FROM {decision[finish]} d)
    SELECT c.public_id || ' is ' || c.status || ' and its journal has ' || COALESCE(f.ends, 0) || ' ends'
        || COALESCE(', the last as ' || f.status, '')
    FROM checked c LEFT JOIN (SELECT run_id, count(*) AS ends, max(status) AS status FROM finish GROUP BY run_id) f ON f.run_id = c.id
    WHERE (c.status IN ({over}) AND NOT {unreadable} AND (COALESCE(f.ends, 0) <> 1 OR f.status <> c.status))
        OR (c.status NOT IN ({over}) AND f.ends IS NOT NULL)
    UNION ALL
    SELECT c.public_id || ' is over and its row has no end, or a time to wake'
    FROM checked c WHERE c.status IN ({over}) AND (c.finished_at IS NULL OR c.wake_at_ms IS NOT NULL)
    UNION ALL
    SELECT c.public_id || ' ended at event ' || f.seq || ' and changed until event ' || e.seq
    FROM finish f JOIN (SELECT run_id, max(seq) AS seq FROM {counted} e GROUP BY run_id) e ON e.run_id = f.run_id
    JOIN checked c ON c.id = f.run_id WHERE e.seq > f.seq
    """,
)

JOURNALS_ARE_WHOLE = Invariant(
    "journals_are_whole",
    "A run's journal counts 1, 2, 3 … from its acceptance; its row is never ahead, and behind only while a worker has it.",
    """
    SELECT c.public_id || ' has ' || COALESCE(j.events, 0) || ' events from ' || COALESCE(j.kind, 'nothing') || ' to number '
        || COALESCE(j.last, 0) || '; its row says ' || c.last_seq
    FROM checked c LEFT JOIN (
        SELECT run_id, count(*) AS events, min(seq) AS first, max(seq) AS last, min(CASE WHEN seq = 1 THEN kind END) AS kind
        FROM {event} e GROUP BY run_id
    ) j ON j.run_id = c.id
    WHERE COALESCE(j.first, 0) <> 1 OR j.last <> j.events OR j.kind <> 'run_accepted' OR j.last < c.last_seq
        OR (j.last > c.last_seq AND c.status NOT IN ('queued', 'running') AND NOT {unreadable}
            AND NOT (c.status = 'waiting' AND c.waiting_for = 'timer' AND c.crash_count > 0))
    UNION ALL
    SELECT 'run number ' || e.run_id || ' has a journal and no row'
    FROM runs_runevent e LEFT JOIN runs_run r ON r.id = e.run_id WHERE {all_tenants} AND e.seq = 1 AND r.id IS NULL
        AND e.run_id > COALESCE((SELECT id FROM runs_run WHERE created_at < {since} ORDER BY id DESC LIMIT 1), 0)
    """,
)

STARTS_ARE_SINGLE = Invariant(
    "starts_are_single",
    "An attempt starts once and has one outcome; a step succeeds at most once and is never called again after.",
    """
    WITH start AS (SELECT run_id, seq, step, attempt FROM {decision[start]} d),
    success AS (
        SELECT run_id, seq, step FROM {counted} e WHERE kind = 'step_succeeded'
        UNION ALL SELECT run_id, seq, step FROM {decision[resolve]} d WHERE answer = 'happened'
    ),
    breach AS (
        SELECT run_id, step || ' started ' || count(*) || ' times as attempt ' || attempt AS what
        FROM start GROUP BY run_id, step, attempt HAVING count(*) > 1
        UNION ALL
        SELECT run_id, step || ' has ' || count(*) || ' outcomes of attempt ' || attempt
        FROM {counted} e WHERE kind IN ('step_succeeded', 'step_failed', 'step_interrupted')
        GROUP BY run_id, step, attempt HAVING count(*) > 1
        UNION ALL
        SELECT run_id, step || ' succeeded ' || count(*) || ' times' FROM success GROUP BY run_id, step HAVING count(*) > 1
        UNION ALL
        SELECT s.run_id, s.step || ' succeeded at event ' || w.seq || ' and was started again at event ' || s.seq
        FROM start s JOIN success w ON w.run_id = s.run_id AND w.step = s.step AND w.seq <= s.seq
        UNION ALL
        SELECT e.run_id, e.step || ' succeeded at event ' || e.seq || ' as attempt ' || e.attempt || ', which was never started'
        FROM {counted} e LEFT JOIN start s ON s.run_id = e.run_id AND s.step = e.step AND s.attempt = e.attempt AND s.seq < e.seq
        WHERE e.kind = 'step_succeeded' AND s.run_id IS NULL
    )
    SELECT c.public_id || ': ' || b.what FROM breach b JOIN checked c ON c.id = b.run_id
    """,
)

FENCES_HOLD = Invariant(
    "fences_hold",
    "A worker that was declared lost wrote nothing more about the runs it had held, and nobody without a session wrote at all.",
    """
    SELECT c.public_id || ': session ' || h.session_id || ' was lost at event ' || h.last_seq || ' and wrote event ' || e.seq
    FROM runs_losthold h JOIN checked c ON c.id = h.run_id
    JOIN runs_runevent e ON e.run_id = h.run_id AND e.session_id = h.session_id AND e.seq > h.last_seq
    UNION ALL
    SELECT c.public_id || ': from event ' || e.seq || ' on something was written by no session'
    FROM (SELECT run_id, min(seq) AS seq FROM {event} e WHERE seq > 1 AND session_id IS NULL GROUP BY run_id) e
    JOIN checked c ON c.id = e.run_id
    """,
)

KEYS_ARE_SINGLE = Invariant(
    "keys_are_single",
    "An idempotency key belongs to one run.",
    """
    SELECT min(c.public_id) || ' and ' || (count(*) - 1) || ' more have one idempotency key'
    FROM checked c WHERE c.idempotency_key IS NOT NULL GROUP BY c.tenant_id, c.idempotency_key HAVING count(*) > 1
    """,
)

GATES_ARE_KEPT = Invariant(
    "gates_are_kept",
    "An approval that was asked for is decided at most once, about exactly what was asked, and nothing starts behind it before.",
    """
    WITH asked AS (SELECT run_id, seq, step, action_hash FROM {decision[ask_approval]} d),
    gate AS (
        SELECT run_id, seq, step, 'asked' AS what, action_hash FROM asked
        UNION ALL SELECT run_id, seq, step, 'opened', '' FROM {decision[fallback]} d WHERE run_id IN (SELECT run_id FROM asked)
        UNION ALL SELECT run_id, seq, step, 'started', '' FROM {decision[start]} d WHERE run_id IN (SELECT run_id FROM asked)
        UNION ALL SELECT e.run_id, e.seq, e.step, CASE WHEN {approved} THEN 'approved' ELSE 'rejected' END,
            {action_hash} FROM {counted} e WHERE e.kind = 'approval_decided'
    ),
    standing AS (
        SELECT *, max(CASE WHEN what = 'asked' THEN seq END) OVER so_far AS asked_at,
            max(CASE WHEN what IN ('approved', 'opened') THEN seq END) OVER so_far AS opened_at
        FROM gate WINDOW so_far AS (PARTITION BY run_id, step ORDER BY seq)
    ),
    breach AS (
        SELECT run_id, step || ' started at event ' || seq || ' without the approval it asked for at event ' || asked_at AS what
        FROM standing WHERE what = 'started' AND asked_at IS NOT NULL AND COALESCE(opened_at, 0) <= asked_at
        UNION ALL
        SELECT run_id, step || ' was decided ' || count(*) || ' times, last at event ' || max(seq)
        FROM standing WHERE what IN ('approved', 'rejected') GROUP BY run_id, step, asked_at HAVING count(*) > 1
        UNION ALL
        SELECT p.run_id, p.step || ' was decided at event ' || p.seq || ' for an action it did not ask about'
        FROM standing p LEFT JOIN asked a ON a.run_id = p.run_id AND a.step = p.step AND a.seq = p.asked_at
        WHERE p.what IN ('approved', 'rejected') AND p.action_hash <> COALESCE(a.action_hash, '')
    )
    SELECT c.public_id || ': ' || b.what FROM breach b JOIN checked c ON c.id = b.run_id
    """,
)

FAILURES_ARE_MATCHED = Invariant(
    "failures_are_matched",
    "Every failure of a step, lost calls and doubts included, was looked up in the catalog and has its match, and no match is about less.",
    """
    WITH failure AS (
        SELECT run_id, seq, step FROM {counted} e WHERE e.kind = 'step_failed'
        UNION ALL SELECT run_id, seq, step FROM {decision[lost]} d
        UNION ALL SELECT run_id, seq, step FROM {decision[hold_doubt]} d
    ), reported AS (
        SELECT run_id, seq FROM failure
        UNION ALL SELECT run_id, seq FROM {counted} e WHERE e.kind = 'plan_rejected'
        UNION ALL SELECT run_id, seq FROM {decision[finish]} d
    )
    SELECT c.public_id || ': ' || f.step || ' failed at event ' || f.seq || ' and has no match'
    FROM failure f JOIN checked c ON c.id = f.run_id
    LEFT JOIN catalog_failurematch m ON m.run_id = f.run_id AND m.seq = f.seq AND m.step_id = f.step WHERE m.id IS NULL
    UNION ALL
    SELECT c.public_id || ': there is a match for event ' || m.seq || ', which is no failure'
    FROM checked c JOIN catalog_failurematch m ON m.run_id = c.id
    LEFT JOIN reported r ON r.run_id = m.run_id AND r.seq = m.seq WHERE r.run_id IS NULL AND NOT {unreadable}
    """,
)

LEASES_ARE_HELD = Invariant(
    "leases_are_held",
    "No lease stands longer than its end and the next sweep, and only a running run is held.",
    """
    SELECT 'session ' || s.id || ' of ' || s.host || ':' || s.pid || ' is live and its lease over for '
        || ({now} - s.lease_until_ms) || ' ms'
    FROM runs_session s WHERE {all_tenants} AND s.state = 'live' AND s.lease_until_ms + {sweep} < {now}
    UNION ALL
    SELECT c.public_id || ' is ' || c.status || ' and held by session ' || c.session_id
    FROM checked c WHERE c.status <> 'running' AND c.session_id IS NOT NULL
    """,
)

INVARIANTS = (
    RUNS_GO_ON,
    ENDS_ARE_FINAL,
    JOURNALS_ARE_WHOLE,
    STARTS_ARE_SINGLE,
    FENCES_HOLD,
    money.SPENDING_ADDS_UP,
    money.CHARGES_ADD_UP,
    KEYS_ARE_SINGLE,
    GATES_ARE_KEPT,
    FAILURES_ARE_MATCHED,
    LEASES_ARE_HELD,
    money.SCOPES_ADD_UP,
    money.CAPS_HOLD,
    money.LOTS_AGREE,
    money.ENDS_ARE_SETTLED,
)


def check_all(sample: int = 20, since: datetime | None = None, tenants: Collection[int] | None = None) -> list[Checked]:
    """Check every invariant; show at most `sample` breaches of each.

    With `since`, the runs that are not over, and those accepted or ended since then; with `tenants`, only theirs, and
    nothing that belongs to the platform. Reads only, and takes no lock.
    """
    return [check(invariant, sample, since, tenants) for invariant in INVARIANTS]


def check(invariant: Invariant, sample: int = 20, since: datetime | None = None, tenants: Collection[int] | None = None) -> Checked:
    """Check one invariant. A query that fails, on a journal that is no JSON for one, shows nothing and so counts as broken."""
    sql = sql_of(invariant, connection.vendor, since, tenants)
    # A savepoint, where a transaction is under way, so that a failed query does not fail it; on SQLite one of our own
    # would keep writers out.
    guard = transaction.atomic() if connection.in_atomic_block else nullcontext()
    try:
        with guard, connection.cursor() as cursor:
            cursor.execute(f"{sql} LIMIT {int(sample)}")
            rows: list[tuple[str, int]] = cursor.fetchall()
    except DatabaseError as error:
        if not connection.is_usable():
            raise
        return Checked(invariant.name, invariant.says, (f"cannot be checked: {error}".strip(),))
    total = rows[0][1] if rows else 0
    return Checked(invariant.name, invariant.says, tuple(what for what, _ in rows), total - len(rows))


def sql_of(invariant: Invariant, vendor: str, since: datetime | None = None, tenants: Collection[int] | None = None) -> str:
    """Return the SQL of an invariant: what breaks it, in order, and beside each how many there are in all."""
    words = _words(vendor, since, tenants)
    query = invariant.query.format_map(words)
    return (
        f"WITH checked AS (SELECT {_COLUMNS} FROM runs_run WHERE {words['chosen']}), broken (what) AS ({query})"  # noqa: S608 - constants
        " SELECT what, count(*) OVER () FROM broken ORDER BY what"
    )


_COLUMNS = (
    "id, public_id, tenant_id, status, waiting_for, failure_code, idempotency_key, spent_micro_usd, last_seq, session_id, wake_at_ms,"
    " crash_count, finished_at"
)

# Three questions, each of which an index answers; as one, with OR, all rows would be read.
_RECENT = """
    SELECT r.id FROM agents_tenant t JOIN runs_run r ON r.tenant_id = t.id WHERE r.created_at >= {since}
    UNION SELECT r.id FROM agents_tenant t JOIN runs_run r ON r.tenant_id = t.id WHERE r.status IN ('queued', 'running', 'waiting')
    UNION SELECT id FROM runs_run WHERE kept IN ('everything', 'events') AND finished_at >= {since}
"""

# Once retention has taken a journal there is nothing left to hold the run's row against.
_HAS_JOURNAL = "kept IN ('everything', 'events')"


def _words(vendor: str, since: datetime | None, tenants: Collection[int] | None) -> dict[str, Any]:
    instant = "'0001-01-01'" if since is None else f"'{connection.ops.adapt_datetimefield_value(since)}'"
    recent = "1 = 1" if since is None else f"id IN ({_RECENT.format(since=instant)})"
    everybody = "1 = 1" if tenants is None else "1 = 0"
    theirs = ", ".join(str(int(tenant)) for tenant in tenants or ()) or "NULL"
    return {
        "over": ", ".join(f"'{status}'" for status in sorted(TERMINAL_STATUSES)),
        "since": instant,
        "tenants": theirs,
        "all_tenants": everybody,
        "chosen": f"{recent} AND {_HAS_JOURNAL}" + ("" if tenants is None else f" AND tenant_id IN ({theirs})"),
        "now": database_now_ms(vendor),
        "sweep": SWEEP_MS,
        # Ended by its row alone, because no event can be added to a journal that cannot be read.
        "unreadable": "(c.status = 'dead_lettered' AND c.failure_code = 'REPLAY_DIVERGED')",
        **money.words_of(since, theirs, everybody),
        **_journal_words(vendor, few=since is not None),
    }


def _journal_words(vendor: str, *, few: bool) -> dict[str, Any]:
    events = journal_sql.events_of(vendor, "checked", few=few)
    return {
        "event": journal_sql.all_of(events),
        "counted": journal_sql.counted(vendor, events),
        "decision": {kind: journal_sql.decisions(vendor, events, kind) for kind in _DECISIONS},
        "cost": journal_sql.number_if_named(vendor, "cost_micro_usd"),
        "bound": journal_sql.number(vendor, "worst_micro_usd"),
        "limit": journal_sql.number(vendor, "limit_micro_usd"),
        "first_limit": journal_sql.number(vendor, "terms.limit_micro_usd"),
        "action_hash": journal_sql.text(vendor, "action_hash"),
        "approved": journal_sql.flag(vendor, "approved"),
    }


_DECISIONS = ("start", "call_planner", "finish", "ask_approval", "fallback", "resolve", "overrun", "lost", "hold_doubt")
