"""Reads of the catalog: entries and matches as the API, the console and `runtime.failure_catalog` show them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Count, F, Q, QuerySet

from agents.tenancy import scoped
from catalog.lookup import entry_of
from catalog.models import CatalogEntry, FailureMatch
from catalog.recovery import backoff_of
from skills.instants import instant, instant_or_none
from skills.taxonomy import spec_of

if TYPE_CHECKING:
    from agents.models import Tenant


def list_entries(*, tenant: Tenant | None, code: str | None = None, skill: str | None = None) -> QuerySet[CatalogEntry]:
    """Return what a tenant sees: the shared entries and its own. A skill keeps the entries for every skill in view."""
    seen = CatalogEntry.objects.filter(Q(tenant=None) | Q(tenant=tenant)).order_by("code", "skill", F("tenant_id").asc(nulls_first=True))
    if code is not None:
        seen = seen.filter(code=code)
    return seen if skill is None else seen.filter(skill__in=("", skill))


def catalog_json(*, tenant: Tenant | None, code: str | None = None, skill: str | None = None) -> dict[str, Any]:
    """Return the entries a tenant sees, whole: the catalog is a few dozen rows and needs no pages."""
    rows = list_entries(tenant=tenant, code=code, skill=skill).select_related("tenant")
    return {"data": [entry_json(row) for row in rows], "next_cursor": None}


def entry_json(row: CatalogEntry) -> dict[str, Any]:
    """Return an entry as published."""
    spec = spec_of(row.code)
    return {
        "id": row.pk,
        "code": row.code,
        "skill": row.skill or None,
        "scope": "tenant" if row.tenant_id else "shared",
        "category": row.category,
        "retryable": row.retryable,
        "http_status": spec.http_status,
        "when": spec.when,
        "mode": row.mode,
        "backoff": backoff_of(entry_of(row))._asdict(),
        "suggestions": row.suggestions,
        "doc_url": row.doc_url,
        "confidence": row.prior_confidence,
        "confidence_label": "prior",
        "version": row.version,
        "updated_at": instant(row.updated_at),
    }


def list_matches(
    *, tenant: Tenant, code: str | None = None, skill: str | None = None, signature: str | None = None, run_id: str | None = None
) -> QuerySet[FailureMatch]:
    """Return a tenant's failures, newest first; the caller pages."""
    wanted = {"code": code, "skill": skill, "signature": signature, "run_public_id": run_id}
    return scoped(FailureMatch.objects.filter(**{name: value for name, value in wanted.items() if value is not None}), tenant)


def match_json(row: FailureMatch) -> dict[str, Any]:
    """Return a failure match as published."""
    return {
        "id": row.public_id,
        "run_id": row.run_public_id,
        "seq": row.seq,
        "step_id": row.step_id or None,
        "attempt": row.attempt,
        "skill": row.skill or None,
        "skill_version": row.skill_version or None,
        "code": row.code,
        "category": row.category,
        "message": row.message,
        "signature": row.signature,
        "match_type": row.match_type,
        "entry": row.entry_id,
        "confidence": row.confidence,
        "decision": row.decision or None,
        "mode": row.mode or None,
        "recovery_attempted": row.recovery_attempted,
        "recovery_succeeded": row.recovery_succeeded,
        "injected": row.injected,
        "resolved_at": instant_or_none(row.resolved_at),
        "created_at": instant(row.created_at),
    }


def match_stats(*, tenant: Tenant, since: datetime | None = None) -> dict[str, Any]:
    """Return a tenant's failures by code, with how often recovery was tried and worked."""
    rows = scoped(FailureMatch.objects.filter(injected=False), tenant)
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    by_code = rows.values("code", "category").annotate(
        failures=Count("id"),
        missed=Count("id", filter=Q(match_type="miss")),
        attempted=Count("id", filter=Q(recovery_attempted=True)),
        succeeded=Count("id", filter=Q(recovery_succeeded=True)),
    )
    return {"data": [_with_rate(row) for row in by_code.order_by("-failures", "code")]}


def _with_rate(row: Mapping[str, Any]) -> dict[str, Any]:
    """Add the share of attempted recoveries that worked; None before the first attempt."""
    attempted = row["attempted"]
    return {**row, "recovery_success_rate": round(row["succeeded"] / attempted, 4) if attempted else None}


class Failed(NamedTuple):
    """A call that failed: of which run (row id) and step, of which skill, how, and what was decided about it."""

    run_id: int
    step_id: str
    skill: str
    skill_version: str
    code: str
    decision: str


def failed_calls(run_ids: Collection[int], *, limit: int) -> list[Failed]:
    """Return the calls of these runs that failed, in the order of their runs and journals; at most so many."""
    rows = FailureMatch.objects.filter(run_id__in=run_ids).exclude(step_id="").order_by("run_id", "seq")
    return [Failed(*row) for row in rows.values_list(*Failed._fields)[:limit]]


def past_of(tenant: Tenant, signature: str) -> tuple[int, float | None]:
    """Return how many failures of a signature a tenant has seen, and which part of the recoveries tried worked (None: none tried)."""
    rows = scoped(FailureMatch.objects.filter(signature=signature, injected=False), tenant)
    counts = rows.aggregate(
        seen=Count("pk"),
        tried=Count("pk", filter=Q(recovery_attempted=True)),
        worked=Count("pk", filter=Q(recovery_succeeded=True)),
    )
    return counts["seen"], round(counts["worked"] / counts["tried"], 4) if counts["tried"] else None
