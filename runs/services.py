"""Writes of runs: every way in which people and programs make a run or reach one. Each is one transaction, then a ring."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from agents import ledger
from agents.access.operating import refuse_non_operator
from agents.idempotency import key_reused
from agents.tenancy import Principal
from runs import selectors
from runs.again import preview_rerun, rerun_run
from runs.engine.events import CancelRequested, PauseRequested, ResumeRequested, ToppedUp
from runs.engine.state import State
from runs.people.deciding import decide_step
from runs.proof.live import replay_live
from runs.proof.replaying import replay_run
from runs.shell.clock import now_ms
from runs.shell.reading.history import read_state
from runs.signalling import put, refuse_if_over, rung, send
from runs.submission import submit
from skills.canonical import digest
from skills.contracts import HARMLESS_EFFECTS
from skills.ids import new_id
from skills.refusal import Refusal
from skills.requests import LARGEST_EXACT

__all__ = [
    "cancel_run",
    "decide_step",
    "in_flight_of",
    "pause_run",
    "preview_rerun",
    "replay_live",
    "replay_run",
    "rerun_run",
    "resume_run",
    "submit",
    "top_up_run",
]


def cancel_run(*, principal: Principal, run_id: str, reason: str = "") -> dict[str, Any]:
    """Ask a run to stop for good; say what is stopped now, what is in flight, and which effects may still land."""
    run = send(principal, run_id, CancelRequested(now_ms(), by=principal.name, reason=reason))
    state = read_state(run)
    in_flight = in_flight_of(state)
    return {
        "run_id": run_id,
        "requested": "cancel",
        "stopped": [key for key, s in state.steps.items() if s.status in ("pending", "waiting")],
        "in_flight": in_flight,
        "may_still_land": [call["step_id"] for call in in_flight if call["effect"] not in HARMLESS_EFFECTS],
    }


def in_flight_of(state: State) -> list[dict[str, Any]]:
    """Return the calls under way that somebody told to stop can still hear: step, attempt, and kind of effect."""
    calls = [state.steps[key] for key in state.in_flight if key in state.steps and state.steps[key].asked == "run"]
    effects = {call.key: state.pins[call.node].effect for call in calls if call.node in state.pins}
    return [{"step_id": call.key, "attempt": call.attempt, "effect": effects.get(call.key, "none")} for call in calls]


def pause_run(*, principal: Principal, run_id: str, reason: str = "") -> dict[str, Any]:
    """Ask a run to start no further step; what is under way finishes."""
    send(principal, run_id, PauseRequested(now_ms(), by=principal.name, reason=reason))
    return {"run_id": run_id, "requested": "pause"}


def resume_run(*, principal: Principal, run_id: str, reason: str = "") -> dict[str, Any]:
    """Let a paused run go on."""
    send(principal, run_id, ResumeRequested(now_ms(), by=principal.name, reason=reason))
    return {"run_id": run_id, "requested": "resume"}


def top_up_run(*, principal: Principal, run_id: str, amount_micro_usd: int, idempotency_key: str | None = None) -> dict[str, Any]:
    """Raise the limit of a run. The same key again changes nothing and answers the same, also when the run is over by then.

    `repeated` beside the answer says that it was so.
    """
    reference = f"{run_id}:topup:{digest([principal.name, idempotency_key])[:16] if idempotency_key else new_id('top')}"
    with transaction.atomic():
        run = selectors.get_run(tenant=principal.tenant, run_id=run_id, lock=True)
        refuse_non_operator(principal, "to raise what a run may spend")
        if run.limit_micro_usd is None:
            refuse_if_over(run)
            raise Refusal("INVALID_INPUT", "the run has no limit to raise", status=409, run_id=run_id)
        purse = ledger.RunPurse(run.tenant_id, run.agent_id, run_id, run.limit_micro_usd)
        try:
            raised = purse.raise_limit(amount_micro_usd, reference)
        except ledger.ReferenceReused:
            raise key_reused() from None
        if raised.limit_micro_usd is not None and raised.limit_micro_usd > LARGEST_EXACT:
            raise Refusal("INVALID_INPUT", "the limit would be larger than JSON can say exactly", status=422, run_id=run_id)
        if not raised.repeated:
            refuse_if_over(run)
            fact = ToppedUp(now_ms(), amount_micro_usd, raised.limit_micro_usd, by=principal.name)
            put(principal, run, fact)
    rung()
    told = {"run_id": run_id, "requested": "top_up", "amount_micro_usd": amount_micro_usd, "limit_micro_usd": raised.limit_micro_usd}
    return told | {"repeated": raised.repeated}
