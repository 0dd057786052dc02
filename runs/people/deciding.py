"""What a person decides for a step that waits: an approval, a question, a failure, an effect in doubt. Once, and checked."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from agents.access.members import APPROVING
from agents.access.operating import refuse_non_answerer
from agents.actors import is_same_actor
from agents.reasons import refuse_short
from agents.tenancy import Principal
from runs.engine.events import AnswerGiven, ApprovalDecided, Fact, VerdictGiven
from runs.engine.gates import why_ask
from runs.engine.starting import pin_of
from runs.engine.state import State, StepState
from runs.models import KnownHost, Run
from runs.people.answer_forms import checked_answer
from runs.people.editing import Edit, checked_edit, checked_params, refused, skill_of
from runs.shell.breaker import guarded_target
from runs.shell.clock import now_ms
from runs.shell.codec import decode_fact
from runs.shell.reading.history import read_state
from runs.signalling import locked, put, rung
from skills.base import ANYWHERE
from skills.contracts import Effect
from skills.refusal import Refusal

_VERDICTS = {
    "approval": ("approve", "reject"),
    "input": ("answer",),
    "escalation": ("retry", "modify", "skip", "abort"),
    "intervention": ("approve", "modify", "abort"),
    "in_doubt": ("happened", "did_not_happen", "probe_again"),
}


def needs_reason(verdict: str, effect: str, *, is_edited: bool = False) -> bool:
    """Tell whether a word on a call must say why: a no, and a yes to what cannot be taken back, or was edited.

    So must whatever is said of an effect in doubt. An answer need not, even one that ends a step that failed: it allows no other call.
    """
    return verdict == "reject" or is_edited or effect == Effect.IRREVERSIBLE


def decide_step(
    *,
    principal: Principal,
    run_id: str,
    step_id: str,
    verdict: str,
    action_hash: str | None = None,
    value: Any = None,
    reason: str = "",
    edit: Edit | None = None,
) -> dict[str, Any]:
    """Decide what a step waits for: an approval, a question, a failure somebody must look at, an effect in doubt. Once.

    With an `edit` a call is approved as that one, and no other. `reason` says why, where it must (`needs_reason`): else 422 at `/reason`.
    """
    reason = reason.strip()
    with transaction.atomic():
        run = locked(principal, run_id)
        _refuse_if_decided(run, step_id)
        state = read_state(run)
        waiting = state.steps.get(step_id)
        if waiting is None or waiting.reason not in _VERDICTS:
            raise Refusal("INVALID_INPUT", f"the step '{step_id}' waits for nobody", status=409, run_id=run_id)
        allowed = _VERDICTS[waiting.reason]
        if verdict not in allowed:
            raise refused("/verdict", "INVALID_INPUT", f"this step takes {', '.join(allowed)}")
        _refuse_too_late(run, waiting)
        if waiting.reason == "approval":
            _check_approver(principal, run, action_hash, waiting.action_hash)
            if needs_reason(verdict, pin_of(state, waiting).effect, is_edited=edit is not None):
                refuse_short(reason)
            fact: Fact = _word(state, waiting, verdict == "approve", edit, principal.name, reason)
            if verdict == "approve":
                _know_host(run, state, waiting, edit, principal.name)
        else:
            refuse_non_answerer(principal)
            if waiting.reason == "in_doubt":
                refuse_short(reason)
            if verdict == "modify":
                given = value.get("params", value) if isinstance(value, dict) else None
                value = {"params": checked_params(state, waiting, given, at="/value/params")}
            elif verdict == "answer":
                value = checked_answer((waiting.params or {}).get("form"), value)
            fact = _decision(waiting.reason, step_id, verdict, value, reason, principal.name)
        put(principal, run, fact)
    rung()
    return {"run_id": run_id, "step_id": step_id, "requested": verdict}


def _refuse_if_decided(run: Run, step_id: str) -> None:
    """Refuse where a decision about the step is on its way into the journal: what is decided is decided once."""
    for signal in run.signals.filter(consumed_seq__isnull=True):
        fact = decode_fact(signal.data)
        if isinstance(fact, ApprovalDecided | AnswerGiven | VerdictGiven) and fact.step == step_id:
            raise Refusal("INVALID_INPUT", f"already decided by {signal.actor}", status=409, run_id=run.public_id)


def _refuse_too_late(run: Run, waiting: StepState) -> None:
    """Refuse where time was up before anybody woke the run to say so: what silence means is decided by then."""
    expires_at_ms = waiting.expires_at_ms if waiting.reason in ("approval", "input") else None
    if expires_at_ms is not None and now_ms() >= expires_at_ms:
        raise Refusal("APPROVAL_EXPIRED", f"nobody decided about '{waiting.key}' in time", status=409, run_id=run.public_id)


def _check_approver(principal: Principal, run: Run, given: str | None, expected: str) -> None:
    if not principal.may(APPROVING):
        raise Refusal("PERMISSION_DENIED", f"this takes the scope {APPROVING}", run_id=run.public_id)
    if is_same_actor(run.tenant_id, principal.name, run.created_by):
        raise Refusal("PERMISSION_DENIED", "who asked for the run may not approve its steps", run_id=run.public_id)
    if given is None:
        raise refused("/action_hash", "MISSING_REQUIRED_FIELD", "say which action you decide on")
    if given != expected:
        raise refused("/action_hash", "INVALID_INPUT", "the step asks for another action by now", status=409)


def _word(state: State, step: StepState, approved: bool, edit: Edit | None, by: str, reason: str) -> ApprovalDecided:
    if edit is None:
        return ApprovalDecided(now_ms(), step.key, step.action_hash, approved, by=by, reason=reason)
    if not approved:
        raise refused(
            "/params", "INVALID_INPUT", "what is rejected cannot be edited; approve it with the edit, or leave the parameters out"
        )
    checked = checked_edit(state, step, edit)
    return ApprovalDecided(
        now_ms(), step.key, step.action_hash, approved, by=by, reason=reason, params=checked.params, edited_hash=checked.action_hash
    )


def _know_host(run: Run, state: State, step: StepState, edit: Edit | None, by: str) -> None:
    """Remember that a person let the agent call a host, where that is what the step asked for."""
    if not state.terms.approval_first_use:
        return
    pin = pin_of(state, step)
    target = guarded_target(skill_of(pin), step.params if edit is None else edit.params, pin.effect)
    rule = why_ask(state.nodes[step.node].approval, pin, state.terms, step.worst_micro_usd, target)
    # Of a call that may go anywhere nobody knows yet to which host it is let.
    if target and target != ANYWHERE and rule == "policy_by_first_use":
        KnownHost.objects.get_or_create(
            agent_id=run.agent_id,
            host=target,
            defaults={"tenant_id": run.tenant_id, "approved_by": by, "run_public_id": run.public_id},
        )


def _decision(waits_for: str, step_id: str, verdict: str, value: Any, reason: str, by: str) -> Fact:
    at = now_ms()
    if waits_for == "in_doubt":
        return VerdictGiven(at, step_id, verdict, by=by, reason=reason, result=value)  # type: ignore[arg-type]
    if waits_for == "input":
        return AnswerGiven(at, step_id, value, by=by)
    return AnswerGiven(at, step_id, (value if isinstance(value, dict) else {}) | {"action": verdict}, by=by)
