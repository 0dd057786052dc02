"""Decisions about recoveries as every skin makes them; an approval is made on what a replay of the last failures shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.reasons import TOO_SHORT, is_too_short
from catalog.learning import deciding
from catalog.learning.views import candidate_detail
from runs.recovery.shadow import shadow_report
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.tenancy import Principal

Json = dict[str, Any]


def approve(*, principal: Principal, candidate_id: str, reason: str = "") -> Json:
    """Approve a candidate: it is a policy in shadow from now on, with the report of what it would have done. Raises Refusal."""
    row = deciding.check_approval(principal=principal, candidate_id=candidate_id, reason=reason)
    report = shadow_report(principal.tenant, row)
    deciding.approve(principal=principal, candidate_id=candidate_id, reason=reason, shadow_report=report)
    return candidate_detail(tenant=principal.tenant, candidate_id=candidate_id)


def activate(*, principal: Principal, candidate_id: str, reason: str = "") -> Json:
    """Let a policy in shadow advise. Where its report names unsafe cases, whoever lets it says why. Raises Refusal."""
    row = deciding.candidate_of(principal.tenant, candidate_id)
    unsafe = (row.shadow_report or {}).get("unsafe", 0)
    if unsafe and is_too_short(reason):
        fault = {"pointer": "/reason", "code": "MISSING_REQUIRED_FIELD", "detail": TOO_SHORT}
        said = f"the policy would have repeated a call with an unsafe effect {unsafe} time{'s' * (unsafe > 1)}: say why it may"
        raise Refusal("SCHEMA_VALIDATION_FAILED", said, errors=[fault])
    deciding.activate(principal=principal, candidate_id=candidate_id, reason=reason)
    return candidate_detail(tenant=principal.tenant, candidate_id=candidate_id)


def reject(*, principal: Principal, candidate_id: str, reason: str = "") -> Json:
    """Turn an open candidate down. Raises Refusal."""
    deciding.reject(principal=principal, candidate_id=candidate_id, reason=reason)
    return candidate_detail(tenant=principal.tenant, candidate_id=candidate_id)


def withdraw(*, principal: Principal, candidate_id: str, reason: str = "") -> Json:
    """Take a policy back. Raises Refusal."""
    deciding.withdraw(principal=principal, candidate_id=candidate_id, reason=reason)
    return candidate_detail(tenant=principal.tenant, candidate_id=candidate_id)


def reopen(*, principal: Principal, candidate_id: str, reason: str = "") -> Json:
    """Let a candidate that was turned down or taken back be decided again. Raises Refusal."""
    deciding.reopen(principal=principal, candidate_id=candidate_id, reason=reason)
    return candidate_detail(tenant=principal.tenant, candidate_id=candidate_id)


ACTIONS = {"approve": approve, "activate": activate, "reject": reject, "withdraw": withdraw, "reopen": reopen}
