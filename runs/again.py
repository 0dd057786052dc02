"""Runs done again: the same goal, plan and inputs as a run of their own. The first never changes."""

from __future__ import annotations

from agents.tenancy import Principal
from runs import lineage, selectors
from runs.engine.events import RunAccepted
from runs.models import Run
from runs.shell.reading.history import read_history, read_state
from runs.submission import submit


def rerun_run(*, principal: Principal, run_id: str, idempotency_key: str | None = None, fingerprint: str = "") -> tuple[Run, bool]:
    """Start a child run with the same goal, plan and inputs; return it and whether it is new. The parent never changes."""
    parent = selectors.get_run(tenant=principal.tenant, run_id=run_id)
    accepted = read_history(parent)[0].fact
    state = read_state(parent)
    assert isinstance(accepted, RunAccepted)
    return submit(
        principal=principal,
        agent_ref=parent.agent.public_id,
        goal=parent.goal,
        plan=state.plan,
        inputs=accepted.inputs,
        budget_micro_usd=accepted.terms.limit_micro_usd,
        priority=parent.priority,
        idempotency_key=idempotency_key,
        fingerprint=fingerprint,
        trace_id=parent.trace_id or None,
        parent=parent,
        relation=lineage.RERUN,
    )
