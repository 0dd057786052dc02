"""The terms a run is accepted under, which are those it is simulated under."""

from __future__ import annotations

from agents.contracts import AgentProfile
from runs.engine.events import Terms


def terms_for(profile: AgentProfile, *, budget_micro_usd: int | None, deadline_at_ms: int | None) -> Terms:
    """Return the terms a run is accepted under: the profile's limits, and the caller's where they are tighter."""
    return Terms(
        max_parallel=profile.max_parallel_steps,
        deadline_at_ms=deadline_at_ms,
        limit_micro_usd=tighter(profile.budget.per_run_micro_usd, budget_micro_usd),
        per_step_max_micro_usd=profile.budget.per_step_max_micro_usd,
        allowed_skills=None if profile.allowed_skills is None else tuple(profile.allowed_skills),
        blocked_skills=tuple(profile.blocked_skills),
        approval_effects=tuple(profile.approval_effects),
        approval_above_micro_usd=profile.approval_above_micro_usd,
        approval_hosts=tuple(profile.approval_hosts),
        approval_first_use=profile.approval_first_use_of_host,
        approval_ttl_ms=profile.approval_ttl_ms,
        approval_escalate_after_ms=profile.approval_escalate_after_ms,
        approval_on_expiry=profile.approval_on_expiry,
        plan_may_waive=profile.plan_may_waive_approval,
        seek_grants=True,
        in_doubt_policy=profile.in_doubt_policy,
        on_exhausted=profile.budget.on_exhausted,
        max_attempts=profile.max_attempts,
        max_repetitions=profile.max_repetitions,
    )


def tighter(first: int | None, second: int | None) -> int | None:
    """Return the smaller of two limits, None being no limit."""
    given = [limit for limit in (first, second) if limit is not None]
    return min(given) if given else None
