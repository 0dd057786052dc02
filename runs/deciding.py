"""What a person decides for a step that waits: an approval, a question, a failure, an effect in doubt. Once, and checked."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from pydantic import ValidationError

from agents.tenancy import Principal
from runs.engine.events import AnswerGiven, ApprovalDecided, Fact, Pin, VerdictGiven
from runs.engine.starting import pin_of
from runs.models import Run
from runs.shell.clock import now_ms
from runs.shell.codec import decode_fact
from runs.shell.reading.history import read_state
from runs.signalling import locked, put, rung
from skills.contracts import faults_of
from skills.refusal import Refusal
from skills.registry import registry

_VERDICTS = {
    "approval": ("approve", "reject"),
    "input": ("answer",),
    "escalation": ("retry", "modify", "skip", "abort"),
    "intervention": ("approve", "modify", "abort"),
    "in_doubt": ("happened", "did_not_happen", "probe_again"),
}


def decide_step(
    *, principal: Principal, run_id: str, step_id: str, verdict: str, action_hash: str | None = None, value: Any = None, reason: str = ""
) -> dict[str, Any]:
    """Decide what a step waits for: an approval, a question, a failure somebody must look at, an effect in doubt. Once."""
    with transaction.atomic():
        run = locked(principal, run_id)
        _refuse_if_decided(run, step_id)
        state = read_state(run)
        waiting = state.steps.get(step_id)
        if waiting is None or waiting.reason not in _VERDICTS:
            raise Refusal("INVALID_INPUT", f"the step '{step_id}' waits for nobody", status=409, run_id=run_id)
        allowed = _VERDICTS[waiting.reason]
        if verdict not in allowed:
            raise _fault("/verdict", "INVALID_INPUT", f"this step takes {', '.join(allowed)}")
        if waiting.reason == "approval":
            _check_approver(principal, run, action_hash, waiting.action_hash)
        if verdict == "modify":
            value = {"params": _checked_params(pin_of(state, waiting), value)}
        fact = _decision(waiting.reason, step_id, verdict, waiting.action_hash, value, reason, principal.name)
        put(principal, run, fact)
    rung()
    return {"run_id": run_id, "step_id": step_id, "requested": verdict}


def _refuse_if_decided(run: Run, step_id: str) -> None:
    """Refuse where a decision about the step is on its way into the journal: what is decided is decided once."""
    for signal in run.signals.filter(consumed_seq__isnull=True):
        fact = decode_fact(signal.data)
        if isinstance(fact, ApprovalDecided | AnswerGiven | VerdictGiven) and fact.step == step_id:
            raise Refusal("INVALID_INPUT", f"already decided by {signal.actor}", status=409, run_id=run.public_id)


def _checked_params(pin: Pin, value: Any) -> dict[str, Any]:
    """Return the parameters a person gives for a call, `{"params": {…}}` or bare. Raises Refusal with a pointer to each fault."""
    given = value.get("params", value) if isinstance(value, dict) else None
    if not isinstance(given, dict):
        raise _fault("/value", "INVALID_INPUT", "give the parameters to go on with as an object")
    skill = registry.resolve(pin.skill, pin.version)
    if skill is None:
        raise Refusal("SKILL_NOT_FOUND", f"{pin.skill} {pin.version} is not registered here", status=409)
    try:
        skill.Params.model_validate(given)
    except ValidationError as error:
        faults = [fault.model_dump() | {"pointer": f"/value/params{fault.pointer}"} for fault in faults_of(error)]
        raise Refusal("SCHEMA_VALIDATION_FAILED", f"the parameters break the schema of {pin.skill}", status=422, errors=faults) from error
    return given


def _fault(pointer: str, code: str, detail: str, status: int = 422) -> Refusal:
    return Refusal(code, detail, status=status, errors=[{"pointer": pointer, "code": code, "detail": detail}])


def _check_approver(principal: Principal, run: Run, given: str | None, expected: str) -> None:
    if principal.name == run.created_by:
        raise Refusal("PERMISSION_DENIED", "who asked for the run may not approve its steps", run_id=run.public_id)
    if given is None:
        raise _fault("/action_hash", "MISSING_REQUIRED_FIELD", "say which action you decide on")
    if given != expected:
        raise _fault("/action_hash", "INVALID_INPUT", "the step asks for another action by now", status=409)


def _decision(waits_for: str, step_id: str, verdict: str, action_hash: str, value: Any, reason: str, by: str) -> Fact:
    at = now_ms()
    if waits_for == "approval":
        return ApprovalDecided(at, step_id, action_hash, verdict == "approve", by=by, reason=reason)
    if waits_for == "in_doubt":
        return VerdictGiven(at, step_id, verdict, by=by, reason=reason, result=value)  # type: ignore[arg-type]
    if waits_for == "input":
        return AnswerGiven(at, step_id, value, by=by)
    return AnswerGiven(at, step_id, (value if isinstance(value, dict) else {}) | {"action": verdict}, by=by)
