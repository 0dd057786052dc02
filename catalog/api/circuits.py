"""REST routes of circuits: which hosts are left alone now, and closing a circuit by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.urls import path
from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.pagination import MAX_LIMIT
from agents.reasons import WhyChanged
from agents.tenancy import principal_of
from catalog import circuits
from catalog.api.telling import refuse_asking, told_to
from skills.contracts import Name
from skills.requests import RequestModel, parse_body, parse_query

Host = Annotated[str, Field(min_length=1, max_length=circuits.LONGEST_HOST, description="host:port, as in `host` of the list.")]


class CircuitQuery(RequestModel):
    state: Literal["closed", "open", "half_open"] | None = None
    skill: Name | None = None
    host: Host | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 50


class ResetBody(RequestModel):
    skill: Name
    host: Host
    reason: WhyChanged


class CircuitView(RequestModel):
    """A circuit: `failures` in a row of the `limit` that opens it; open, it lets nothing through before `open_until_at`.

    To a role that is not told where calls went, `scope` and `host` are null.
    """

    scope: str | None
    skill: str
    host: str | None
    state: Literal["closed", "open", "half_open"]
    failures: int
    limit: int
    openings: int
    open_until_at: datetime | None
    trial_until_at: datetime | None
    last_code: str | None
    changed_at: datetime


class CircuitList(RequestModel):
    """Those that are not closed first; one at rest for a day is forgotten."""

    data: list[CircuitView]
    next_cursor: None


class CircuitsView(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="circuits_list", parameters=[CircuitQuery], responses={200: CircuitList})
    def get(self, request: Request) -> Response:
        query, principal = parse_query(CircuitQuery, request.query_params), principal_of(request)
        if query.host is not None:
            refuse_asking(principal, "host", "host")
        found = circuits.list_circuits(tenant=principal.tenant, **query.model_dump())
        return Response({"data": told_to(principal, found), "next_cursor": None})


class ResetCircuit(APIView):
    required_scopes = {"POST": "catalog:write"}

    @extend_schema(operation_id="circuits_reset", request=ResetBody, responses={200: CircuitView})
    def post(self, request: Request) -> Response:
        body, principal = parse_body(ResetBody, request.data), principal_of(request)
        return Response(circuits.reset(tenant=principal.tenant, by=principal.name, **body.model_dump()))


urlpatterns = [
    path("circuits", CircuitsView.as_view(), name="circuits"),
    path("circuits/reset", ResetCircuit.as_view(), name="circuit-reset"),
]
