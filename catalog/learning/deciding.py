"""Decisions about recovery candidates: approved, activated, rejected, withdrawn, reopened. Each leaves a row that is never changed.

What the approval shows (the shadow report) is made above this app, where journals can be read, and handed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from agents import audit
from agents.actors import is_same_actor
from agents.tenancy import one_scoped
from catalog.learning.evidence import WORKED, evidence_of
from catalog.learning.states import ACTIVE, SHADOW, Standing, after, fault_in_reason, why_not
from catalog.models import RecoveryCandidate, RecoveryDecision
from skills.instants import instant, instant_or_none
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant
    from agents.tenancy import Principal

_SHADOW_COUNTS = ("failures", "replayed", "changed", "unsafe", "counts")


def candidate_of(tenant: Tenant, candidate_id: str, *, lock: bool = False) -> RecoveryCandidate:
    """Return a tenant's candidate. Raises Refusal NOT_FOUND."""
    rows = RecoveryCandidate.objects.select_related("entry", "tenant")
    return one_scoped(rows.select_for_update(of=("self",)) if lock else rows, tenant, "recovery candidate", public_id=candidate_id)


def check_approval(*, principal: Principal, candidate_id: str, reason: str = "") -> RecoveryCandidate:
    """Return the candidate if it may be approved now, before the effort of a shadow report. Raises Refusal as `approve`."""
    row = candidate_of(principal.tenant, candidate_id)
    _check(row, "approve", principal.name, reason)
    return row


def approve(*, principal: Principal, candidate_id: str, reason: str = "", shadow_report: Mapping[str, Any]) -> RecoveryCandidate:
    """Make an open candidate a policy in shadow: from now on failures say what it would have advised.

    Raises Refusal: 409 where it is not open or its entry is gone, PERMISSION_DENIED for one's own.
    """
    return _decide("approve", principal, candidate_id, reason, {"shadow_report": dict(shadow_report)})


def activate(*, principal: Principal, candidate_id: str, reason: str = "") -> RecoveryCandidate:
    """Let a policy that was in shadow advise. Raises Refusal: 409 where it was not, or where no report was made."""
    now = timezone.now()
    return _decide("activate", principal, candidate_id, reason, {"activated_at": now})


def reject(*, principal: Principal, candidate_id: str, reason: str) -> RecoveryCandidate:
    """Turn an open candidate down."""
    return _decide("reject", principal, candidate_id, reason, {})


def withdraw(*, principal: Principal, candidate_id: str, reason: str) -> RecoveryCandidate:
    """Take a policy back: workers stop asking it within seconds."""
    return _decide("withdraw", principal, candidate_id, reason, {})


def reopen(*, principal: Principal, candidate_id: str, reason: str = "") -> RecoveryCandidate:
    """Let a candidate that was turned down or taken back be decided again."""
    return _decide("reopen", principal, candidate_id, reason, {"shadow_report": None, "baseline": {}, "activated_at": None})


@transaction.atomic
def _decide(action: str, principal: Principal, candidate_id: str, reason: str, columns: Mapping[str, Any]) -> RecoveryCandidate:
    row = candidate_of(principal.tenant, candidate_id, lock=True)
    target = _check(row, action, principal.name, reason)
    for name, value in columns.items():
        setattr(row, name, value)
    if action == "activate":
        row.baseline = baseline_of(row)
        # Of an earlier time as a policy; this one is measured from now on.
        row.parts = {name: value for name, value in row.parts.items() if name != "effect"}
    seen = seen_numbers(row)
    row.state, row.policy = target
    row.decided_by, row.reason, row.decided_at = principal.name, reason.strip(), timezone.now()
    row.save(update_fields=[*{*columns, "baseline", "parts"}, "state", "policy", "decided_by", "reason", "decided_at", "updated_at"])
    RecoveryDecision.objects.create(candidate=row, action=action, by=principal.name, reason=reason.strip(), seen=seen)
    after_it = {"state": row.state, "policy": row.policy, "mode": row.mode, "signature": row.signature}
    audit.record(principal.tenant, f"recovery.{action}", row.public_id, by=principal.name, after=after_it, reason=reason)
    return row


def _check(row: RecoveryCandidate, action: str, by: str, reason: str) -> Standing:
    """Return where the action leads. Raises Refusal where it may not be."""
    standing = standing_of(row)
    target = after(action, standing)
    if target is None:
        raise Refusal("INVALID_INPUT", why_not(standing, row.decided_by), status=409)
    fault = fault_in_reason(action, reason)
    if fault:
        errors = [{"pointer": "/reason", "code": "SCHEMA_VALIDATION_FAILED", "detail": fault}]
        raise Refusal("SCHEMA_VALIDATION_FAILED", f"to {action} a candidate needs a reason", errors=errors)
    if target in (SHADOW, ACTIVE):
        _check_entry(row)
    if action == "approve" and settings.RECOVERY_FOUR_EYES and row.origin != "nightly" and is_same_actor(row.tenant_id, row.created_by, by):
        raise Refusal("PERMISSION_DENIED", "who suggested a recovery may not approve it", suggestions=["Ask somebody else to approve it."])
    if action == "activate" and row.shadow_report is None:
        raise Refusal("INVALID_INPUT", "a policy becomes active after it was seen in shadow; there is no report yet", status=409)
    return target


def standing_of(row: RecoveryCandidate) -> Standing:
    return Standing(row.state, row.policy)


def _check_entry(row: RecoveryCandidate) -> None:
    """Raise Refusal where the entry the candidate was made for is gone: what it was better than is no more."""
    named = (row.evidence or {}).get("entry")
    if (row.entry is not None and row.entry.removed_at is not None) or (row.entry is None and named):
        what = f"{named['code']}{' of ' + named['skill'] if named.get('skill') else ''}" if named else str(row.entry)
        raise Refusal(
            "INVALID_INPUT",
            f"the catalog entry for {what}, which this candidate was made beside, was removed",
            status=409,
            suggestions=["Suggest again for one of its failures, or restore the entry."],
        )


def seen_numbers(row: RecoveryCandidate) -> dict[str, Any]:
    """Return the numbers a decision is made on, as its row keeps them."""
    report = row.shadow_report or {}
    return {
        "mode": row.mode,
        "parameters": row.parameters,
        "policy": row.policy,
        "occurrences": row.occurrences,
        "confidence": row.parts,
        "baseline": row.baseline,
        "shadow_report": {name: report[name] for name in _SHADOW_COUNTS if name in report} or None,
    }


def baseline_of(row: RecoveryCandidate, until: datetime | None = None) -> dict[str, Any]:
    """Return how the failures of the signature went before a policy advised on them: came through of those that ended."""
    before = evidence_of(row.tenant).filter(signature=row.signature, resolved_at__isnull=False).exclude(candidate=row, shadow_mode="")
    before = before if until is None else before.filter(created_at__lt=until)
    counts = before.aggregate(failures=Count("pk"), recovered=Count("pk", filter=WORKED))
    rate = round(counts["recovered"] / counts["failures"], 4) if counts["failures"] else None
    return {**counts, "rate": rate, "since": instant_or_none(row.first_seen_at), "until": instant(until or timezone.now())}
