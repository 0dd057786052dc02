"""`execute`: one skill call as a run of one step, so that it too is budgeted, recorded, matched and replayable."""

from __future__ import annotations

from functools import partial
from typing import Any

from agents.selectors import default_agent
from agents.tenancy import Principal
from catalog.selectors import past_of
from runs import services
from runs.models import Run, RunStatus
from runs.selectors import get_run
from runs.shell.reading.history import read_history, read_state
from runs.shell.reading.outcomes import latest_outcome
from runs.waiting import LONGEST_WAIT_S, wait_until
from skills.refusal import Refusal

STEP = "call"


def execute(
    *, principal: Principal, skill: str, params: dict[str, Any], version: str | None = None, agent_ref: str | None = None
) -> dict[str, Any]:
    """Call a skill through a worker and return its StructuredOutcome with the id of the run that recorded it; see `execute_once`."""
    return execute_once(principal=principal, skill=skill, params=params, version=version, agent_ref=agent_ref)[0]


def execute_once(
    *,
    principal: Principal,
    skill: str,
    params: dict[str, Any],
    version: str | None = None,
    agent_ref: str | None = None,
    idempotency_key: str | None = None,
    fingerprint: str = "",
    trace_id: str | None = None,
    caller_trace: str | None = None,
) -> tuple[dict[str, Any], bool]:
    """Call a skill; with the outcome, return whether the call was made before with the same idempotency key.

    Raises Refusal for a call that is no valid plan, and TIMEOUT, naming the run, where no outcome came within a minute.
    """
    agent = agent_ref or default_agent(tenant=principal.tenant).public_id
    plan = {"steps": [{"step_id": STEP, "skill": skill, "version": version, "params": params}], "goal": f"execute {skill}"}
    run, created = services.submit(
        principal=principal,
        agent_ref=agent,
        plan=plan,
        idempotency_key=idempotency_key,
        fingerprint=fingerprint,
        trace_id=trace_id,
        caller_trace=caller_trace,
    )
    ended = wait_until(lambda: get_run(tenant=principal.tenant, run_id=run.public_id), _is_over, seconds=LONGEST_WAIT_S)
    return _outcome(ended), not created


def _is_over(run: Run) -> bool:
    return run.is_terminal or (run.status == RunStatus.WAITING and run.waiting_for != "timer")


def _outcome(run: Run) -> dict[str, Any]:
    history = read_history(run)
    past = partial(past_of, run.tenant)
    outcome = latest_outcome(read_state(run), history, past=past, trace_id=run.trace_id or None)
    if outcome is None:
        detail = f"the call is {run.status}{f' ({run.waiting_for})' if run.waiting_for else ''}; its run goes on"
        raise Refusal("TIMEOUT", detail, run_id=run.public_id, suggestions=["Look at the run, or start a worker: manage.py work."])
    return outcome.model_dump(mode="json") | {"run_id": run.public_id}
