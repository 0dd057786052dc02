"""`get_resource_contract`: what a run may use, fixed when it was accepted, its numbers read live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.contracts import (
    AgentProfile,
    ApprovalNotice,
    Attempts,
    Concurrency,
    RateLimit,
    ResourceContract,
    RunBudget,
    RunsNow,
    ScopeMoney,
    Shortage,
    Time,
    WhoMay,
)
from agents.ledger import scopes_of_run
from agents.rates import rates_of
from runs.engine.simulate import asks_first
from runs.engine.state import State
from runs.models import Run, RunStatus
from runs.selectors import get_run, subtree_spent
from runs.shell.clock import as_datetime, now_ms
from runs.shell.reading.history import read_state
from runs.shell.summaries import blocked_by, reserved
from skills.instants import instant
from skills.registry import registry

if TYPE_CHECKING:
    from agents.models import Tenant

# The tables of who may what: console roles, scopes of API keys.
_TOP_UP_RUN = WhoMay(roles=["operator", "tenant_admin"], api_scopes=["runs:write"])
_SET_BUDGET = WhoMay(roles=["tenant_admin"], api_scopes=["budgets:write"])
_ANSWER = WhoMay(roles=["operator", "tenant_admin"], api_scopes=["runs:write"])


def get_resource_contract(*, tenant: Tenant, run_id: str) -> dict[str, Any]:
    """Return the resource contract of a run."""
    run = get_run(tenant=tenant, run_id=run_id)
    return contract_of(run, read_state(run), now_ms()).model_dump(mode="json")


def contract_of(run: Run, state: State, at_ms: int) -> ResourceContract:
    """Return the contract of a run in this state at this instant."""
    terms = state.terms
    return ResourceContract(
        run_id=run.public_id,
        blocked_by=blocked_by(state) or None,
        budget=_budget(run, state),
        rate_limits=_rates(run, state),
        concurrency=_concurrency(run, state),
        time=_time(state, at_ms),
        attempts=Attempts(used=state.calls, left=None if terms.max_attempts is None else max(0, terms.max_attempts - state.calls)),
        allowed_skills=[name for name in registry.names() if terms.why_not(name) is None],
        blocked_skills=list(terms.blocked_skills),
        allowed_hosts=state.means.get("allowed_hosts"),
        approvals=_approvals(run, state),
        scopes=_scopes(run, state, at_ms),
    )


def _budget(run: Run, state: State) -> RunBudget:
    return RunBudget(
        total_micro_usd=state.limit_micro_usd,
        spent_micro_usd=state.spent_micro_usd,
        reserved_micro_usd=0 if state.finished else reserved(state),
        per_step_max_micro_usd=state.terms.per_step_max_micro_usd,
        worst_case_to_finish_micro_usd=run.worst_to_finish_micro_usd,
        # Of the others as their rows say, of the run itself as its journal does, which may be ahead of its row.
        subtree_spent_micro_usd=subtree_spent(run) - run.spent_micro_usd + state.spent_micro_usd,
        on_exhausted=state.terms.on_exhausted,
        may_top_up=_TOP_UP_RUN,
        shortage=_shortage(run, state) if state.waiting_for == "budget" else None,
    )


def _shortage(run: Run, state: State) -> Shortage:
    return Shortage(
        scope=state.short_scope,
        missing_micro_usd=state.missing_micro_usd,
        cost_to_finish_micro_usd=run.worst_to_finish_micro_usd,
        retry_at=None if state.funds_due_ms is None else instant(as_datetime(state.funds_due_ms)),
        may_top_up=_TOP_UP_RUN if state.short_scope.startswith("run:") else _SET_BUDGET,
    )


def _rates(run: Run, state: State) -> list[RateLimit]:
    # The skills as the run may use them, not as its agent may by now.
    allowed = state.terms.allowed_skills
    means = AgentProfile(allowed_skills=None if allowed is None else list(allowed), blocked_skills=list(state.terms.blocked_skills))
    return rates_of(run.tenant_id, run.agent, means, state.means.get("rate_limits") or ())


def _concurrency(run: Run, state: State) -> Concurrency:
    running = Run.objects.filter(tenant_id=run.tenant_id, status=RunStatus.RUNNING)
    return Concurrency(
        max_parallel_steps=state.terms.max_parallel,
        running=len(state.in_flight),
        agent_runs=RunsNow(running=running.filter(agent_id=run.agent_id).count(), limit=run.agent.max_concurrent_runs),
        tenant_runs=RunsNow(running=running.count(), limit=run.tenant.max_concurrent_runs),
    )


def _time(state: State, at_ms: int) -> Time:
    deadline = state.terms.deadline_at_ms
    until = state.now_ms if state.finished else at_ms
    return Time(
        max_run_duration_ms=(deadline - state.accepted_at_ms) if deadline else 0,
        elapsed_ms=until - state.accepted_at_ms,
        remaining_ms=max(0, deadline - until) if deadline else 0,
        deadline_at=instant(as_datetime(deadline)) if deadline else None,
    )


def _approvals(run: Run, state: State) -> list[ApprovalNotice]:
    if not state.pins:
        return []
    known = ((node, state.steps[node.step_id]) for node in state.nodes.values())
    asked = ((node, asks_first(node, state.pins[node.step_id], state.terms, step.worst_micro_usd, step.target)) for node, step in known)
    approve = WhoMay(roles=["approver", "tenant_admin"], api_scopes=["approvals:write"], not_by=run.created_by or None)
    return [
        ApprovalNotice(step_id=node.step_id, skill=node.skill, reason=reason, asks=_ANSWER if state.pins[node.step_id].asks else approve)
        for node, reason in asked
        if reason is not None
    ]


def _scopes(run: Run, state: State, at_ms: int) -> list[ScopeMoney]:
    """Return every scope the run draws on, the widest first, as the ledger has it now."""
    standing = scopes_of_run(
        tenant_id=run.tenant_id,
        agent_id=run.agent_id,
        run_id=run.public_id,
        ancestors=state.means.get("ancestors") or (),
        models=state.granted_by_model,
        limit_micro_usd=state.limit_micro_usd,
        at_ms=at_ms,
    )
    return [
        ScopeMoney(
            scope=each.scope,
            kind=each.kind,
            key=each.key,
            day=each.day,
            total_micro_usd=each.limit_micro_usd,
            spent_micro_usd=each.spent_micro_usd,
            reserved_micro_usd=each.reserved_micro_usd,
        )
        for each in standing
    ]
