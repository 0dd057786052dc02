"""Alerts of drift: opened once for what departs from its baseline, brought up to date while it lasts, closed by a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from pydantic import Field

from agents import audit
from agents.tenancy import Principal, one_scoped, scoped
from catalog.drift import Finding
from catalog.models import DriftAlert
from skills.instants import instant, instant_or_none
from skills.refusal import Refusal
from skills.requests import RequestModel

if TYPE_CHECKING:
    from agents.models import Tenant

Json = dict[str, Any]

OPEN, ACKNOWLEDGED, RESOLVED = "open", "acknowledged", "resolved"
STATES = (OPEN, ACKNOWLEDGED, RESOLVED)
LIVE = (OPEN, ACKNOWLEDGED)


class DriftReasonBody(RequestModel):
    """What somebody says about an alert."""

    reason: Annotated[str, Field(min_length=3, max_length=500)]


@dataclass(frozen=True)
class Departure:
    """What of a subject departs from its baseline, seen in what happened since an instant."""

    subject_kind: str
    subject: str
    since: datetime
    finding: Finding


def note(tenant: Tenant, departures: Iterable[Departure], now: datetime) -> list[DriftAlert]:
    """Keep an alert for each departure, and return those that are new. Inside the caller's transaction.

    What somebody resolved is quiet until all that is measured happened after that: then it is there again, as a new alert.
    """
    opened = [_noted(tenant, each, now) for each in departures]
    return [row for row in opened if row is not None]


def _noted(tenant: Tenant, departure: Departure, now: datetime) -> DriftAlert | None:
    rows = _same(tenant, departure)
    if rows.filter(state__in=LIVE).update(**_measured(departure), last_seen_at=now):
        return None
    if rows.filter(state=RESOLVED, closed_at__gt=departure.since).exists():
        return None
    kind = {"subject_kind": departure.subject_kind, "subject": departure.subject, "measure": departure.finding.measure}
    try:
        with transaction.atomic():
            return DriftAlert.objects.create(tenant=tenant, **kind, **_measured(departure), first_seen_at=now, last_seen_at=now)
    except IntegrityError:
        # Another look opened it at the same moment, and tells of it.
        return None


def _same(tenant: Tenant, departure: Departure) -> QuerySet[DriftAlert]:
    subject = {"subject_kind": departure.subject_kind, "subject": departure.subject, "measure": departure.finding.measure}
    return scoped(DriftAlert.objects.filter(**subject), tenant)


def _measured(departure: Departure) -> Json:
    found = departure.finding
    return {"baseline": found.baseline, "recent": found.recent, "score": found.score, "threshold": found.threshold}


# What people say


def acknowledge(*, principal: Principal, drift_id: str, reason: str) -> DriftAlert:
    """Say that somebody looks into it. Raises Refusal: NOT_FOUND, and 409 where it is no longer open."""
    return _decide(principal, drift_id, reason, (OPEN,), ACKNOWLEDGED)


def resolve(*, principal: Principal, drift_id: str, reason: str) -> DriftAlert:
    """Say what it was, and close it. Raises Refusal: NOT_FOUND, and 409 where it is closed already."""
    return _decide(principal, drift_id, reason, LIVE, RESOLVED)


@transaction.atomic
def _decide(principal: Principal, drift_id: str, reason: str, legal: tuple[str, ...], state: str) -> DriftAlert:
    row = one_scoped(DriftAlert.objects.select_for_update(), principal.tenant, "drift alert", public_id=drift_id)
    if row.state not in legal:
        raise Refusal("INVALID_INPUT", f"it is {row.state} already, by {row.by}: {row.reason}", status=409)
    row.state, row.by, row.reason = state, principal.name, reason
    row.closed_at = timezone.now() if state == RESOLVED else None
    row.save(update_fields=["state", "by", "reason", "closed_at"])
    said = "resolve" if state == RESOLVED else "acknowledge"
    audit.record(principal.tenant, f"drift.{said}", drift_id, by=principal.name, reason=reason)
    return row


# Reads


def list_alerts(
    *, tenant: Tenant, state: str | None = None, subject_kind: str | None = None, live: bool | None = None
) -> QuerySet[DriftAlert]:
    """Return a tenant's alerts with `created_at`, when each was opened; the caller pages."""
    wanted = {"state": state, "subject_kind": subject_kind}
    rows = scoped(DriftAlert.objects.filter(**{name: value for name, value in wanted.items() if value is not None}), tenant)
    if live is not None:
        rows = rows.filter(state__in=LIVE) if live else rows.filter(state=RESOLVED)
    return rows.annotate(created_at=F("first_seen_at")).order_by("-created_at", "-pk")


def get_alert(*, tenant: Tenant, drift_id: str) -> DriftAlert:
    """Return an alert. Raises Refusal NOT_FOUND."""
    return one_scoped(DriftAlert.objects.all(), tenant, "drift alert", public_id=drift_id)


def alert_json(row: DriftAlert) -> Json:
    """Return an alert as published."""
    return {
        "drift_id": row.public_id,
        "subject_kind": row.subject_kind,
        "subject": row.subject,
        "measure": row.measure,
        "direction": "up" if row.score > 0 else "down",
        "baseline": row.baseline,
        "recent": row.recent,
        "score": row.score,
        "threshold": row.threshold,
        "state": row.state,
        "by": row.by or None,
        "reason": row.reason or None,
        "first_seen_at": instant(row.first_seen_at),
        "last_seen_at": instant(row.last_seen_at),
        "closed_at": instant_or_none(row.closed_at),
    }
