"""Reads runs, always those of one tenant: rows, journals, and what programs and pages show of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.lookups import IsNull

from agents.tenancy import one_scoped, scoped
from runs import lineage
from runs.blocking import around
from runs.engine.state import State
from runs.engine.virtual import Entry, state_after
from runs.models import IN_VAIN, Kept, Run
from runs.shell.codec import decode, plain
from runs.shell.journal import Row, read_rows
from runs.shell.reading.explain import explanation
from runs.shell.reading.history import entries_of, read_history, what_is_gone
from runs.shell.reading.lazily import decisions_told, events_told
from runs.shell.reading.obstacles import as_told, obstacles
from runs.shell.reading.remains import decisions_of, remains_of
from runs.shell.reading.subtree import spent_with_called
from runs.shell.reading.trace import trace_of, trace_with
from runs.shell.reading.undone import with_links
from runs.shell.tombstones import is_tombstone
from runs.shell.tombstones import read as read_tombstone
from skills.ids import is_id
from skills.instants import instant, instant_or_none

if TYPE_CHECKING:
    from agents.models import Tenant


def get_run(*, tenant: Tenant, run_id: str, lock: bool = False) -> Run:
    """Return a run. Raises Refusal NOT_FOUND, alike for a missing one and another tenant's."""
    rows = _readable()
    return one_scoped(rows.select_for_update(of=("self",)) if lock else rows, tenant, "run", public_id=run_id)


def list_runs(*, tenant: Tenant, status: str | None = None, agent: str | None = None) -> QuerySet[Run]:
    """Return a tenant's runs, newest first."""
    rows = scoped(_readable(), tenant)
    if status is not None:
        rows = rows.filter(status=status)
    if agent is not None:
        rows = rows.filter(**{"agent__public_id" if is_id("agt", agent) else "agent__name": agent})
    return rows


def _readable() -> QuerySet[Run]:
    """Return runs with what their JSON is made of; whether one called others is asked along, since few did.

    For each run by itself: asked by EXISTS, PostgreSQL looks through all runs there are for those that were called, whatever the page.
    """
    called = Subquery(Run.objects.filter(parent=OuterRef("pk"), relation=lineage.CALLED).order_by().values("pk")[:1])
    return Run.objects.select_related("agent", "parent", "tenant").annotate(has_called=IsNull(called, False))


def subtree_spent(run: Run) -> int:
    """Return what a run has spent together with all runs it called, as their rows say."""
    if not getattr(run, "has_called", False):
        return run.spent_micro_usd
    return spent_with_called([run.pk])[run.pk]


def list_failed(*, tenant: Tenant, since: datetime) -> QuerySet[Run]:
    """Return a tenant's runs that did not end well since an instant, newest first."""
    return list_runs(tenant=tenant).filter(status__in=IN_VAIN, finished_at__gte=since)


def run_json(run: Run) -> dict[str, Any]:
    """Return a run as lists and answers show it."""
    return {
        "run_id": run.public_id,
        "status": run.status,
        "waiting_for": run.waiting_for or None,
        "goal": run.goal,
        "agent": run.agent.name,
        "planner": run.planner,
        "summary": run.summary,
        "failure_code": run.failure_code or None,
        "cost": {
            "spent_micro_usd": run.spent_micro_usd,
            "subtree_spent_micro_usd": subtree_spent(run),
            "reserved_micro_usd": run.reserved_micro_usd,
            "limit_micro_usd": run.limit_micro_usd,
            "worst_to_finish_micro_usd": run.worst_to_finish_micro_usd,
        },
        "steps_total": run.steps_total,
        "steps_done": run.steps_done,
        "retries": run.retries,
        "faults": run.faults,
        "created_at": instant(run.created_at),
        "started_at": instant_or_none(run.started_at),
        "finished_at": instant_or_none(run.finished_at),
        "behaviour_hash": run.behaviour_hash,
        "content_hash": run.content_hash,
        "journal_head": run.journal_head,
        "parent_run_id": run.parent.public_id if run.parent else None,
        "relation": run.relation or None,
        "blocked_by": run.blocked_by or None,
        "trace_id": run.trace_id or None,
        "kept": run.kept,
        "removed_at": instant_or_none(run.removed_at),
    }


def trace_json(*, tenant: Tenant, run_id: str) -> dict[str, Any]:
    """Return all that is known of a run: its row, plan, steps, attempts, decisions, events and effects.

    Of a run retention took something of, `removed` says what, and the rest is told from what stayed.
    """
    run = get_run(tenant=tenant, run_id=run_id)
    rows = read_rows(run.pk)
    gone = what_is_gone(run, rows)
    if gone is not None:
        return with_links(run, remains_of(run_json(run), rows, run.steps.all(), gone))
    return with_links(run, trace_of(run_json(run), entries_of(run, rows)))


class RunRead(NamedTuple):
    """A run as its page reads it, its journal once: the trace, of which decisions and events are written out as one looks
    at them, and what the journal folds to. Of a run retention took something of there is neither journal nor state."""

    run: Run
    trace: dict[str, Any]
    history: list[Entry]
    state: State | None


def read_run(*, tenant: Tenant, run_id: str) -> RunRead:
    """Read a run for its page. Raises Refusal as `trace_json` does."""
    run = get_run(tenant=tenant, run_id=run_id)
    rows = read_rows(run.pk)
    gone = what_is_gone(run, rows)
    if gone is not None:
        return RunRead(run, with_links(run, remains_of(run_json(run), rows, run.steps.all(), gone)), [], None)
    history = entries_of(run, rows)
    state = state_after(entry.fact for entry in history)
    told = trace_with(run_json(run), state, decisions_told(history), events_told(history))
    return RunRead(run, with_links(run, told), history, state)


def blocked_by(read: RunRead) -> list[dict[str, Any]]:
    """Say the same as `blocked_by_json` of a run that was read; nothing of one that is over, or of which there is no journal."""
    if read.run.is_terminal or read.state is None:
        return []
    return as_told(obstacles(read.state, read.history, around(read.run, read.state)))


def events_json(*, tenant: Tenant, run_id: str, after: int, limit: int) -> dict[str, Any]:
    """Return a page of a run's events. `terminal` is true when the run has ended and this page reaches its last event."""
    run = get_run(tenant=tenant, run_id=run_id)
    rows = read_rows(run.pk, after=after, limit=limit)
    last = rows[-1].seq if rows else after
    # Of a journal retention took events of, the last one may be missing; a page with room left has reached the end.
    reached = last >= run.last_seq or len(rows) < limit
    removed = run.kept not in (Kept.EVERYTHING, Kept.EVENTS)
    terminal = run.is_terminal and reached
    return {"data": [_event_json(row) for row in rows], "next_after": last, "terminal": terminal, "removed": removed}


def _event_json(row: Row) -> dict[str, Any]:
    fact, decisions, removed = _told(row)
    head = {"seq": row.seq, "kind": row.kind, "at_ms": row.at_ms, "step_id": row.step or None, "attempt": row.attempt or None}
    return head | {"data": fact, "decisions": decisions, "removed": removed}


def _told(row: Row) -> tuple[Any, Any, Any]:
    """Return an event's fact and decisions, and the note of a removed payload."""
    if is_tombstone(row.data):
        tombstone = read_tombstone(row.data)
        return tombstone.fact, tombstone.decisions, plain(tombstone.removed)
    record = decode(row.data, seq=row.seq)
    return plain(record.fact), plain(record.decisions), None


def explain_json(*, tenant: Tenant, run_id: str) -> dict[str, Any]:
    """Say why a run waits, or why it ended as it did."""
    run = get_run(tenant=tenant, run_id=run_id)
    history = read_history(run)
    state = state_after(entry.fact for entry in history)
    return explanation(run_json(run), state, history, around(run, state))


def blocked_by_json(*, tenant: Tenant, run_id: str) -> list[dict[str, Any]]:
    """Say what keeps a run from going on, what must be cleared first before the rest."""
    run = get_run(tenant=tenant, run_id=run_id)
    history = read_history(run)
    state = state_after(entry.fact for entry in history)
    return as_told(obstacles(state, history, around(run, state)))


READ_AT_ONCE = 500
"""How many events are read at a time, in search of decisions."""


def decisions_json(
    *, tenant: Tenant, run_id: str, kind: str | None = None, step: str | None = None, after: int = 0, limit: int = 200
) -> dict[str, Any]:
    """Return decisions of a run after an event, of one kind or about one step; those of one event are never parted."""
    run = get_run(tenant=tenant, run_id=run_id)
    found: list[dict[str, Any]] = []
    while rows := read_rows(run.pk, after=after, limit=READ_AT_ONCE):
        for row in rows:
            after = row.seq
            found += [d for d in decisions_of(row) if kind in (None, d["kind"]) and step in (None, d["step_id"])]
            if len(found) >= limit:
                return {"data": found, "next_after": after}
    return {"data": found, "next_after": None}
