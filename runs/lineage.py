"""Runs that have to do with runs: those they called, and those they did again.

A called run spends of its callers' budgets too, and is over by their deadline. A rerun, or a dead run that was queued
again, names its parent as well and is no called run: it has a budget and a time of its own.
"""

from __future__ import annotations

from agents.ledger import RunPurse
from runs.models import Run
from skills.refusal import Refusal

CALLED = "child"
"""The relation of a run to the one that called it."""
RERUN = "rerun"
REQUEUED = "requeue"
REPLAY = "replay"
"""The relation of a run to the one it repeats live, to be compared with it: it makes nothing good that failed there."""
AGAIN = frozenset({RERUN, REQUEUED})
"""The relations of a run to the one whose plan it does once more."""
MAX_DEPTH = 16
"""How deep runs may call runs; what goes deeper has lost its way."""


def callers_of(run: Run) -> list[Run]:
    """Return the run and those it was called by, the outermost first. Raises Refusal where they are too many."""
    chain = [run]
    while chain[0].relation == CALLED and chain[0].parent is not None:
        chain.insert(0, chain[0].parent)
        if len(chain) > MAX_DEPTH:
            raise Refusal("LOOP_DETECTED", f"runs may call runs {MAX_DEPTH} deep", run_id=run.public_id)
    return chain


def done_again_by(run_id: int) -> list[int]:
    """Return the row ids of the runs that a run does once more: its parent, and what that one did again, the latest first."""
    found: list[int] = []
    while len(found) < MAX_DEPTH:
        again = Run.objects.filter(pk=found[-1] if found else run_id, relation__in=AGAIN, parent__isnull=False)
        parent = again.values_list("parent_id", flat=True).first()
        if parent is None:
            break
        found.append(parent)
    return found


def open_purse(run: Run, callers: list[str]) -> None:
    """Open a run's scope with its limit, so that who it calls finds that limit even where the run itself has drawn nothing."""
    RunPurse(run.tenant_id, run.agent_id, run.public_id, run.limit_micro_usd, tuple(callers)).open()


def soonest(first_ms: int | None, second_ms: int | None) -> int | None:
    """Return the earlier of two deadlines, None being none."""
    given = [deadline for deadline in (first_ms, second_ms) if deadline is not None]
    return min(given) if given else None
