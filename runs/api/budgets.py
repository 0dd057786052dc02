"""REST routes of budgets: what a tenant, its agents and models may spend, for good or each day."""

from __future__ import annotations

from typing import Annotated, Literal

from django.urls import path
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.contracts import MicroUsd, Money
from agents.idempotency import IDEMPOTENCY_KEY, idempotency_key_in, replayed_headers
from agents.tenancy import principal_of
from runs.money import budgets
from runs.requests import Cents, TopUpBody, micro_usd
from skills.requests import RequestModel, parse_body, parse_query

Kind = Literal["tenant", "agent", "model"]
Period = Literal["total", "day"]


class BudgetTarget(RequestModel):
    """Whose budget, and for how long: an agent by name or id, a model by name; the tenant needs no key."""

    kind: Kind
    key: Annotated[str, Field(max_length=160)] | None = None
    period: Period


class BudgetBody(BudgetTarget):
    """A limit in micro-USD or cents; null is unlimited."""

    limit_micro_usd: MicroUsd | None = None
    limit_cents: Cents | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> BudgetBody:
        if len(self.model_fields_set & {"limit_micro_usd", "limit_cents"}) != 1:
            raise PydanticCustomError("exactly_one", "give exactly one of limit_micro_usd and limit_cents; null is unlimited")
        return self

    def limit(self) -> int | None:
        return micro_usd(self.limit_micro_usd, self.limit_cents)


class BudgetView(Money):
    """A budget with the numbers of its scope now, of a day's budget today's. `agent` is what the agent is called."""

    budget_id: str
    scope: str
    kind: Kind
    key: str
    period: Period
    agent: str | None
    limit_micro_usd: int | None
    runs_waiting: int


class BudgetList(BaseModel):
    data: list[BudgetView]


class ToppedUpBudget(BudgetView):
    amount_micro_usd: int
    repeated: bool


class RemovedBudget(BaseModel):
    removed: str
    scope: str


class Budgets(APIView):
    required_scopes = {"GET": "budgets:read", "PUT": "budgets:write", "DELETE": "budgets:write"}

    @extend_schema(operation_id="budgets_list", responses={200: BudgetList})
    def get(self, request: Request) -> Response:
        return Response({"data": budgets.list_budgets(tenant=principal_of(request).tenant)})

    @extend_schema(operation_id="budgets_set", request=BudgetBody, responses={200: BudgetView})
    def put(self, request: Request) -> Response:
        body = parse_body(BudgetBody, request.data)
        done = budgets.set_budget(
            principal=principal_of(request), kind=body.kind, key=body.key, period=body.period, limit_micro_usd=body.limit()
        )
        return Response(done)

    @extend_schema(operation_id="budgets_remove", parameters=[BudgetTarget], responses={200: RemovedBudget})
    def delete(self, request: Request) -> Response:
        target = parse_query(BudgetTarget, request.query_params)
        return Response(budgets.remove_budget(principal=principal_of(request), kind=target.kind, key=target.key, period=target.period))


class OneBudget(APIView):
    required_scopes = {"GET": "budgets:read"}

    @extend_schema(operation_id="budgets_get", responses={200: BudgetView})
    def get(self, request: Request, budget_id: str) -> Response:
        return Response(budgets.get_budget(tenant=principal_of(request).tenant, budget_id=budget_id))


class TopUpBudget(APIView):
    required_scopes = {"POST": "budgets:write"}

    @extend_schema(operation_id="budgets_top_up", parameters=[IDEMPOTENCY_KEY], request=TopUpBody, responses={200: ToppedUpBudget})
    def post(self, request: Request, budget_id: str) -> Response:
        body = parse_body(TopUpBody, request.data)
        done = budgets.top_up_by_id(
            principal=principal_of(request),
            budget_id=budget_id,
            amount_micro_usd=body.amount(),
            idempotency_key=idempotency_key_in(request.headers.get("Idempotency-Key")),
        )
        return Response(done, headers=replayed_headers(repeated=done["repeated"]))


urlpatterns = [
    path("budgets", Budgets.as_view(), name="budgets"),
    path("budgets/<str:budget_id>", OneBudget.as_view(), name="budget"),
    path("budgets/<str:budget_id>/top-up", TopUpBudget.as_view(), name="budget-top-up"),
]
