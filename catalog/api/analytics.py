"""REST routes of failure analytics: numbers over a time, failures as groups, and what is said about a group."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.tenancy import Principal, principal_of
from catalog.analytics.numbers import Failures, analytics
from catalog.api.catalog import MatchView
from catalog.api.telling import refuse_asking, told_to
from catalog.groups import marking
from catalog.groups.marking import FixedBody, MuteBody, UnmuteBody
from catalog.groups.reading import list_groups, mark_json, one_group
from catalog.groups.states import State
from catalog.groups.windows import FailureWindow, GroupQuery, failures_of
from skills.requests import parse_body, parse_query
from skills.taxonomy import Category, RecoveryMode


class Counts(BaseModel):
    """What failures add up to. A rate is null where there is nothing it could be a part of."""

    failures: int
    hits: int
    misses: int
    match_rate: float | None
    followed: int = Field(description="Of the hits, those something was tried against.")
    acceptance_rate: float | None
    tried: int
    worked: int
    success_rate: float | None
    rerun: int = Field(description="Come through in another run, where the run itself did not.")
    wasted_micro_usd: int | None = Field(description="Null to a role that is told no costs.")


class Compared(Counts):
    """The same with the time before, which is just as long; the trend is null where that had none."""

    before: int
    trend: float | None


class TimesView(BaseModel):
    n: int
    p50_ms: int | None
    p95_ms: int | None


class Totals(Compared):
    injected: int = Field(description="Injected on purpose in this time, and counted nowhere else.")
    time_to_recovery: TimesView


class CodeView(Compared):
    code: str
    category: Category


class ModeView(Counts):
    mode: RecoveryMode | None
    time_to_recovery: TimesView


class AgentCounts(Counts):
    agent_id: str | None
    agent: str | None


class VersionCounts(Counts):
    skill: str
    skill_version: str | None


class Cell(BaseModel):
    code: str
    column: int
    since: datetime = Field(alias="from")
    failures: int


class HeatMap(BaseModel):
    since: datetime = Field(alias="from")
    hours: int = Field(description="How many hours a column is wide.")
    columns: int
    cells: list[Cell]


class AnalyticsView(BaseModel):
    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    filters: dict[str, str]
    totals: Totals
    by_code: list[CodeView]
    by_mode: list[ModeView]
    by_agent: list[AgentCounts]
    by_skill_version: list[VersionCounts]
    heat_map: HeatMap


class GroupAgent(BaseModel):
    agent_id: str | None
    agent: str | None
    failures: int


class MarkView(BaseModel):
    """What somebody said about a group last, and who."""

    fixed_in: str | None
    fixed_at: datetime | None
    muted_until: datetime | None
    by: str
    reason: str


class Regression(BaseModel):
    skill_version: str | None
    at: datetime


class GroupView(Compared):
    """Failures of one signature."""

    signature: str
    state: State
    code: str
    category: Category
    skill: str | None
    host: str | None
    cause: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    agents: list[GroupAgent]
    agents_in_all: int
    skill_versions: list[str]
    mark: MarkView | None
    regressed_on: Regression | None


class GroupPage(BaseModel):
    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    filters: dict[str, str]
    data: list[GroupView]
    more: bool


class WhyGrouped(BaseModel):
    """What failures must share to be of one group."""

    skill: str
    code: str
    host: str | None
    cause: str | None


class GroupVersion(BaseModel):
    skill_version: str | None
    failures: int
    first_seen_at: datetime
    last_seen_at: datetime


class GroupDecision(BaseModel):
    decision: str | None
    mode: RecoveryMode | None
    match_type: str
    failures: int
    tried: int
    worked: int
    rerun: int


class GroupCandidate(BaseModel):
    candidate_id: str
    mode: RecoveryMode
    parameters: dict[str, Any]
    state: str
    policy: str
    applied: int
    succeeded: int
    confidence: float
    confidence_label: Literal["prior", "measured"]


class OneGroupView(GroupView):
    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    why_grouped: WhyGrouped
    versions: list[GroupVersion]
    decisions: list[GroupDecision]
    candidate: GroupCandidate | None
    examples: list[MatchView]


class MarkedView(MarkView):
    signature: str


class Analytics(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="failures_analytics", parameters=[FailureWindow], responses={200: AnalyticsView})
    def get(self, request: Request) -> Response:
        query, principal = parse_query(FailureWindow, request.query_params), principal_of(request)
        return Response(told_to(principal, analytics(_asked_by(principal, query, timezone.now()))))


class Groups(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="failure_groups_list", parameters=[GroupQuery], responses={200: GroupPage})
    def get(self, request: Request) -> Response:
        query, principal, now = parse_query(GroupQuery, request.query_params), principal_of(request), timezone.now()
        if query.sort == "wasted":
            refuse_asking(principal, "sort", "wasted_micro_usd")
        wanted = _asked_by(principal, query, now)
        return Response(told_to(principal, list_groups(wanted, limit=query.limit, sort=query.sort, state=query.state, now=now)))


class OneGroup(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="failure_groups_get", parameters=[FailureWindow], responses={200: OneGroupView})
    def get(self, request: Request, signature: str) -> Response:
        query, principal, now = parse_query(FailureWindow, request.query_params), principal_of(request), timezone.now()
        return Response(told_to(principal, one_group(_asked_by(principal, query, now), signature, now=now)))


def _asked_by(principal: Principal, query: FailureWindow, now: datetime) -> Failures:
    if query.host is not None:
        refuse_asking(principal, "host", "host")
    return failures_of(principal.tenant, query, now)


class Fixed(APIView):
    required_scopes = {"POST": "catalog:write"}

    @extend_schema(operation_id="failure_groups_fixed", request=FixedBody, responses={200: MarkedView})
    def post(self, request: Request, signature: str) -> Response:
        body = parse_body(FixedBody, request.data)
        row = marking.mark_fixed(principal=principal_of(request), signature=signature, reason=body.reason, version=body.version or "")
        return Response({"signature": row.signature, **mark_json(row)})


class Mute(APIView):
    required_scopes = {"POST": "catalog:write"}

    @extend_schema(operation_id="failure_groups_mute", request=MuteBody, responses={200: MarkedView})
    def post(self, request: Request, signature: str) -> Response:
        body = parse_body(MuteBody, request.data)
        row = marking.mute(principal=principal_of(request), signature=signature, reason=body.reason, until=body.until)
        return Response({"signature": row.signature, **mark_json(row)})


class Unmute(APIView):
    required_scopes = {"POST": "catalog:write"}

    @extend_schema(operation_id="failure_groups_unmute", request=UnmuteBody, responses={200: MarkedView})
    def post(self, request: Request, signature: str) -> Response:
        body = parse_body(UnmuteBody, request.data)
        row = marking.unmute(principal=principal_of(request), signature=signature, reason=body.reason)
        return Response({"signature": row.signature, **mark_json(row)})


urlpatterns = [
    path("failures/analytics", Analytics.as_view(), name="failure-analytics"),
    path("failures/groups", Groups.as_view(), name="failure-groups"),
    path("failures/groups/<str:signature>", OneGroup.as_view(), name="failure-group"),
    path("failures/groups/<str:signature>/fixed", Fixed.as_view(), name="failure-group-fixed"),
    path("failures/groups/<str:signature>/mute", Mute.as_view(), name="failure-group-mute"),
    path("failures/groups/<str:signature>/unmute", Unmute.as_view(), name="failure-group-unmute"),
]
