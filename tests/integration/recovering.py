"""Failures for tests of what is learned: stored through the real services, ended at instants the test chooses."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from agents.models import Agent, Tenant
from catalog.lookup import Lookup
from catalog.models import FailureMatch
from catalog.services import MatchRow, record_matches, resolve_matches
from catalog.signature import grouped_by
from skills.taxonomy import spec_of

_numbers = count(1)


def a_failure(
    tenant: Tenant,
    *,
    code: str = "TIMEOUT",
    skill: str = "http_call",
    message: str = "no answer from the host",
    target: str = "https://api.example.com/v1",
    agent: Agent | None = None,
    lookup: Lookup | None = None,
    **changes: Any,
) -> MatchRow:
    """Return a failure as the journal's writer reports it, with the catalog's own advice, in a run of its own."""
    number = next(_numbers)
    advice = (lookup or Lookup.load(tenant.pk)).advise(tenant.pk, skill, code, message, target)
    grouped = grouped_by(skill=skill, code=code, target=target, message=message)
    fields: dict[str, Any] = {
        "tenant_id": tenant.pk,
        "run_id": 1_000_000 + number,
        "run_public_id": f"run_{number:032x}",
        "agent_id": agent.pk if agent else None,
        "seq": 3,
        "step_id": "fetch",
        "attempt": 1,
        "skill": skill,
        "skill_version": "1.0.0",
        "code": code,
        "category": str(spec_of(code).category),
        "message": message,
        "host": grouped["host"],
        "cause": grouped["cause"],
        "effect": "read",
        "phase": "not_sent",
        "signature": advice.signature,
        "match_type": advice.match_type,
        "entry_id": advice.entry,
        "confidence": advice.confidence,
        "decision": "retry" if "RETRY" in advice.mode else "abort",
        "mode": str(advice.mode),
        "candidate": advice.candidate,
        "shadow_mode": advice.shadow_mode or "",
    }
    return MatchRow(**(fields | changes))


def fail(tenant: Tenant, *outcomes: bool | None, days_ago: float = 0, lookup: Lookup | None = None, **kind: Any) -> list[FailureMatch]:
    """Store one failure per outcome: recovered, not recovered, or None where its end is not known yet."""
    known = lookup or Lookup.load(tenant.pk)
    rows = [a_failure(tenant, lookup=known, **kind) for _ in outcomes]
    record_matches(rows)
    at = timezone.now() - timedelta(days=days_ago)
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome is not None:
            resolve_matches(row.run_id, row.step_id, outcome, at)
    stored = FailureMatch.objects.filter(run_id__in=[row.run_id for row in rows])
    _happened(stored, at)
    return list(stored.order_by("pk"))


def _happened(rows: Any, at: datetime) -> None:
    rows.update(created_at=at)
