"""REST routes of recoveries that learn: what is suggested for a failure, candidates, and what is decided about them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.urls import path
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.idempotency import IDEMPOTENCY_KEY, answered_once
from agents.pagination import PageQuery, page_json
from agents.tenancy import not_found, principal_of
from catalog.api.catalog import EntryView
from catalog.api.telling import refuse_asking, told_to
from catalog.learning.documents import MOST, export_candidates, import_candidates
from catalog.learning.views import candidate_detail, candidate_json, list_candidates
from runs.recovery import deciding, suggesting
from skills.contracts import Name
from skills.ids import is_id
from skills.requests import RequestModel, parse_body, parse_query
from skills.taxonomy import RecoveryMode

Json = dict[str, Any]
State = Literal["open", "approved", "rejected", "withdrawn"]
PolicyName = Literal["none", "shadow", "active"]
Label = Literal["prior", "measured"]
Reason = Annotated[str, Field(max_length=500, description="Why; at least 10 characters to reject and to withdraw.")]


class SuggestContext(RequestModel):
    """Which failures of a code are meant."""

    skill: Name | None = None


class SuggestBody(RequestModel):
    """A code, or a failure by its id; about a failure the suggestion is kept as the candidate of its signature."""

    code: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    match_id: Annotated[str, Field(pattern=r"^fmt_[0-9a-f]{32}$")] | None = None
    context: SuggestContext = SuggestContext()

    @model_validator(mode="after")
    def _one(self) -> SuggestBody:
        if (self.code is None) == (self.match_id is None):
            raise PydanticCustomError("exactly_one", "give exactly one of code and match_id")
        return self


class CandidateDecisionBody(RequestModel):
    reason: Reason = ""


class CandidateImportBody(RequestModel):
    """Candidates as the export gives them."""

    data: Annotated[list[Any], Field(max_length=MOST)]


class CandidatesQuery(PageQuery):
    state: State | None = None
    policy: PolicyName | None = None
    code: Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,64}$")] | None = None


class ExportQuery(RequestModel):
    state: State | None = None


class CandidateView(BaseModel):
    """A recovery candidate: for the failures of one signature, what would be done, how sure that is, where its decision stands."""

    id: str
    signature: str
    skill: str | None
    code: str
    host: str | None
    cause: str | None
    effect: str | None
    entry: int | None
    mode: RecoveryMode
    parameters: Json
    because: str | None
    origin: str
    occurrences: int
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    confidence: float
    confidence_label: Label
    confidence_parts: Json
    applied: int
    succeeded: int
    baseline: Json | None
    measured_effect: Json | None
    state: State
    policy: PolicyName
    may: list[str]
    decided_by: str | None
    reason: str | None
    decided_at: datetime | None
    activated_at: datetime | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime


class CandidateDetail(CandidateView):
    """A candidate with what speaks for and against it, what it changes, and what was decided."""

    evidence: Json
    last_cases: list[Json]
    counter_cases: list[Json]
    modes: list[Json]
    agents: list[Json]
    advice_now: Json
    advice_then: Json
    alternatives: list[Json]
    policy_matches: dict[str, int]
    shadow_report: Json | None
    decisions: list[Json]


class CandidatePage(BaseModel):
    data: list[CandidateView]
    next_cursor: str | None


class SuggestionView(BaseModel):
    """What is suggested, how sure that is and from how many trials, what it rests on, and what else could be done."""

    code: str
    skill: str | None
    signature: str | None
    entry: EntryView | None
    mode: RecoveryMode
    parameters: Json
    because: str
    confidence: float
    confidence_label: Label
    n: int
    confidence_parts: Json
    evidence: Json
    alternatives: list[Json]
    candidate: CandidateView | None


class CandidateDocuments(BaseModel):
    data: list[Json]


class ImportedView(BaseModel):
    documents: int
    made: int
    changed: int


class Suggest(APIView):
    required_scopes = {"POST": "catalog:write"}

    @extend_schema(operation_id="recovery_suggest", request=SuggestBody, responses={200: SuggestionView})
    def post(self, request: Request) -> Response:
        body = parse_body(SuggestBody, request.data)
        skill = body.context.skill or ""
        return Response(suggesting.suggest(principal=principal_of(request), code=body.code, match_id=body.match_id, skill=skill))


class Candidates(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="recovery_candidates_list", parameters=[CandidatesQuery], responses={200: CandidatePage})
    def get(self, request: Request) -> Response:
        query, principal = parse_query(CandidatesQuery, request.query_params), principal_of(request)
        tenant = principal.tenant
        rows = list_candidates(tenant=tenant, state=query.state, policy=query.policy, code=query.code)
        return Response(told_to(principal, page_json(rows, tenant=tenant, name="recovery-candidates", query=query, to_json=candidate_json)))


class OneCandidate(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="recovery_candidates_get", responses={200: CandidateDetail})
    def get(self, request: Request, candidate_id: str) -> Response:
        principal = principal_of(request)
        return Response(told_to(principal, candidate_detail(tenant=principal.tenant, candidate_id=checked_candidate_id(candidate_id))))


class Decision(APIView):
    """Base of the routes that decide: the last word of the address says what."""

    required_scopes = {"POST": "catalog:write"}
    action = ""

    def decide(self, request: Request, candidate_id: str) -> Response:
        body = parse_body(CandidateDecisionBody, request.data)
        decide = deciding.ACTIONS[self.action]
        return Response(decide(principal=principal_of(request), candidate_id=checked_candidate_id(candidate_id), reason=body.reason))


class Approve(Decision):
    action = "approve"

    @extend_schema(operation_id="recovery_candidates_approve", request=CandidateDecisionBody, responses={200: CandidateDetail})
    def post(self, request: Request, candidate_id: str) -> Response:
        return self.decide(request, candidate_id)


class Activate(Decision):
    action = "activate"

    @extend_schema(operation_id="recovery_candidates_activate", request=CandidateDecisionBody, responses={200: CandidateDetail})
    def post(self, request: Request, candidate_id: str) -> Response:
        return self.decide(request, candidate_id)


class Reject(Decision):
    action = "reject"

    @extend_schema(operation_id="recovery_candidates_reject", request=CandidateDecisionBody, responses={200: CandidateDetail})
    def post(self, request: Request, candidate_id: str) -> Response:
        return self.decide(request, candidate_id)


class Withdraw(Decision):
    action = "withdraw"

    @extend_schema(operation_id="recovery_candidates_withdraw", request=CandidateDecisionBody, responses={200: CandidateDetail})
    def post(self, request: Request, candidate_id: str) -> Response:
        return self.decide(request, candidate_id)


class Reopen(Decision):
    action = "reopen"

    @extend_schema(operation_id="recovery_candidates_reopen", request=CandidateDecisionBody, responses={200: CandidateDetail})
    def post(self, request: Request, candidate_id: str) -> Response:
        return self.decide(request, candidate_id)


class Export(APIView):
    required_scopes = {"GET": "catalog:read"}

    @extend_schema(operation_id="recovery_candidates_export", parameters=[ExportQuery], responses={200: CandidateDocuments})
    def get(self, request: Request) -> Response:
        query = parse_query(ExportQuery, request.query_params)
        # Its documents are taken in again elsewhere, which takes all that stands in them.
        refuse_asking(principal_of(request), "export", "cause")
        return Response({"data": export_candidates(principal=principal_of(request), state=query.state)})


class Import(APIView):
    required_scopes = {"POST": "catalog:write"}

    @extend_schema(
        operation_id="recovery_candidates_import",
        parameters=[IDEMPOTENCY_KEY],
        request=CandidateImportBody,
        responses={200: ImportedView},
    )
    @answered_once()
    def post(self, request: Request) -> Response:
        body = parse_body(CandidateImportBody, request.data)
        return Response(import_candidates(principal=principal_of(request), documents=body.data, at="/data"))


def checked_candidate_id(candidate_id: str) -> str:
    """Return the id, or refuse as for any candidate that is not there what cannot be an id at all."""
    if not is_id("rec", candidate_id):
        raise not_found("recovery candidate")
    return candidate_id


urlpatterns = [
    path("recovery/suggest", Suggest.as_view(), name="recovery-suggest"),
    path("recovery/candidates", Candidates.as_view(), name="recovery-candidates"),
    path("recovery/candidates:export", Export.as_view(), name="recovery-export"),
    path("recovery/candidates:import", Import.as_view(), name="recovery-import"),
    path("recovery/candidates/<str:candidate_id>", OneCandidate.as_view(), name="recovery-candidate"),
    path("recovery/candidates/<str:candidate_id>/approve", Approve.as_view(), name="recovery-approve"),
    path("recovery/candidates/<str:candidate_id>/activate", Activate.as_view(), name="recovery-activate"),
    path("recovery/candidates/<str:candidate_id>/reject", Reject.as_view(), name="recovery-reject"),
    path("recovery/candidates/<str:candidate_id>/withdraw", Withdraw.as_view(), name="recovery-withdraw"),
    path("recovery/candidates/<str:candidate_id>/reopen", Reopen.as_view(), name="recovery-reopen"),
]
