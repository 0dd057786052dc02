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
    """What the sentence is made of. `missing_micro_usd` is what the budget lacks, None where it fits or nobody knows;
    `waiting_ms` for how long a step waits, None where that is not looked at."""

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
    blocked_by: str = ""
    waiting_ms: int | None = None


def scope_in_words(label: str) -> str:
    """Return what a scope of money or of a freeze is called: `agent:agt_1@2026-11-28` is the agent's of a day."""
    kind, _, key = label.partition(":")
    undated, at, day = key.rpartition("@")
    is_day = bool(at) and len(day) == len("2026-11-28") and day[4] == day[7] == "-"
    named = {"run": "the run", "agent": "the agent", "tenant": "the tenant"}.get(kind)
    words = named or f"the {kind} {undated if is_day else key}"
    return f"{words} on {day}" if is_day else words


def sentence(run: Standing, *, shows_costs: bool = False) -> str:
    """Return what an operator wants to know first: how it stands, how far it came, and what is in doubt."""
    parts = [_standing(run, shows_costs), f"{run.done} of {run.total} steps done" if run.total else "no steps yet"]
    if run.retries:
        parts.append("1 retry" if run.retries == 1 else f"{run.retries} retries")
    parts.append(f"{run.doubts} in doubt" if run.doubts else "nothing in doubt")
    return "; ".join(parts) + "."


def _short_of_money(run: Standing, said: str, shows_costs: bool) -> str:
    is_its_own = not run.blocked_by or run.blocked_by.startswith("run:")
    if shows_costs and run.missing_micro_usd:
        whose = f"the {money(run.limit_micro_usd)} limit" if is_its_own else f"the budget of {scope_in_words(run.blocked_by)} has"
        return f"{said}: needs {money(run.missing_micro_usd)} more than {whose}"
    return said if is_its_own else f"{said}: the budget of {scope_in_words(run.blocked_by)} is used up"


def _standing(run: Standing, shows_costs: bool) -> str:
    took = duration(run.took_ms)
    if run.status == "waiting":
        said = _WAITING.get(run.waiting_for, "Waiting")
        if run.waiting_ms is not None:
            said = said.replace("Waiting", f"Waiting {duration(run.waiting_ms)}", 1)
        if run.waiting_for == "budget":
            return _short_of_money(run, said, shows_costs)
        if run.waiting_for == "paused" and run.blocked_by:
            return f"Frozen with {scope_in_words(run.blocked_by)}"
        return said
    if run.status in _ENDED:
        code = f" with {run.failure_code}" if run.failure_code and run.status != "succeeded" else ""
        return f"{_ENDED[run.status]} after {took}{code}"
    return f"{'Queued' if run.status == 'queued' else 'Running'} for {took}"
