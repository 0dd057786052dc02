"""REST routes of drift: what departs from its baseline, and what somebody says it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.urls import path
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.pagination import PageQuery, page_json
from agents.roles import SUM_ROLES
from agents.tenancy import not_found, principal_of
from catalog import drift_alerts
from catalog.drift_alerts import DriftReasonBody, alert_json
from skills.requests import parse_body, parse_query

Subject = Literal["skill", "agent"]
State = Literal["open", "acknowledged", "resolved"]


class DriftQuery(PageQuery):
    state: State | None = None
    subject_kind: Subject | None = None


class DriftView(BaseModel):
    """A skill version (`name@version`) or an agent (its id) that goes another way than it used to.

    Both sides say `n`, how many numbers stand behind them, and `value`; the score departs from zero by the threshold or more.
    """

    drift_id: str
    subject_kind: Subject
    subject: str
    measure: Literal["failure_rate", "cost", "latency"]
    direction: Literal["up", "down"]
    baseline: dict[str, Any]
    recent: dict[str, Any]
    score: float
    threshold: float
    state: State
    by: str | None
    reason: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    closed_at: datetime | None


class DriftPage(BaseModel):
    data: list[DriftView]
    next_cursor: str | None


class Drift(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="drift_list", parameters=[DriftQuery], responses={200: DriftPage})
    def get(self, request: Request) -> Response:
        query, principal = parse_query(DriftQuery, request.query_params), principal_of(request)
        rows = drift_alerts.list_alerts(tenant=principal.tenant, state=query.state, subject_kind=query.subject_kind)
        told = rows if principal.goes_by(SUM_ROLES) else rows.exclude(measure="cost")
        return Response(page_json(told, tenant=principal.tenant, name="drift", query=query, to_json=alert_json))


class OneDrift(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="drift_get", responses={200: DriftView})
    def get(self, request: Request, drift_id: str) -> Response:
        principal = principal_of(request)
        row = drift_alerts.get_alert(tenant=principal.tenant, drift_id=drift_id)
        if row.measure == "cost" and not principal.goes_by(SUM_ROLES):
            raise not_found("drift alert")
        return Response(alert_json(row))


class Acknowledge(APIView):
    required_scopes = {"POST": "catalog:write"}

    @extend_schema(operation_id="drift_acknowledge", request=DriftReasonBody, responses={200: DriftView})
    def post(self, request: Request, drift_id: str) -> Response:
        body = parse_body(DriftReasonBody, request.data)
        return Response(alert_json(drift_alerts.acknowledge(principal=principal_of(request), drift_id=drift_id, reason=body.reason)))


class Resolve(APIView):
    required_scopes = {"POST": "catalog:write"}

    @extend_schema(operation_id="drift_resolve", request=DriftReasonBody, responses={200: DriftView})
    def post(self, request: Request, drift_id: str) -> Response:
        body = parse_body(DriftReasonBody, request.data)
        return Response(alert_json(drift_alerts.resolve(principal=principal_of(request), drift_id=drift_id, reason=body.reason)))


urlpatterns = [
    path("drift", Drift.as_view(), name="drift"),
    path("drift/<str:drift_id>", OneDrift.as_view(), name="drift-alert"),
    path("drift/<str:drift_id>/acknowledge", Acknowledge.as_view(), name="drift-acknowledge"),
    path("drift/<str:drift_id>/resolve", Resolve.as_view(), name="drift-resolve"),
]
