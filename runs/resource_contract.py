"""`get_resource_contract`: what a run may use, fixed when it was accepted, its numbers read live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.contracts import (
    ApprovalNotice,
    Attempts,
    Concurrency,
    ResourceContract,
    RunBudget,
    ScopeMoney,
    Time,
)
from runs.engine.simulate import asks_first
from runs.engine.state import State
from runs.models import Run
from runs.selectors import get_run
from runs.shell.clock import as_datetime, now_ms
from runs.shell.reading.history import read_state
from runs.shell.summaries import reserved
from skills.instants import instant
from skills.registry import registry

if TYPE_CHECKING:
    from agents.models import Tenant


def get_resource_contract(*, tenant: Tenant, run_id: str) -> dict[str, Any]:
    """Return the resource contract of a run."""
    run = get_run(tenant=tenant, run_id=run_id)
    return contract_of(run, read_state(run), now_ms()).model_dump(mode="json")


def contract_of(run: Run, state: State, at_ms: int) -> ResourceContract:
    """Return the contract of a run in this state at this instant."""
    terms = state.terms
    held = 0 if state.finished else reserved(state)
    deadline = terms.deadline_at_ms
    until = at_ms if not state.finished else state.now_ms
    allowed = [name for name in registry.names() if terms.why_not(name) is None]
    budget = {
        "total_micro_usd": state.limit_micro_usd,
        "spent_micro_usd": state.spent_micro_usd,
        "reserved_micro_usd": held,
    }
    return ResourceContract(
        run_id=run.public_id,
        budget=RunBudget(
            **budget,
            per_step_max_micro_usd=terms.per_step_max_micro_usd,
            worst_case_to_finish_micro_usd=run.worst_to_finish_micro_usd,
        ),
        rate_limits=[],
        concurrency=Concurrency(max_parallel_steps=terms.max_parallel, running=len(state.in_flight)),
        time=Time(
            max_run_duration_ms=(deadline - state.accepted_at_ms) if deadline else 0,
            elapsed_ms=until - state.accepted_at_ms,
            remaining_ms=max(0, deadline - until) if deadline else 0,
            deadline_at=instant(as_datetime(deadline)) if deadline else None,
        ),
        attempts=Attempts(used=sum(step.attempt for step in state.steps.values() if step.node in state.nodes), left=None),
        allowed_skills=allowed,
        blocked_skills=list(terms.blocked_skills),
        allowed_hosts=state.means.get("allowed_hosts"),
        approvals=_approvals(state),
        scopes=[ScopeMoney(scope="run", key=run.public_id, **budget)],
    )


def _approvals(state: State) -> list[ApprovalNotice]:
    if not state.pins:
        return []
    asked = ((node, asks_first(node, state.pins[node.step_id], state.terms)) for node in state.nodes.values())
    return [ApprovalNotice(step_id=node.step_id, skill=node.skill, reason=reason) for node, reason in asked if reason is not None]
