"""REST routes of skills: what is registered, the full description of each, and what models and calls cost."""

from __future__ import annotations

from typing import Annotated, Literal

from django.urls import path
from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from skills.contracts import SkillMetadata
from skills.requests import RequestModel, parse_query
from skills.selectors import describe_skill, get_price, list_prices, price_json
from skills.services import Day, PricedBy


class NoQuery(RequestModel):
    """The query string of a route that takes none."""


class VersionQuery(RequestModel):
    version: Annotated[str, Field(pattern=r"^(\^|>=)?\d{1,9}(\.\d{1,9}){0,2}$")] | None = None


class SkillList(RequestModel):
    data: list[SkillMetadata]


class Skills(APIView):
    required_scopes = {"GET": "skills:read"}

    @extend_schema(operation_id="skills_list", responses={200: SkillList})
    def get(self, request: Request) -> Response:
        parse_query(NoQuery, request.query_params)
        return Response(describe_skill(tenant=request.user.tenant))


class OneSkill(APIView):
    required_scopes = {"GET": "skills:read"}

    @extend_schema(operation_id="skills_get", parameters=[VersionQuery], responses={200: SkillMetadata})
    def get(self, request: Request, name: str) -> Response:
        query = parse_query(VersionQuery, request.query_params)
        return Response(describe_skill(name, query.version, tenant=request.user.tenant))


class PricesQuery(RequestModel):
    """Which prices: of a provider, of what a name of a model leads to, in a state, on another day than today."""

    provider: PricedBy | None = None
    model: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    state: Literal["in_force", "coming", "past", "withdrawn"] | None = None
    on: Day | None = None


class PriceTier(RequestModel):
    """Micro-USD per million tokens, for calls whose input is longer than `above_input_tokens`."""

    above_input_tokens: int
    input: int
    output: int
    cache_read: int
    cache_write: int


class PriceView(RequestModel):
    """What a model, or a call of a skill, costs from a day on. `version` is what charges name it by (`pricing_version`)."""

    price_id: str
    version: str
    provider: PricedBy
    model: str
    match: list[dict[str, str]]
    valid_from: str | None
    state: Literal["in_force", "coming", "past", "withdrawn"]
    origin: Literal["shipped", "operator"]
    tiers: list[PriceTier]
    per_call_micro_usd: int | None
    created_at: str
    withdrawn_at: str | None


class PriceList(RequestModel):
    data: list[PriceView]


class Prices(APIView):
    required_scopes = {"GET": "skills:read"}

    @extend_schema(operation_id="prices_list", parameters=[PricesQuery], responses={200: PriceList})
    def get(self, request: Request) -> Response:
        query = parse_query(PricesQuery, request.query_params)
        return Response({"data": list_prices(**dict(query))})


class OnePrice(APIView):
    required_scopes = {"GET": "skills:read"}

    @extend_schema(operation_id="prices_get", responses={200: PriceView})
    def get(self, request: Request, price_id: str) -> Response:
        parse_query(NoQuery, request.query_params)
        return Response(price_json(get_price(price_id)))


urlpatterns = [
    path("prices", Prices.as_view(), name="prices"),
    path("prices/<path:price_id>", OnePrice.as_view(), name="price"),
    path("skills", Skills.as_view(), name="skills"),
    path("skills/<str:name>", OneSkill.as_view(), name="skill"),
]
