"""Replays of many stored runs, one after the other: after an upgrade, in CI, before a change of rules goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from runs import selectors
from runs.contracts.simulation import BulkReplay, Diverged
from runs.models import TERMINAL_STATUSES, Kept, Run
from runs.proof.replaying import Offline, replay_of
from runs.shell.journal import Row, read_rows_of
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant

AT_ONCE = 100
"""How many journals are read by one query."""
SHOWN = 100
"""How many runs that differ are told one by one; the rest is counted."""

Told = Callable[[int, int], None]
"""Is told how many runs are replayed, of how many."""


def replay_all(
    *,
    tenant: Tenant,
    mode: Offline,
    since: datetime | None = None,
    status: str | None = None,
    agent: str | None = None,
    limit: int | None = None,
    told: Told | None = None,
) -> BulkReplay:
    """Replay the runs of a tenant that are over, newest first, and report how many behave as recorded. Writes nothing.

    A run whose payload retention removed cannot be replayed; it is counted, and held against nobody.
    """
    runs, of = _chosen(tenant, since, status, agent, limit)
    tally = _Tally(mode)
    begun = monotonic()
    for run, rows in _with_journals(runs):
        tally.take(run, rows)
        if told is not None:
            told(tally.replayed + tally.gone, of)
    return tally.report(round((monotonic() - begun) * 1_000))


def _chosen(tenant: Tenant, since: datetime | None, status: str | None, agent: str | None, limit: int | None) -> tuple[QuerySet[Run], int]:
    rows = selectors.list_runs(tenant=tenant, status=status, agent=agent).filter(status__in=TERMINAL_STATUSES)
    if since is not None:
        rows = rows.filter(finished_at__gte=since)
    found = rows.order_by("-created_at", "-id")
    return (found if limit is None else found[:limit]), (found.count() if limit is None else min(limit, found.count()))


def _with_journals(runs: QuerySet[Run]) -> Iterator[tuple[Run, list[Row]]]:
    for batch in _batches(runs.iterator(chunk_size=AT_ONCE)):
        journals = read_rows_of([run.pk for run in batch])
        for run in batch:
            yield run, journals[run.pk]


def _batches(runs: Iterable[Run]) -> Iterator[list[Run]]:
    batch: list[Run] = []
    for run in runs:
        batch.append(run)
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


class _Tally:
    """Counts what comes of replays, and keeps the first of those that differ."""

    def __init__(self, mode: Offline) -> None:
        self._mode: Offline = mode
        self.replayed = self.matched = self.gone = self.events = 0
        self._diverged: list[Diverged] = []

    def take(self, run: Run, rows: list[Row]) -> None:
        if run.kept != Kept.EVERYTHING:
            self.gone += 1
            return
        self.replayed += 1
        self.events += len(rows)
        found = _what_differs(run, rows, self._mode)
        if found is None:
            self.matched += 1
        elif len(self._diverged) < SHOWN:
            self._diverged.append(found)

    def report(self, took_ms: int) -> BulkReplay:
        return BulkReplay(
            mode=self._mode,
            replayed=self.replayed,
            matched=self.matched,
            diverged=self.replayed - self.matched,
            gone=self.gone,
            events=self.events,
            took_ms=took_ms,
            runs=self._diverged,
        )


def _what_differs(run: Run, rows: list[Row], mode: Offline) -> Diverged | None:
    """Return what differs in a replay; a journal that cannot be read is no reason to stop before the others."""
    try:
        report = replay_of(run, rows, mode)
    except Refusal as refusal:
        return Diverged(run_id=run.public_id, seq=refusal_seq(refusal), step_id=None, detail=refusal.detail)
    if report.matched:
        return None
    found = report.divergence
    broken = "; ".join(f"{each.name.replace('_', ' ')}: {each.detail}" for each in report.invariants if not each.held)
    return Diverged(
        run_id=run.public_id,
        seq=found.seq if found else None,
        step_id=found.step_id if found else None,
        detail=found.detail if found else broken,
    )


def refusal_seq(refusal: Refusal) -> int | None:
    """Return the event a refusal points at, None where it points at none."""
    pointer: Any = next((fault["pointer"] for fault in refusal.errors), "")
    number = str(pointer).removeprefix("/events/")
    return int(number) if number.isdigit() else None
