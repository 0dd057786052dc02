"""REST routes of the catalog and of failures: translate in, one call, translate out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.urls import path
from drf_spectacular.utils import extend_schema
from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.idempotency import IDEMPOTENCY_KEY, answered_once
from agents.pagination import PageQuery, page_json
from agents.reasons import WhyChanged
from agents.tenancy import principal_of
from catalog import entries
from catalog.api.telling import told_to
from catalog.contracts import Confidence, MatchType, RecoveryParameters
from catalog.selectors import (
    catalog_json,
    changes_json,
    entry_json,
    export_json,
    get_entry,
    list_matches,
    match_json,
    match_stats,
    versions_json,
)
from skills.contracts import Name
from skills.requests import RequestModel, parse_body, parse_query
from skills.taxonomy import Category, RecoveryMode

Code = Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,64}$")]
Reason = Annotated[WhyChanged, Field(description="Why, for who reads it.")]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
Share = Annotated[float, Field(ge=0, le=1)]
Suggestions = Annotated[list[str], Field(max_length=10)]


class CatalogQuery(RequestModel):
    code: Code | None = None
    skill: Name | None = None


class Pace(RequestModel):
    max_attempts: int
    first_ms: int
    cap_ms: int
    factor: float


class EntryView(RequestModel):
    """A catalog entry as the API shows it."""

    id: int
    code: str
    skill: str | None
    scope: Literal["shared", "tenant"]
    category: Category
    retryable: bool
    http_status: int
    when: str
    mode: RecoveryMode
    backoff: Pace
    suggestions: list[str]
    doc_url: str
    parameters: dict[str, Any]
    confidence: float
    confidence_label: Confidence
    prior_confidence: float
    applied: int
    succeeded: int
    measured_at: datetime | None
    version: int
    updated_at: datetime
    removed_at: datetime | None


class CatalogView(RequestModel):
    data: list[EntryView]
    next_cursor: None


class EntryBody(RequestModel):
    """An override: what to do about a code, or about a code of one skill, instead of what the shared catalog says."""

    code: str
    skill: Name | None = None
    mode: RecoveryMode | None = None
    parameters: RecoveryParameters = RecoveryParameters()
    suggestions: Suggestions = []
    doc_url: str | None = None
    prior_confidence: Share = 0.5
    reason: Reason


class EntryChanges(RequestModel):
    """What to change in which version; given parameters replace the old ones whole."""

    version: Version
    reason: Reason
    mode: RecoveryMode | None = None
    parameters: RecoveryParameters | None = None
    suggestions: Suggestions | None = None
    doc_url: str | None = None
    prior_confidence: Share | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _no_null(cls, value: Any) -> Any:
        if value is None:
            raise PydanticCustomError("null_not_allowed", "leave a field out to keep it; null is no value here")
        return value


class RemoveQuery(RequestModel):
    version: Version | None = Field(default=None, description="The version you have read; refused where it is another by now.")
    reason: Reason


class RestoreBody(RequestModel):
    """Brings a removed entry back, or any entry to what it said in an earlier version."""

    version: Version | None = None
    to_version: Version | None = None
    reason: Reason


class VersionsQuery(RequestModel):
    against: Version | None = Field(default=None, description="Compare each version with this one instead of the one before it.")


class FieldChange(RequestModel):
    pointer: str
    before: Any
    after: Any


class VersionView(RequestModel):
    """An entry as it stood after one change, and what the change was."""

    version: int
    action: str
    by: str
    reason: str
    at: datetime
    document: dict[str, Any]
    changes: list[FieldChange]


class VersionsView(RequestModel):
    data: list[VersionView]
    next_cursor: None


class ExportView(RequestModel):
    entries: list[dict[str, Any]]


class ImportBody(RequestModel):
    """Entries as they are exported; a dry run says what would change and changes nothing."""

    entries: list[Any]
    dry_run: bool = False
    reason: Reason


class EntryChangeView(RequestModel):
    code: str
    skill: str | None
    action: Literal["created", "edited", "restored", "unchanged"]
    changes: list[FieldChange]


class ImportView(RequestModel):
    dry_run: bool
    changed: int
    data: list[EntryChangeView]


class MatchQuery(PageQuery):
    code: Code | None = None
    skill: Name | None = None
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    run_id: Annotated[str, Field(pattern=r"^run_[0-9a-f]{32}$")] | None = None


class GroupedBy(RequestModel):
    """What all failures of a signature share."""

    skill: str | None
    code: str
    host: str | None
    cause: str | None


class MatchView(RequestModel):
    """A failure as the API shows it: what it was, what the catalog said, what was decided, what came of it.

    What a role is not told on the console is null: what was said, its cause, where the call went, what it cost.
    """

    id: str
    run_id: str
    seq: int
    step_id: str | None
    attempt: int
    skill: str | None
    skill_version: str | None
    code: str
    category: Category
    message: str | None
    signature: str
    grouped_by: GroupedBy
    effect: str | None
    phase: str | None
    cost_micro_usd: int | None
    match_type: MatchType
    entry: int | None
    confidence: float | None
    decision: str | None
    mode: RecoveryMode | None
    candidate: str | None
    shadow_mode: RecoveryMode | None
    recovery_attempted: bool
    recovery_succeeded: bool | None
    recovered_by: str | None
    injected: bool
    resolved_at: datetime | None
    created_at: datetime


class MatchPage(RequestModel):
    data: list[MatchView]
    next_cursor: str | None


class CodeCount(RequestModel):
    """How often a code came up, and how often recovering from it was tried and worked."""

    code: str
    category: Category
    failures: int
    missed: int
    attempted: int
    succeeded: int
    recovery_success_rate: float | None


class StatsView(RequestModel):
    data: list[CodeCount]


class Catalog(APIView):
    required_scopes = {"GET": "catalog:read", "POST": "catalog:write"}

    @extend_schema(operation_id="catalog_list", parameters=[CatalogQuery], responses={200: CatalogView})
    def get(self, request: Request) -> Response:
        query = parse_query(CatalogQuery, request.query_params)
        return Response(catalog_json(tenant=request.user.tenant, code=query.code, skill=query.skill))

    @extend_schema(operation_id="catalog_create", parameters=[IDEMPOTENCY_KEY], request=EntryBody, responses={201: EntryView})
    @answered_once()
    def post(self, request: Request) -> Response:
        body, principal = parse_body(EntryBody, request.data), principal_of(request)
        document = body.model_dump(mode="json", exclude={"reason"}, exclude_none=True)
        made = entries.create_entry(tenant=principal.tenant, document=document, by=principal.name, reason=body.reason)
        return Response(entry_json(made), status=201, headers={"Location": f"/api/v1/catalog/{made.pk}"})


class OneEntry(APIView):
    required_scopes = {"GET": "catalog:read", "PATCH": "catalog:write", "DELETE": "catalog:write"}

    @extend_schema(operation_id="catalog_get", responses={200: EntryView})
    def get(self, request: Request, entry_id: str) -> Response:
        return Response(entry_json(get_entry(tenant=principal_of(request).tenant, entry_id=entry_id)))

    @extend_schema(operation_id="catalog_update", request=EntryChanges, responses={200: EntryView})
    def patch(self, request: Request, entry_id: str) -> Response:
        body = parse_body(EntryChanges, request.data)
        changes = body.model_dump(mode="json", exclude={"version", "reason"}, exclude_unset=True)
        return Response(entry_json(entries.update_entry(entry_id=entry_id, changes=changes, **_asked(request, body))))

    @extend_schema(operation_id="catalog_delete", parameters=[RemoveQuery], responses={200: EntryView})
    def delete(self, request: Request, entry_id: str) -> Response:
        query = parse_query(RemoveQuery, request.query_params)
        return Response(entry_json(entries.remove_entry(entry_id=entry_id, **_asked(request, query))))


class RestoreEntry(APIView):
    required_scopes = {"POST": "catalog:write"}

    @extend_schema(operation_id="catalog_restore", request=RestoreBody, responses={200: EntryView})
    def post(self, request: Request, entry_id: str) -> Response:
        body = parse_body(RestoreBody, request.data)
        return Response(entry_json(entries.restore_entry(entry_id=entry_id, to_version=body.to_version, **_asked(request, body))))


def _asked(request: Request, asked: EntryChanges | RemoveQuery | RestoreBody) -> dict[str, Any]:
    """Return who wants a change of which version and why, as the services take it."""
    principal = principal_of(request)
    return {"tenant": principal.tenant, "by": principal.name, "reason": asked.reason, "expected_version": asked.version}


class EntryVersions(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="catalog_versions", parameters=[VersionsQuery], responses={200: VersionsView})
    def get(self, request: Request, entry_id: str) -> Response:
        query = parse_query(VersionsQuery, request.query_params)
        row = get_entry(tenant=principal_of(request).tenant, entry_id=entry_id)
        return Response(versions_json(row, against=query.against))


class ExportCatalog(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="catalog_export", responses={200: ExportView})
    def get(self, request: Request) -> Response:
        parse_query(RequestModel, request.query_params)
        return Response(export_json(tenant=principal_of(request).tenant))


class ImportCatalog(APIView):
    required_scopes = {"POST": "catalog:write"}

    @extend_schema(operation_id="catalog_import", parameters=[IDEMPOTENCY_KEY], request=ImportBody, responses={200: ImportView})
    @answered_once()
    def post(self, request: Request) -> Response:
        body, principal = parse_body(ImportBody, request.data), principal_of(request)
        changes = entries.import_entries(
            principal.tenant, body.entries, by=principal.name, reason=body.reason, dry_run=body.dry_run, at="/entries"
        )
        return Response(changes_json(changes, dry_run=body.dry_run))


class Failures(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="failures_list", parameters=[MatchQuery], responses={200: MatchPage})
    def get(self, request: Request) -> Response:
        query, principal = parse_query(MatchQuery, request.query_params), principal_of(request)
        tenant = principal.tenant
        rows = list_matches(tenant=tenant, code=query.code, skill=query.skill, signature=query.signature, run_id=query.run_id)
        return Response(told_to(principal, page_json(rows, tenant=tenant, name="failures", query=query, to_json=match_json)))


class FailureStats(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="failures_stats", responses={200: StatsView})
    def get(self, request: Request) -> Response:
        parse_query(RequestModel, request.query_params)
        return Response(match_stats(tenant=request.user.tenant))


urlpatterns = [
    path("catalog", Catalog.as_view(), name="catalog"),
    path("catalog/export", ExportCatalog.as_view(), name="catalog-export"),
    path("catalog/import", ImportCatalog.as_view(), name="catalog-import"),
    path("catalog/<str:entry_id>", OneEntry.as_view(), name="catalog-entry"),
    path("catalog/<str:entry_id>/restore", RestoreEntry.as_view(), name="catalog-entry-restore"),
    path("catalog/<str:entry_id>/versions", EntryVersions.as_view(), name="catalog-entry-versions"),
    path("failures", Failures.as_view(), name="failures"),
    path("failures/stats", FailureStats.as_view(), name="failure-stats"),
]
