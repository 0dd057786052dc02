"""REST routes of the kill switch: a key freezes its own tenant, that tenant's agents, and skills for that tenant."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.urls import path
from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents import freezes
from agents.freezes import freeze_json
from agents.idempotency import IDEMPOTENCY_KEY, answered_once
from agents.pagination import PageQuery, page_json
from agents.reasons import WhyChanged
from agents.tenancy import principal_of
from skills.requests import RequestModel, parse_body, parse_query

Kind = Literal["tenant", "agent", "skill"]


class FreezeQuery(PageQuery):
    live: bool | None = Field(default=None, description="Only what is frozen now, or only what was.")


class FreezeBody(RequestModel):
    kind: Kind
    key: Annotated[str, Field(max_length=64, description="Name or id of the agent, name of the skill; the tenant needs none.")] | None = (
        None
    )
    reason: WhyChanged


class LiftBody(RequestModel):
    reason: WhyChanged


class FreezeView(RequestModel):
    """A freeze, which stands as long as it is `live`. One that stands `everywhere` is lifted by the operator alone."""

    freeze_id: str
    kind: Kind
    key: str
    everywhere: bool
    live: bool
    reason: str
    frozen_by: str
    frozen_at: datetime
    lifted_because: str | None
    lifted_by: str | None
    lifted_at: datetime | None


class FreezePage(RequestModel):
    data: list[FreezeView]
    next_cursor: str | None


class Freezes(APIView):
    required_scopes = {"GET": "agents:read", "POST": "agents:write"}

    @extend_schema(operation_id="freezes_list", parameters=[FreezeQuery], responses={200: FreezePage})
    def get(self, request: Request) -> Response:
        query, tenant = parse_query(FreezeQuery, request.query_params), principal_of(request).tenant
        rows = freezes.list_freezes(tenant=tenant, is_live=query.live)
        return Response(page_json(rows, tenant=tenant, name="freezes", query=query, to_json=freeze_json))

    @extend_schema(
        operation_id="freezes_create", parameters=[IDEMPOTENCY_KEY], request=FreezeBody, responses={201: FreezeView, 200: FreezeView}
    )
    @answered_once()
    def post(self, request: Request) -> Response:
        body, principal = parse_body(FreezeBody, request.data), principal_of(request)
        found, is_new = freezes.freeze(tenant=principal.tenant, by=principal.name, **body.model_dump())
        headers = {"Location": f"/api/v1/freezes/{found.public_id}"}
        return Response(freeze_json(found), status=201 if is_new else 200, headers=headers)


class OneFreeze(APIView):
    required_scopes = {"GET": "agents:read"}

    @extend_schema(operation_id="freezes_get", responses={200: FreezeView})
    def get(self, request: Request, freeze_id: str) -> Response:
        return Response(freeze_json(freezes.get_freeze(tenant=principal_of(request).tenant, freeze_id=freeze_id)))


class LiftFreeze(APIView):
    required_scopes = {"POST": "agents:write"}

    @extend_schema(operation_id="freezes_lift", request=LiftBody, responses={200: FreezeView})
    def post(self, request: Request, freeze_id: str) -> Response:
        body, principal = parse_body(LiftBody, request.data), principal_of(request)
        lifted = freezes.lift_own(tenant=principal.tenant, freeze_id=freeze_id, reason=body.reason, by=principal.name)
        return Response(freeze_json(lifted))


urlpatterns = [
    path("freezes", Freezes.as_view(), name="freezes"),
    path("freezes/<str:freeze_id>", OneFreeze.as_view(), name="freeze"),
    path("freezes/<str:freeze_id>/lift", LiftFreeze.as_view(), name="freeze-lift"),
]
