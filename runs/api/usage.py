"""REST routes of usage: what calls cost and used, grouped, and what the month will come to."""

from __future__ import annotations

from datetime import date
from typing import Literal

from django.urls import path
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.tenancy import principal_of
from runs.money.usage import UsageQuery, usage, usage_forecast
from skills.contracts import Usage
from skills.requests import parse_query


class Part(BaseModel):
    calls: int
    cost_micro_usd: int


class UsageSums(BaseModel):
    """What calls add up to. The parts are contained in `cost_micro_usd`: what was tried in vain, what repeated an earlier call,
    what nobody knew the price of, and what was lost with its worker; of the last two the worst case is what counts."""

    calls: int
    cost_micro_usd: int
    cost_cents: float
    tokens: Usage
    retry_waste: Part
    loop_waste: Part
    unpriced: Part
    estimated: Part


class UsageRow(UsageSums):
    """A group; of the names those stand here that were grouped by. Null: the call had none, or who had it is gone."""

    tenant: str | None = None
    agent: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    skill: str | None = None
    model: str | None = None
    day: date | None = None


class UsageAnswer(BaseModel):
    since: date = Field(alias="from")
    until: date = Field(alias="to")
    time_zone: str | None
    group_by: list[str]
    data: list[UsageRow]
    totals: UsageSums
    left_off: int = Field(description="How many groups there are beyond the limit; the totals hold them.")


class ForecastRow(BaseModel):
    """The month of the tenant or of an agent. Null where there is no day that is over to tell from; a range needs two."""

    scope: Literal["tenant", "agent"]
    agent: str | None
    agent_id: str | None
    spent_micro_usd: int
    expected_micro_usd: int | None
    low_micro_usd: int | None
    high_micro_usd: int | None
    days: int
    method: Literal["mean", "weekday"] | None


class ForecastAnswer(BaseModel):
    since: date = Field(alias="from")
    until: date = Field(alias="to")
    today: date
    time_zone: str
    data: list[ForecastRow]


class ReadUsage(APIView):
    required_scopes = {"GET": "budgets:read"}

    @extend_schema(operation_id="usage_get", parameters=[UsageQuery], responses={200: UsageAnswer})
    def get(self, request: Request) -> Response:
        query = parse_query(UsageQuery, request.query_params)
        return Response(usage(tenants=[principal_of(request).tenant], query=query))


class ReadForecast(APIView):
    required_scopes = {"GET": "budgets:read"}

    @extend_schema(operation_id="usage_forecast", responses={200: ForecastAnswer})
    def get(self, request: Request) -> Response:
        return Response(usage_forecast(tenant=principal_of(request).tenant))


urlpatterns = [
    path("usage", ReadUsage.as_view(), name="usage"),
    path("usage/forecast", ReadForecast.as_view(), name="usage-forecast"),
]
