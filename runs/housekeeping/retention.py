"""How long what runs leave behind is kept, and its removal when that time is over.

    everything ──payload──▸ events ──event──▸ effects ──effect──▸ row ──run──▸ nothing

A run that is over goes down these stages, each after its own days; one that is not over is never touched. Beside
them stands what the machinery leaves behind: sessions, delivered messages, finished chores. Money (`audit`) is kept
for ever: what a scope has spent is the sum of its entries.

Every transaction takes at most `BATCH` rows and commits. What a removal that was cut off has taken is gone, what it
has not is still there, and the next one goes on from there: the rows themselves are the only record of progress.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from agents import idempotency
from catalog.services import count_matches, forget_matches
from runs.models import (
    TERMINAL_STATUSES,
    BulkOperation,
    DeliveryState,
    HeardAnswer,
    Kept,
    LostHold,
    Outbox,
    Run,
    RunEvent,
    Session,
    SessionState,
    Signal,
    StepSummary,
    StoredSimulation,
    WebhookDelivery,
)
from runs.shell.clock import now_ms
from runs.shell.tombstones import PREFIX, bury

BATCH = 1_000
RUNS_AT_ONCE = 200
REST_SECONDS = 0.02
"""Between two batches, so that on SQLite, with its one writer, live work gets its turn."""

Runs = Iterable[int] | QuerySet[Any]
Stopped = Callable[[], bool]


@dataclass(frozen=True)
class Part:
    """Rows of one table that a stage takes. `remove` takes at most so many of some runs; both return how many rows."""

    table: str
    count: Callable[[Runs], int]
    remove: Callable[[Sequence[int], int], int]


@dataclass(frozen=True)
class Stage:
    """A step down for runs that are over: what they must have been before, what is left of them after.

    `meanwhile` is what a run is called of which a batch took only a part, where what is left would deceive a reader.
    """

    name: str
    says: str
    takes: Kept
    leaves: Kept | None
    parts: tuple[Part, ...]
    meanwhile: Kept | None = None
    columns: dict[str, Any] = field(default_factory=dict)

    def runs_to_take(self, kept: Kept, cutoff: datetime) -> QuerySet[Run]:
        """Return the runs this stage takes now, those that ended longest ago first."""
        found = _over(cutoff).filter(kept=kept).order_by("finished_at")
        # A run goes only after the reruns that name it as their parent.
        return found if self.leaves else found.exclude(Exists(Run.objects.filter(parent=OuterRef("pk"))))

    def runs_due(self, cutoff: datetime) -> QuerySet[Run]:
        """Return the runs that are old enough, whether the stages before this one have taken theirs or not."""
        return _over(cutoff).filter(kept__in=_down_to(self.meanwhile or self.takes))

    def oldest_kept(self) -> datetime | None:
        """Return when the oldest run ended that this stage has not taken."""
        # One look into the index per stage: of several at once the database would have to sort all runs.
        ended = [_first_ended(kept) for kept in _down_to(self.meanwhile or self.takes)]
        return min((each for each in ended if each is not None), default=None)


@dataclass(frozen=True)
class Leftover:
    """Rows of the machinery that tell nothing about a run, and which of them are older than an instant."""

    table: str
    rows: Callable[[datetime], QuerySet[Any]]


@dataclass
class Removed:
    """What one class would lose, or has lost."""

    name: str
    says: str
    keeps_days: int | None
    runs: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    oldest_kept: datetime | None = None

    def add(self, table: str, count: int) -> None:
        self.rows[table] = self.rows.get(table, 0) + count


def _over(cutoff: datetime) -> QuerySet[Run]:
    return Run.objects.filter(finished_at__lt=cutoff, status__in=TERMINAL_STATUSES)


def _first_ended(kept: Kept) -> datetime | None:
    rows = Run.objects.filter(kept=kept, finished_at__isnull=False)
    return rows.order_by("finished_at").values_list("finished_at", flat=True).first()


def _down_to(kept: Kept) -> list[Kept]:
    everything = list(Kept)
    return everything[: everything.index(kept) + 1]


# What the stages take


def _rows_of(model: type[Model], **more: Any) -> Part:
    """Return the part that is all rows of a model that belong to a run."""

    def count(runs: Runs) -> int:
        return model._default_manager.filter(run__in=runs, **more).count()

    def remove(runs: Sequence[int], room: int) -> int:
        return _delete(model._default_manager.filter(run__in=runs, **more), room)

    return Part(model._meta.db_table, count, remove)


def _delete(rows: QuerySet[Any], room: int) -> int:
    found = list(rows.order_by("pk").values_list("pk", flat=True)[:room])
    return rows.model._default_manager.filter(pk__in=found).delete()[0] if found else 0


def _events(runs: Runs) -> QuerySet[RunEvent]:
    return RunEvent.objects.filter(run_id__in=runs).order_by("run_id", "seq")


# A fact names its side effects only where it has some, and quotes inside of values are escaped.
_TELLS_EFFECTS = Q(kind__in=("step_succeeded", "step_failed"), data__contains='"side_effects":[{')


def _payloads(runs: Runs) -> QuerySet[RunEvent]:
    return _events(runs).exclude(data__startswith=PREFIX)


def _without_effects(runs: Runs) -> QuerySet[RunEvent]:
    return _events(runs).exclude(_TELLS_EFFECTS)


def _with_effects(runs: Runs) -> QuerySet[RunEvent]:
    return _events(runs).filter(_TELLS_EFFECTS)


def _bury_payloads(runs: Sequence[int], room: int) -> int:
    at_ms = now_ms()
    found = list(_payloads(runs).values_list("run_id", "seq", "data")[:room])
    stones = [(bury(data, at_ms=at_ms, rule="payload"), run_id, seq) for run_id, seq, data in found]
    _each("UPDATE runs_runevent SET data = %s WHERE run_id = %s AND seq = %s", stones)
    return len(stones)


def _removes_events(of: Callable[[Runs], QuerySet[RunEvent]]) -> Callable[[Sequence[int], int], int]:
    def remove(runs: Sequence[int], room: int) -> int:
        found = list(of(runs).values_list("run_id", "seq")[:room])
        _each("DELETE FROM runs_runevent WHERE run_id = %s AND seq = %s", found)
        return len(found)

    return remove


def _each(sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    # Row by row through the primary key: no plan for a list of pairs ends in reading the whole table.
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(sql, rows)


def _remove_runs(runs: Sequence[int], room: int) -> int:
    return Run.objects.filter(pk__in=runs[:room]).delete()[1].get(Run._meta.label, 0)


EVENTS = RunEvent._meta.db_table
STAGES = (
    Stage(
        "payload",
        "what people and skills wrote: goals, inputs, plans, parameters, results, messages",
        Kept.EVERYTHING,
        Kept.EVENTS,
        (Part(EVENTS, lambda runs: _payloads(runs).count(), _bury_payloads), _rows_of(Signal)),
        columns={"goal": ""},
    ),
    Stage(
        "event",
        "journals, step summaries and messages about runs",
        Kept.EVENTS,
        Kept.EFFECTS,
        (
            Part(EVENTS, lambda runs: _without_effects(runs).count(), _removes_events(_without_effects)),
            _rows_of(StepSummary),
            _rows_of(Outbox),
        ),
        meanwhile=Kept.PARTS,
    ),
    Stage(
        "effect",
        "what runs did outside, and their failures with what the catalog said",
        Kept.EFFECTS,
        Kept.ROW,
        (
            Part(EVENTS, lambda runs: _with_effects(runs).count(), _removes_events(_with_effects)),
            Part("catalog_failurematch", count_matches, forget_matches),
        ),
    ),
    Stage(
        "run",
        "runs themselves: status, costs, hashes",
        Kept.ROW,
        None,
        (Part(Run._meta.db_table, lambda runs: len(list(runs)), _remove_runs),),
    ),
)


# What the machinery leaves behind


def _queue_rows(before: datetime) -> QuerySet[Any]:
    return apps.get_model("django_q", "Task")._default_manager.filter(stopped__lt=before)


def _sign_ins(before: datetime) -> QuerySet[Any]:
    return apps.get_model("sessions", "Session")._default_manager.filter(expire_date__lt=before)


def _ended_sessions(before: datetime) -> QuerySet[Session]:
    return Session.objects.filter(lease_until_ms__lt=before.timestamp() * 1_000).exclude(state=SessionState.LIVE)


def _lost_holds(before: datetime) -> QuerySet[LostHold]:
    return LostHold.objects.filter(session_id__in=_ended_sessions(before).values("pk"))


def _old_deliveries(before: datetime) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(created_at__lt=before).exclude(state=DeliveryState.PENDING)


# What dead sessions held goes before they do.
LEFTOVERS = (
    Leftover("runs_losthold", _lost_holds),
    Leftover("runs_session", _ended_sessions),
    Leftover("runs_signal", lambda before: Signal.objects.filter(consumed_seq__isnull=False, created_at__lt=before)),
    Leftover("runs_outbox", lambda before: Outbox.objects.filter(delivered_at__lt=before)),
    Leftover("runs_webhookdelivery", _old_deliveries),
    Leftover("runs_bulkoperation", lambda before: BulkOperation.objects.filter(finished_at__lt=before)),
    Leftover("runs_heardanswer", lambda before: HeardAnswer.objects.filter(at__lt=before)),
    Leftover("agents_storedanswer", idempotency.expired),
    Leftover("runs_storedsimulation", lambda before: StoredSimulation.objects.filter(simulated_at__lt=before)),
    Leftover("django_q_task", _queue_rows),
    Leftover("django_session", _sign_ins),
)
OPERATIONAL = "operational"
OPERATIONAL_SAYS = (
    "ended worker sessions, heard signals, delivered messages, answers kept for repeated requests, simulations, finished chores,"
    " sign-ins that ran out"
)
AUDIT = "audit"
AUDIT_SAYS = "every movement of money, every charge of a call, and who did what"


# Removal


def what_is_due(now: datetime | None = None) -> list[Removed]:
    """Return what `remove_due` would take now, class by class. Changes nothing."""
    now = now or timezone.now()
    return [*(_due_of_stage(stage, now) for stage in STAGES), _audit(), _due_of_leftovers(now)]


def remove_due(now: datetime | None = None, stopped: Stopped = lambda: False) -> list[Removed]:
    """Remove what is due, batch by batch, until nothing is or `stopped` says so; return what went."""
    now = now or timezone.now()
    return [*(_take_stage(stage, now, stopped) for stage in STAGES), _audit(), _take_leftovers(now, stopped)]


def _audit() -> Removed:
    return Removed(AUDIT, AUDIT_SAYS, None)


def _opened(name: str, says: str, now: datetime) -> tuple[Removed, datetime | None]:
    days = settings.RETENTION_DAYS[name]
    return Removed(name, says, days), None if days is None else now - timedelta(days=days)


def _due_of_stage(stage: Stage, now: datetime) -> Removed:
    removed, cutoff = _opened(stage.name, stage.says, now)
    removed.oldest_kept = stage.oldest_kept()
    if cutoff is not None:
        due = stage.runs_due(cutoff)
        removed.runs = due.count()
        for part in stage.parts:
            removed.add(part.table, part.count(due.values_list("pk", flat=True)))
    return removed


def _due_of_leftovers(now: datetime) -> Removed:
    removed, cutoff = _opened(OPERATIONAL, OPERATIONAL_SAYS, now)
    if cutoff is not None:
        for leftover in LEFTOVERS:
            removed.add(leftover.table, leftover.rows(cutoff).count())
    return removed


def _take_stage(stage: Stage, now: datetime, stopped: Stopped) -> Removed:
    removed, cutoff = _opened(stage.name, stage.says, now)
    while cutoff is not None and not stopped() and _take_batch(stage, cutoff, now, removed):
        time.sleep(REST_SECONDS)
    removed.oldest_kept = stage.oldest_kept()
    return removed


def _take_batch(stage: Stage, cutoff: datetime, now: datetime, removed: Removed) -> bool:
    """Take up to `BATCH` rows of the runs that are due; False where no run is. Runs of which the stage has taken all go
    down to the next."""
    with transaction.atomic():
        runs = _next_runs(stage, cutoff)
        if runs:
            all_taken = _take_rows(stage, runs, removed)
            _note(runs, stage.leaves if all_taken else stage.meanwhile, now, stage.columns if all_taken else {})
            _forget_keys(runs, now)
            removed.runs += len(runs) if all_taken else 0
    return bool(runs)


def _next_runs(stage: Stage, cutoff: datetime) -> list[int]:
    """Return the runs to go on with, locked: those that were begun, else the next ones."""
    for kept in (stage.meanwhile, stage.takes):
        if kept is not None:
            # Another removal holds what it is at; ours takes the runs after those.
            found = stage.runs_to_take(kept, cutoff).select_for_update(skip_locked=True).values_list("pk", flat=True)
            if runs := list(found[:RUNS_AT_ONCE]):
                return runs
    return []


def _note(runs: Sequence[int], kept: Kept | None, now: datetime, columns: dict[str, Any]) -> None:
    if kept is not None:
        Run.objects.filter(pk__in=runs).update(kept=kept, removed_at=now, **columns)


def _forget_keys(runs: Sequence[int], now: datetime) -> None:
    """With what was taken goes the promise to answer a repeated request by these runs, but not sooner than it was given for."""
    over = Run.objects.filter(pk__in=runs, created_at__lt=now - idempotency.KEPT, idempotency_key__isnull=False)
    over.update(idempotency_key=None, fingerprint="")


def _take_rows(stage: Stage, runs: Sequence[int], removed: Removed) -> bool:
    """Take up to `BATCH` rows of these runs; return whether none is left."""
    room = BATCH
    for part in stage.parts:
        taken = part.remove(runs, room)
        removed.add(part.table, taken)
        room -= taken
        if not room:
            return False
    return True


def _take_leftovers(now: datetime, stopped: Stopped) -> Removed:
    removed, cutoff = _opened(OPERATIONAL, OPERATIONAL_SAYS, now)
    if cutoff is not None:
        for leftover in LEFTOVERS:
            _take_leftover(leftover, cutoff, stopped, removed)
    return removed


def _take_leftover(leftover: Leftover, cutoff: datetime, stopped: Stopped, removed: Removed) -> None:
    taken = BATCH
    while taken == BATCH and not stopped():
        taken = _delete(leftover.rows(cutoff), BATCH)
        removed.add(leftover.table, taken)
