"""Works operations off, a few runs at a time. Any number of workers may try: one is at an operation, and another takes over from the dead.

What is done to a run and that it was done are one transaction, which holds only while the operation stands where its worker believes
it to stand. So nothing is done twice, and nothing is left out, whenever a worker dies.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextvars import copy_context
from datetime import timedelta
from enum import Enum, auto
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from agents import audit
from agents.locking import skipping_locked
from runs.bulk.actions import ACTIONS, refuse_by_row
from runs.bulk.rights import may_go_on, principal_of
from runs.models import BulkOperation, BulkState, Run
from skills.refusal import Refusal

log = logging.getLogger(__name__)

AT_ONCE = 20
"""After so many runs it is asked again whether somebody wants it stopped, and whether who began it still may."""
LEASE = timedelta(seconds=30)
TURN_SECONDS = 5.0
"""How long one task goes on: it takes a worker's place, and schedules, deliveries and drains wait for it."""
KEPT_FAULTS = 100
LONGEST_WAIT = timedelta(seconds=30)


class _Overtaken(Exception):
    """Somebody else is at the operation, or it is over."""


class _Went(Enum):
    ON = auto()
    OFF = auto()


def is_wanted() -> bool:
    """Tell whether there is an operation nobody is at."""
    return _due().exists()


def carry_on(stopped: Callable[[], bool] = lambda: False) -> int:
    """Work operations off until none is due, told to stop, or the turn is over; return how many runs were taken."""
    # Who acts is said for each operation, and must be forgotten afterwards: the process goes on to other tasks.
    return copy_context().run(_carry_on, stopped)


def _carry_on(stopped: Callable[[], bool]) -> int:
    until, taken = time.monotonic() + TURN_SECONDS, 0
    while not stopped() and time.monotonic() < until:
        operation = _claim()
        if operation is None:
            break
        taken += _work_off(operation, lambda: stopped() or time.monotonic() >= until)
    return taken


def _due() -> QuerySet[BulkOperation]:
    is_free = Q(taken_until=None) | Q(taken_until__lte=timezone.now())
    return BulkOperation.objects.filter(is_free, state=BulkState.RUNNING).order_by("created_at")


def _claim() -> BulkOperation | None:
    with transaction.atomic():
        row = skipping_locked(_due()).first()
        if row is not None:
            BulkOperation.objects.filter(pk=row.pk).update(taken_until=timezone.now() + LEASE)
    return row


def _work_off(claimed: BulkOperation, leaves: Callable[[], bool]) -> int:
    """Take the runs of an operation in their order until it is over, somebody else is at it, or it is time to leave."""
    taken, number = 0, claimed.pk
    audit.act_as(claimed.created_by, via="worker", key_id=claimed.begun_with.get("key"))
    try:
        while (operation := _looked_at_again(number)) is not None:
            if leaves():
                _leave(operation)
                break
            before = operation.position
            went = _few(operation)
            taken += operation.position - before
            if went is _Went.OFF:
                break
    except _Overtaken:
        log.info("bulk.overtaken", extra={"operation": claimed.public_id})
    return taken


def _looked_at_again(number: int) -> BulkOperation | None:
    """Return the operation as it stands, held for the next few runs; None where there is nothing left to do."""
    row = BulkOperation.objects.select_related("tenant").filter(pk=number, state=BulkState.RUNNING).first()
    if row is None:
        return None
    if row.abort_asked_by:
        _end(row, BulkState.ABORTED, f"stopped by {row.abort_asked_by}")
    elif row.position >= row.total:
        _end(row, BulkState.FINISHED, "")
    elif not may_go_on(row):
        _stop(row)
    else:
        _hold(row, timezone.now() + LEASE, "")
        return row
    return None


def _as_it_stands(row: BulkOperation) -> QuerySet[BulkOperation]:
    return BulkOperation.objects.filter(pk=row.pk, position=row.position, state=BulkState.RUNNING)


def _hold(row: BulkOperation, until: Any, remark: str) -> None:
    if not _as_it_stands(row).update(taken_until=until, remark=remark[:300]):
        raise _Overtaken


def _leave(row: BulkOperation) -> None:
    _hold(row, None, "")


def _end(row: BulkOperation, state: BulkState, remark: str) -> None:
    if not _as_it_stands(row).update(state=state, remark=remark[:300], finished_at=timezone.now()):
        raise _Overtaken


def _stop(row: BulkOperation) -> None:
    why = f"{row.created_by} may not do this any more"
    with transaction.atomic():
        audit.record(row.tenant, "bulk.stop", row.public_id, before={"taken": row.position, "of": row.total}, reason=why)
        _end(row, BulkState.ABORTED, why)


def _few(operation: BulkOperation) -> _Went:
    """Take the next few runs. OFF where what takes them says to come again later."""
    numbers = operation.run_ids[operation.position : operation.position + AT_ONCE]
    runs = Run.objects.filter(tenant=operation.tenant).in_bulk(numbers)
    for number in numbers:
        wait = _one(operation, runs.get(number))
        if wait is not None:
            _hold(operation, timezone.now() + min(timedelta(milliseconds=max(wait.retry_after_ms or 0, 500)), LONGEST_WAIT), wait.detail)
            return _Went.OFF
    return _Went.ON


def _one(operation: BulkOperation, run: Run | None) -> Refusal | None:
    """Do it to one run and write down that it was done, or why not. Return the refusal that says to come again."""
    try:
        with transaction.atomic():
            fault = _done_to(operation, run)
            if fault is not None and fault.retry_after_ms is not None:
                return fault
            _advance(operation, fault)
    except (_Overtaken, OperationalError, InterfaceError):
        raise
    except Exception:
        # Whatever one run provokes, the others are to be told; the log holds it.
        log.exception("bulk.run_broke", extra={"operation": operation.public_id})
        broke = Refusal("INTERNAL_ERROR", "it broke in a way nobody foresaw; the log holds it", run_id=run.public_id if run else None)
        _advance(operation, broke)
    return None


def _done_to(operation: BulkOperation, run: Run | None) -> Refusal | None:
    if run is None:
        return Refusal("NOT_FOUND", "the run was removed meanwhile")
    action, reason = ACTIONS[operation.action], f"{operation.reason} ({operation.public_id})"
    try:
        refuse_by_row(action, run)
        with transaction.atomic():
            key = f"{operation.public_id}:{run.public_id}"
            action.call(principal_of(operation), run.public_id, reason, key, operation.options)
    except Refusal as refusal:
        refusal.run_id = run.public_id
        return refusal
    return None


def _advance(operation: BulkOperation, fault: Refusal | None) -> None:
    """Step over a run. Raises _Overtaken, which undoes what was done to it, where the operation stands elsewhere by now."""
    if fault is None:
        changes: dict[str, Any] = {"succeeded": F("succeeded") + 1}
    else:
        told = {"run_id": fault.run_id or "", "code": fault.code, "detail": fault.detail[:300]}
        operation.faults = [*operation.faults, told][:KEPT_FAULTS]
        operation.refused_by_code = {**operation.refused_by_code, fault.code: operation.refused_by_code.get(fault.code, 0) + 1}
        changes = {"refused": F("refused") + 1, "faults": operation.faults, "refused_by_code": operation.refused_by_code}
    if not _as_it_stands(operation).update(position=F("position") + 1, **changes):
        raise _Overtaken
    operation.position += 1
