"""Many approvals by one word: each is decided on its own, by the same service as one alone, and each says what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agents.reasons import refuse_short
from agents.tenancy import Principal
from runs.people import approvals
from skills.contracts import Effect
from skills.refusal import Refusal

Json = dict[str, Any]

MOST_AT_ONCE = 100
NEVER_TOGETHER = Effect.IRREVERSIBLE


def decide_all(*, principal: Principal, decisions: Sequence[Mapping[str, str]], approve: bool, reason: str) -> list[Json]:
    """Decide calls one after the other; what is refused of one keeps no other from being decided.

    Raises Refusal (422), with nothing decided, for a word that does not say why: it is on calls nobody reads one by one.
    """
    refuse_short(reason)
    return [_decided(principal, each, approve=approve, reason=reason) for each in decisions]


def _decided(principal: Principal, each: Mapping[str, str], *, approve: bool, reason: str) -> Json:
    run_id, step_id = each["run_id"], each["step_id"]
    where: Json = {"run_id": run_id, "step_id": step_id}
    try:
        told = approvals.approval_json(tenant=principal.tenant, run_id=run_id, step_id=step_id)
        if told["effect"] == NEVER_TOGETHER:
            hint = f"POST /api/v1/approvals/{run_id}/{step_id}/{'approve' if approve else 'reject'}"
            return where | {"result": "refused", "detail": f"what cannot be taken back is decided one by one: {hint}"}
        approvals.decide(
            principal=principal, run_id=run_id, step_id=step_id, approve=approve, action_hash=each["action_hash"], reason=reason
        )
    except Refusal as refusal:
        return where | _not_decided(principal, run_id, step_id, refusal)
    return where | {"result": "decided", "detail": "approved" if approve else "rejected"}


def _not_decided(principal: Principal, run_id: str, step_id: str, refusal: Refusal) -> Json:
    if refusal.code == "NOT_FOUND":
        by = last_word(principal, run_id, step_id)
        return {"result": "already_decided", "detail": by} if by else {"result": "not_waiting", "detail": "it waits for no approval"}
    if refusal.code == "APPROVAL_EXPIRED":
        return {"result": "not_waiting", "detail": refusal.detail}
    if refusal.status == 409 and any(fault["pointer"] == "/action_hash" for fault in refusal.errors):
        return {"result": "changed", "detail": "the step asks for another action by now"}
    if refusal.status == 409:
        return {"result": "already_decided", "detail": refusal.detail}
    return {"result": "refused", "detail": refusal.detail}


def last_word(principal: Principal, run_id: str, step_id: str) -> str:
    """Return who decided about a step that waits no more, and how, in words; "" where nobody did."""
    entries = list(approvals.decisions_in([principal.tenant], run_id=run_id)[:MOST_AT_ONCE])
    told = next((each for each in approvals.decisions_json(entries) if each["step_id"] == step_id), None)
    return "" if told is None else f"already decided by {told['by']}: {'approved' if told['approved'] else 'rejected'}"
