"""REST route of the audit log: who did what, newest first, and whether the chain holds."""

from __future__ import annotations

from typing import Annotated, Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents import audit
from agents.tenancy import principal_of
from skills.requests import RequestModel, parse_query


class AuditQuery(RequestModel):
    action: Annotated[str, Field(pattern=r"^[a-z_]{1,32}(\.[a-z_]{0,32})?$", description="An action, or how several begin.")] = ""
    actor: Annotated[str, Field(max_length=200)] = ""
    target: Annotated[str, Field(max_length=300)] = ""
    before: Annotated[int, Field(ge=1, description="Only entries before this number: where the last page ended.")] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 100


class AuditView(BaseModel):
    """One thing somebody did. `hash` is over all of it and over `prev`, the hash of the entry before it."""

    seq: int
    at: str
    actor: str
    via: str
    key_id: str | None
    action: str
    words: str
    target: str | None
    before: str | None
    after: str | None
    reason: str | None
    trace_id: str | None
    prev: str
    hash: str


class AuditPage(BaseModel):
    data: list[AuditView]
    next_before: int | None


class Chain(BaseModel):
    """What came of following the tenant's chain from its beginning: `problem` says where it breaks first."""

    chain: str
    entries: int
    holds: bool
    seq: int | None
    problem: str


class AuditLog(APIView):
    required_scopes = {"GET": "audit:read"}

    @extend_schema(operation_id="audit_list", parameters=[AuditQuery], responses={200: AuditPage})
    def get(self, request: Request) -> Response:
        query, tenant = parse_query(AuditQuery, request.query_params), principal_of(request).tenant
        return Response(page_of(tenant, query))


def page_of(tenant: Any, query: AuditQuery) -> dict[str, Any]:
    """Return a page of a tenant's audit log, newest first."""
    rows = audit.entries_of(tenant, action=query.action, actor=query.actor, target=query.target)
    if query.before is not None:
        rows = rows.filter(seq__lt=query.before)
    found = [audit.entry_json(entry) for entry in rows[: query.limit]]
    return {"data": found, "next_before": found[-1]["seq"] if len(found) == query.limit else None}


class AuditChainView(APIView):
    required_scopes = {"GET": "audit:read"}

    @extend_schema(operation_id="audit_verify", responses={200: Chain})
    def get(self, request: Request) -> Response:
        found = audit.verify(principal_of(request).tenant)
        return Response({**found._asdict(), "holds": not found.problem})


urlpatterns = [
    path("audit", AuditLog.as_view(), name="audit"),
    path("audit/verify", AuditChainView.as_view(), name="audit-verify"),
]
