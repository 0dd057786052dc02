"""REST routes of standing grants: give one, see what goes by it, take it back."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.idempotency import IDEMPOTENCY_KEY, answered_once
from agents.pagination import PageQuery, page_json
from agents.tenancy import principal_of
from runs.people import grants
from runs.people.grants import Limits, grant_json, use_json
from runs.people_requests import GrantBody, GrantQuery, RevokeGrantBody
from runs.responses import Answer
from skills.requests import parse_body, parse_query

READ, WRITE = "approvals:read", "approvals:write"


class GrantView(Answer):
    """A standing grant, and how much of it is used."""

    grant_id: str
    state: Literal["in_force", "revoked", "expired", "used_up"]
    skill: str
    agent: str | None
    host: str | None
    max_uses: int | None
    max_call_micro_usd: int | None
    max_total_micro_usd: int | None
    expires_at: datetime | None
    uses: int
    used_micro_usd: int
    reason: str
    granted_by: str
    created_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None


class GrantPage(Answer):
    data: list[GrantView]
    next_cursor: str | None


class GrantUseView(Answer):
    """A call that a grant let through."""

    run_id: str
    step_id: str
    action_hash: str
    worst_micro_usd: int
    at: datetime


class GrantUsePage(Answer):
    data: list[GrantUseView]
    next_cursor: str | None


class Grants(APIView):
    required_scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(operation_id="grants_list", parameters=[GrantQuery], responses={200: GrantPage})
    def get(self, request: Request) -> Response:
        query, tenant = parse_query(GrantQuery, request.query_params), principal_of(request).tenant
        rows = grants.list_grants(tenant=tenant, only_in_force=query.state == "in_force")
        return Response(page_json(rows, tenant=tenant, name="grants", query=query, to_json=grant_json))

    @extend_schema(operation_id="grants_create", parameters=[IDEMPOTENCY_KEY], request=GrantBody, responses={201: GrantView})
    @answered_once()
    def post(self, request: Request) -> Response:
        body = parse_body(GrantBody, request.data)
        row = grants.give(
            principal=principal_of(request),
            skill=body.skill,
            agent_ref=body.agent,
            host=body.host,
            limits=Limits(body.max_uses, body.max_call_micro_usd, body.max_total_micro_usd, body.expires_at),
            reason=body.reason,
        )
        return Response(grant_json(row), status=201, headers={"Location": f"/api/v1/approvals/grants/{row.public_id}"})


class OneGrant(APIView):
    required_scopes = {"GET": READ}

    @extend_schema(operation_id="grants_get", responses={200: GrantView})
    def get(self, request: Request, grant_id: str) -> Response:
        return Response(grant_json(grants.get_grant(tenant=principal_of(request).tenant, grant_id=grant_id)))


class RevokeGrant(APIView):
    required_scopes = {"POST": WRITE}

    @extend_schema(operation_id="grants_revoke", request=RevokeGrantBody, responses={200: GrantView})
    def post(self, request: Request, grant_id: str) -> Response:
        body = parse_body(RevokeGrantBody, request.data)
        return Response(grant_json(grants.revoke(principal=principal_of(request), grant_id=grant_id, reason=body.reason)))


class GrantUses(APIView):
    required_scopes = {"GET": READ}

    @extend_schema(operation_id="grant_uses_list", parameters=[PageQuery], responses={200: GrantUsePage})
    def get(self, request: Request, grant_id: str) -> Response:
        query, tenant = parse_query(PageQuery, request.query_params), principal_of(request).tenant
        rows = grants.list_uses(tenant=tenant, grant_id=grant_id)
        return Response(page_json(rows, tenant=tenant, name="grant-uses", query=query, to_json=use_json))


urlpatterns = [
    path("approvals/grants", Grants.as_view(), name="grants"),
    path("approvals/grants/<str:grant_id>", OneGrant.as_view(), name="grant"),
    path("approvals/grants/<str:grant_id>/revoke", RevokeGrant.as_view(), name="grant-revoke"),
    path("approvals/grants/<str:grant_id>/uses", GrantUses.as_view(), name="grant-uses"),
]
