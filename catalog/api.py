"""REST routes of the catalog and of failures: translate in, one call, translate out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.urls import path
from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.pagination import PageQuery, page_json
from catalog.contracts import MatchType
from catalog.selectors import catalog_json, list_matches, match_json, match_stats
from skills.contracts import Name
from skills.requests import RequestModel, parse_query
from skills.taxonomy import Category, RecoveryMode

Code = Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,64}$")]


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
    confidence: float
    confidence_label: Literal["prior"]
    version: int
    updated_at: datetime


class CatalogView(RequestModel):
    data: list[EntryView]
    next_cursor: None


class MatchQuery(PageQuery):
    code: Code | None = None
    skill: Name | None = None
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    run_id: Annotated[str, Field(pattern=r"^run_[0-9a-f]{32}$")] | None = None


class MatchView(RequestModel):
    """A failure as the API shows it: what it was, what the catalog said, what was decided, what came of it."""

    id: str
    run_id: str
    seq: int
    step_id: str | None
    attempt: int
    skill: str | None
    skill_version: str | None
    code: str
    category: Category
    message: str
    signature: str
    match_type: MatchType
    entry: int | None
    confidence: float | None
    decision: str | None
    mode: RecoveryMode | None
    recovery_attempted: bool
    recovery_succeeded: bool | None
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
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="catalog_list", parameters=[CatalogQuery], responses={200: CatalogView})
    def get(self, request: Request) -> Response:
        query = parse_query(CatalogQuery, request.query_params)
        return Response(catalog_json(tenant=request.user.tenant, code=query.code, skill=query.skill))


class Failures(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="failures_list", parameters=[MatchQuery], responses={200: MatchPage})
    def get(self, request: Request) -> Response:
        query, tenant = parse_query(MatchQuery, request.query_params), request.user.tenant
        rows = list_matches(tenant=tenant, code=query.code, skill=query.skill, signature=query.signature, run_id=query.run_id)
        return Response(page_json(rows, tenant=tenant, name="failures", query=query, to_json=match_json))


class FailureStats(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="failures_stats", responses={200: StatsView})
    def get(self, request: Request) -> Response:
        parse_query(RequestModel, request.query_params)
        return Response(match_stats(tenant=request.user.tenant))


urlpatterns = [
    path("catalog", Catalog.as_view(), name="catalog"),
    path("failures", Failures.as_view(), name="failures"),
    path("failures/stats", FailureStats.as_view(), name="failure-stats"),
]
