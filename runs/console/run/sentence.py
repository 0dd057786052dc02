"""The sentence of a run's page, from its trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runs.console.run.waterfall import instant_ms
from runs.shell.sentence import Standing
from runs.shell.sentence import sentence as said


def sentence(trace: Mapping[str, Any], now_ms: int, *, shows_costs: bool) -> str:
    """Return how the run of a trace stands."""
    run = trace["run"]
    begun = instant_ms(run["created_at"]) or now_ms
    waits = [wait["from_ms"] for step in trace["steps"] for wait in step["waits"] if wait["until_ms"] is None]
    standing = Standing(
        status=run["status"],
        waiting_for=run["waiting_for"] or "",
        took_ms=(instant_ms(run["finished_at"]) or now_ms) - begun,
        done=run["steps_done"],
        total=run["steps_total"],
        retries=run["retries"],
        doubts=sum(step["status"] == "in_doubt" for step in trace["steps"]),
        failure_code=run["failure_code"] or "",
        missing_micro_usd=missing_micro_usd(run["cost"]),
        limit_micro_usd=run["cost"]["limit_micro_usd"],
        blocked_by=run["blocked_by"] or "",
        waiting_ms=max(0, now_ms - min(waits)) if waits else None,
    )
    return said(standing, shows_costs=shows_costs)


def missing_micro_usd(cost: Mapping[str, Any]) -> int | None:
    """Return by how much the worst case to finish passes what is left; None where it fits or nobody knows."""
    limit, worst = cost["limit_micro_usd"], cost["worst_to_finish_micro_usd"]
    if limit is None or worst is None:
        return None
    lacking = cost["spent_micro_usd"] + max(worst, cost["reserved_micro_usd"]) - limit
    return lacking if lacking > 0 else None
