"""Failures as tests of what is learned from them write them: stored as if they had happened at some instant, without runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agents.models import Tenant
from catalog.models import FailureMatch
from catalog.signature import signature_of
from skills.ids import new_id
from skills.taxonomy import CODES


def a_failure(tenant: Tenant, *, at: datetime, code: str = "TIMEOUT", skill: str = "http_call", **fields: Any) -> FailureMatch:
    """Store a failure; those of one code, skill, host and cause are of one signature."""
    host, cause = fields.pop("host", "api.example"), fields.pop("cause", "no answer")
    values = {
        "run_id": FailureMatch.objects.count() + 1,
        "run_public_id": new_id("run"),
        "seq": 3,
        "step_id": "a",
        "attempt": 1,
        "skill_version": "1.0.0",
        "category": CODES[code].category,
        "message": cause,
        "match_type": "code",
        "decision": "retry",
        "mode": "RETRY_WITH_JITTER",
    }
    signature = signature_of(skill=skill, code=code, target=f"https://{host}/" if host else "", message=cause)
    row = FailureMatch.objects.create(
        tenant=tenant, code=code, skill=skill, host=host, cause=cause, **{"signature": signature, **values, **fields}
    )
    FailureMatch.objects.filter(pk=row.pk).update(created_at=at)
    row.refresh_from_db()
    return row
