"""Says how a run stands in one sentence: the same for its row, its page, the terminal and `explain`. Pure.

No payload and, unless asked, no costs: the sentence is shown to everybody who may see that the run exists.
"""

from __future__ import annotations

from typing import NamedTuple

from skills.wording import duration, money

_WAITING = {
    "approval": "Waiting for a person to approve a step",
    "input": "Waiting for a person's answer",
    "timer": "Waiting for the time of its next try",
    "budget": "Waiting for money",
    "in_doubt": "Waiting for a verdict: an effect may or may not have happened",
    "paused": "Paused by a person",
}
_ENDED = {
    "succeeded": "Succeeded",
    "partial": "Ended with part of its steps done",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "dead_lettered": "Given up, because its workers died with it too often,",
}


class Standing(NamedTuple):
    """What the sentence is made of. `missing_micro_usd` is what the budget lacks, None where it fits or nobody knows."""

    status: str
    waiting_for: str
    took_ms: int
    done: int
    total: int
    retries: int
    doubts: int
    failure_code: str
    missing_micro_usd: int | None = None
    limit_micro_usd: int | None = None


def sentence(run: Standing, *, shows_costs: bool = False) -> str:
    """Return what an operator wants to know first: how it stands, how far it came, and what is in doubt."""
    parts = [_standing(run, shows_costs), f"{run.done} of {run.total} steps done" if run.total else "no steps yet"]
    if run.retries:
        parts.append("1 retry" if run.retries == 1 else f"{run.retries} retries")
    parts.append(f"{run.doubts} in doubt" if run.doubts else "nothing in doubt")
    return "; ".join(parts) + "."


def _standing(run: Standing, shows_costs: bool) -> str:
    took = duration(run.took_ms)
    if run.status == "waiting":
        said = _WAITING.get(run.waiting_for, "Waiting")
        if run.waiting_for == "budget" and shows_costs and run.missing_micro_usd:
            return f"{said}: needs {money(run.missing_micro_usd)} more than the {money(run.limit_micro_usd)} limit"
        return said
    if run.status in _ENDED:
        code = f" with {run.failure_code}" if run.failure_code and run.status != "succeeded" else ""
        return f"{_ENDED[run.status]} after {took}{code}"
    return f"{'Queued' if run.status == 'queued' else 'Running'} for {took}"
