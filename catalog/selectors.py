"""Reads of the catalog: entries, their versions, and matches, as API, console and `runtime.failure_catalog` show them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Count, F, Q, QuerySet

from agents.freezes import OPERATOR
from agents.tenancy import not_found, scoped
from catalog.contracts import nearest_codes
from catalog.entries import SEEDED, UNCHANGED, EntryChange, export_documents, row_id
from catalog.lookup import entry_of
from catalog.models import CatalogEntry, EntryVersion, FailureMatch
from catalog.recovery import backoff_of
from catalog.versions import differences
from skills.instants import instant, instant_or_none
from skills.refusal import Refusal
from skills.taxonomy import CODES, spec_of

if TYPE_CHECKING:
    from agents.models import Tenant


def list_entries(*, tenant: Tenant | None, code: str | None = None, skill: str | None = None) -> QuerySet[CatalogEntry]:
    """Return what a tenant sees of what advises: the shared entries and its own. A skill keeps the entries for every skill in view."""
    seen = _seen_by(tenant).filter(removed_at__isnull=True).order_by("code", "skill", F("tenant_id").asc(nulls_first=True))
    if code is not None:
        seen = seen.filter(code=code)
    return seen if skill is None else seen.filter(skill__in=("", skill))


def _seen_by(tenant: Tenant | None) -> QuerySet[CatalogEntry]:
    return CatalogEntry.objects.filter(Q(tenant=None) | Q(tenant=tenant))


def get_entry(*, tenant: Tenant | None, entry_id: Any) -> CatalogEntry:
    """Return an entry a tenant sees, a removed one too. Raises Refusal NOT_FOUND alike for a missing one and another tenant's."""
    row = _seen_by(tenant).filter(pk=row_id(entry_id)).first()
    if row is None:
        raise not_found("catalog entry")
    return row


def catalog_json(*, tenant: Tenant | None, code: str | None = None, skill: str | None = None) -> dict[str, Any]:
    """Return the entries a tenant sees, whole: the catalog is a few dozen rows and needs no pages. Raises Refusal for an unknown code."""
    if code is not None and code not in CODES:
        raise _unknown(code)
    rows = list_entries(tenant=tenant, code=code, skill=skill).select_related("tenant")
    return {"data": [entry_json(row) for row in rows], "next_cursor": None}


def _unknown(code: str) -> Refusal:
    near = nearest_codes(code)
    hints = [f"Known codes that are spelt like it: {', '.join(near)}."] if near else ["GET /api/v1/catalog lists all codes."]
    fault = {"pointer": "/code", "code": "unknown_code", "detail": "no code of the taxonomy"}
    return Refusal("INVALID_INPUT", f"there is no failure code {code}", errors=[fault], suggestions=hints)


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
        "parameters": row.parameters,
        "confidence": row.prior_confidence if row.confidence is None else row.confidence,
        "confidence_label": "prior" if row.confidence is None else "measured",
        "prior_confidence": row.prior_confidence,
        "applied": row.applied,
        "succeeded": row.succeeded,
        "measured_at": instant_or_none(row.measured_at),
        "version": row.version,
        "updated_at": instant(row.updated_at),
        "removed_at": instant_or_none(row.removed_at),
    }


def versions_json(row: CatalogEntry, *, against: int | None = None, names_operator: bool = False) -> dict[str, Any]:
    """Return all versions of an entry, the newest first, each with what it changed since the one before it, or since `against`.

    Who changed what all tenants share is named to nobody but who runs the installation.
    """
    kept = list(EntryVersion.objects.filter(entry=row).order_by("version"))
    base = next((found.document for found in kept if found.version == against), None)
    if against is not None and base is None:
        raise not_found("version of this catalog entry")
    before = [base] * len(kept) if base is not None else [{}, *(found.document for found in kept)]
    masked = OPERATOR if row.tenant_id is None and not names_operator else None
    told = [_version_json(found, older, masked) for found, older in zip(kept, before, strict=False)]
    return {"data": told[::-1], "next_cursor": None}


def _version_json(found: EntryVersion, before: Mapping[str, Any], masked: str | None) -> dict[str, Any]:
    return {
        "version": found.version,
        "action": found.action,
        "by": masked if masked and found.action != SEEDED else found.by,
        "reason": found.reason,
        "at": instant(found.at),
        "document": found.document,
        "changes": [each._asdict() for each in differences(before, found.document)],
    }


def export_json(*, tenant: Tenant | None) -> dict[str, Any]:
    """Return the entries of a tenant (None: the shared ones) as one document."""
    return {"entries": export_documents(tenant)}


def changes_json(changes: Iterable[EntryChange], *, dry_run: bool) -> dict[str, Any]:
    """Return what an import changed, or in a dry run would change."""
    told = [
        {"code": each.code, "skill": each.skill or None, "action": each.action, "changes": [one._asdict() for one in each.differences]}
        for each in changes
    ]
    return {"dry_run": dry_run, "changed": sum(each["action"] != UNCHANGED for each in told), "data": told}


def list_matches(
    *, tenant: Tenant, code: str | None = None, skill: str | None = None, signature: str | None = None, run_id: str | None = None
) -> QuerySet[FailureMatch]:
    """Return a tenant's failures, newest first; the caller pages."""
    wanted = {"code": code, "skill": skill, "signature": signature, "run_public_id": run_id}
    given = {name: value for name, value in wanted.items() if value is not None}
    return scoped(FailureMatch.objects.filter(**given).select_related("candidate"), tenant)


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
        "grouped_by": grouped_json(row),
        "effect": row.effect or None,
        "phase": row.phase or None,
        "cost_micro_usd": row.cost_micro_usd,
        "match_type": row.match_type,
        "entry": row.entry_id,
        "confidence": row.confidence,
        "decision": row.decision or None,
        "mode": row.mode or None,
        "candidate": row.candidate.public_id if row.candidate else None,
        "shadow_mode": row.shadow_mode or None,
        "recovery_attempted": row.recovery_attempted,
        "recovery_succeeded": row.recovery_succeeded,
        "injected": row.injected,
        "recovered_by": row.recovered_by or None,
        "resolved_at": instant_or_none(row.resolved_at),
        "created_at": instant(row.created_at),
    }


def grouped_json(row: FailureMatch) -> dict[str, str | None]:
    """Return why a failure is grouped as it is: the fields all failures of its signature share."""
    return {"skill": row.skill or None, "code": row.code, "host": row.host or None, "cause": row.cause or None}


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
