"""Says how a run stands in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runs.console.waterfall import instant_ms
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


def sentence(trace: Mapping[str, Any], now_ms: int, *, shows_costs: bool) -> str:
    """Return what an operator wants to know first: how it stands, how far it came, and what is in doubt."""
    run = trace["run"]
    doubts = sum(step["status"] == "in_doubt" for step in trace["steps"])
    done = f"{run['steps_done']} of {run['steps_total']} steps done" if run["steps_total"] else "no steps yet"
    parts = [_standing(run, now_ms, shows_costs), done]
    if run["retries"]:
        parts.append("1 retry" if run["retries"] == 1 else f"{run['retries']} retries")
    parts.append(f"{doubts} in doubt" if doubts else "nothing in doubt")
    return "; ".join(parts) + "."


def _standing(run: Mapping[str, Any], now_ms: int, shows_costs: bool) -> str:
    begun = instant_ms(run["started_at"]) or instant_ms(run["created_at"]) or now_ms
    took = duration((instant_ms(run["finished_at"]) or now_ms) - begun)
    status = run["status"]
    if status == "waiting":
        return _waiting(run, shows_costs)
    if status in _ENDED:
        code = f" with {run['failure_code']}" if run["failure_code"] and status != "succeeded" else ""
        return f"{_ENDED[status]} after {took}{code}"
    return f"{'Queued' if status == 'queued' else 'Running'} for {took}"


def _waiting(run: Mapping[str, Any], shows_costs: bool) -> str:
    said = _WAITING.get(run["waiting_for"], "Waiting")
    missing = missing_micro_usd(run["cost"])
    if run["waiting_for"] == "budget" and shows_costs and missing:
        return f"{said}: needs {money(missing)} more than the {money(run['cost']['limit_micro_usd'])} limit"
    return said


def missing_micro_usd(cost: Mapping[str, Any]) -> int | None:
    """Return by how much the worst case to finish passes what is left; None where it fits or nobody knows."""
    limit, worst = cost["limit_micro_usd"], cost["worst_to_finish_micro_usd"]
    if limit is None or worst is None:
        return None
    lacking = cost["spent_micro_usd"] + max(worst, cost["reserved_micro_usd"]) - limit
    return lacking if lacking > 0 else None
