"""Proof that nothing measured was lost: every run succeeded, every journal is whole, every step succeeded once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, Q

from runs.models import Run, RunEvent


class Lost(RuntimeError):
    """A workload did not leave what it must; its figures are worth nothing."""


@dataclass(frozen=True)
class Left:
    """What one run left behind."""

    run_id: str
    status: str
    steps_done: int
    last_seq: int
    events: int = 0
    first_event: int | None = None
    last_event: int | None = None
    successes: int = 0
    steps_succeeded: int = 0


def faults_of(left: Left, steps: int, planned: int | None = None) -> list[str]:
    """Return what is wrong with a run of so many steps; its plan has fewer where they stand for many items."""
    planned = steps if planned is None else planned
    found = {
        f"is {left.status}": left.status != "succeeded",
        f"counts {left.steps_done} of {planned} steps": left.steps_done != planned,
        f"has {left.steps_succeeded} of {steps} steps in its journal": left.steps_succeeded != steps,
        f"recorded {left.successes} successes of {left.steps_succeeded} steps": left.successes != left.steps_succeeded,
        "has a gap in its journal": (left.first_event, left.last_event) != (1, left.events),
        f"says its last event is {left.last_seq}, the journal {left.last_event}": left.last_seq != left.last_event,
    }
    return [f"{left.run_id} {what}" for what, wrong in found.items() if wrong]


def verify(run_ids: Iterable[int], steps: int, planned: int | None = None) -> int:
    """Return how many runs were verified. Raises Lost naming the first faults."""
    left = what_is_left(run_ids)
    faults = [fault for one in left for fault in faults_of(one, steps, planned)]
    if faults:
        raise Lost(f"lost: {len(faults)}: {'; '.join(faults[:5])}")
    return len(left)


def what_is_left(run_ids: Iterable[int]) -> list[Left]:
    """Read rows and journals of runs."""
    wanted = list(run_ids)
    journals = {row["run_id"]: row for row in _journals(wanted)}
    rows = Run.objects.filter(pk__in=wanted)
    found = [_left(run, journals.get(run.pk, {})) for run in rows]
    missing = len(set(wanted)) - len(found)
    return found + [Left(f"one of {missing} missing runs", "missing", 0, 0)] * missing


def _journals(run_ids: list[int]) -> Iterable[dict[str, Any]]:
    succeeded = Q(kind="step_succeeded")
    counted = {
        "events": Count("seq"),
        "first_event": Min("seq"),
        "last_event": Max("seq"),
        "successes": Count("seq", filter=succeeded),
        "steps_succeeded": Count("step", filter=succeeded, distinct=True),
    }
    found: Any = RunEvent.objects.filter(run_id__in=run_ids).values("run_id").annotate(**counted).order_by()
    return found


def _left(run: Run, journal: dict[str, Any]) -> Left:
    counted = {key: value for key, value in journal.items() if key != "run_id"}
    return Left(run.public_id, run.status, run.steps_done, run.last_seq, **counted)


Call = tuple[str, str, int]
"""Run, step, attempt."""


def calls_after_success(called: Iterable[Call], succeeded: Iterable[Call]) -> list[Call]:
    """Return the calls of a step that had already succeeded: a later attempt, or the same one twice."""
    success = {(run, step): attempt for run, step, attempt in succeeded}
    times = Counter(called)
    return [call for call, count in times.items() if _is_repeated(call, count, success.get(call[:2]))]


def _is_repeated(call: Call, count: int, success: int | None) -> bool:
    if success is None:
        return False
    return call[2] > success or (call[2] == success and count > 1)
