"""Says something about a group of failures: fixed in a version, muted for a while; always by whom and why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from django.db import transaction
from django.utils import timezone
from pydantic import Field

from agents import audit
from agents.tenancy import Principal, not_found, scoped
from catalog.groups.reading import checked_signature
from catalog.groups.states import VERSION, order_of
from catalog.models import FailureGroup, FailureMatch
from skills.instants import instant
from skills.refusal import Refusal
from skills.requests import Instant, RequestModel

if TYPE_CHECKING:
    from agents.models import Tenant

LONGEST_MUTE = timedelta(days=365)
Reason = Annotated[str, Field(min_length=3, max_length=500)]


class FixedBody(RequestModel):
    reason: Reason
    version: Annotated[str, Field(pattern=VERSION)] | None = None


class MuteBody(RequestModel):
    reason: Reason
    until: Instant


class UnmuteBody(RequestModel):
    reason: Reason


def mark_fixed(*, principal: Principal, signature: str, reason: str, version: str = "") -> FailureGroup:
    """Call a group fixed, from a version of its skill on or from now on; what fails so after that is a regression.

    Raises Refusal NOT_FOUND, and where the version has failed so already.
    """
    _refuse_failed_version(principal.tenant, signature, version)
    return _mark(principal, signature, reason, fixed_in=version, fixed_at=timezone.now(), muted_until=None)


def mute(*, principal: Principal, signature: str, reason: str, until: datetime) -> FailureGroup:
    """Keep a group out of sight until an instant. Raises Refusal NOT_FOUND, and for an instant that is past or far off."""
    now = timezone.now()
    if not now < until <= now + LONGEST_MUTE:
        wrong = {"pointer": "/until", "code": "INVALID_INPUT", "detail": f"an instant after now and within {LONGEST_MUTE.days} days"}
        raise Refusal("SCHEMA_VALIDATION_FAILED", "a group cannot be muted until then", errors=[wrong])
    return _mark(principal, signature, reason, muted_until=until)


def unmute(*, principal: Principal, signature: str, reason: str) -> FailureGroup:
    """Bring a group back into sight; one that is in sight already stays there. Raises Refusal NOT_FOUND."""
    return _mark(principal, signature, reason, muted_until=None)


@transaction.atomic
def _mark(principal: Principal, signature: str, reason: str, **columns: Any) -> FailureGroup:
    if not _seen(principal.tenant, checked_signature(signature)).exists():
        raise not_found("group of failures")
    said = {**columns, "by": principal.name, "reason": reason}
    row, is_new = FailureGroup.objects.select_for_update().get_or_create(tenant=principal.tenant, signature=signature, defaults=said)
    if not is_new:
        for name, value in said.items():
            setattr(row, name, value)
        row.save(update_fields=list(said))
    what = "fixed" if "fixed_at" in columns else "mute" if columns.get("muted_until") else "unmute"
    audit.record(principal.tenant, f"failures.{what}", signature, by=principal.name, after=columns, reason=reason)
    return row


def _seen(tenant: Tenant, signature: str) -> Any:
    return scoped(FailureMatch.objects.filter(signature=signature, injected=False), tenant).order_by()


def _refuse_failed_version(tenant: Tenant, signature: str, version: str) -> None:
    fixed = order_of(version)
    if fixed is None:
        return
    versions = _seen(tenant, checked_signature(signature)).values_list("skill_version", flat=True).distinct()
    failed = sorted(each for each in versions if (order := order_of(each)) is not None and order >= fixed)
    if failed:
        wrong = {"pointer": "/version", "code": "INVALID_INPUT", "detail": f"{failed[-1]} has failed so already"}
        hint = f"Name a version after {failed[-1]}, or none: then it is fixed as of now, {instant(timezone.now())}."
        raise Refusal("SCHEMA_VALIDATION_FAILED", "that version does not hold the fix", errors=[wrong], suggestions=[hint])
