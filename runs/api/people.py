"""REST routes of people around a decision: questions and their answers, notes, many decisions at once, links that decide once."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.idempotency import IDEMPOTENCY_KEY, answered_once
from agents.pagination import PageQuery, page_json
from agents.tenancy import ANY_SCOPE, principal_of
from runs.effects.requests import checked_step_id
from runs.people import bundles, links, notes, questions
from runs.people_requests import GivenAnswerBody, LinkBody, ManyDecisionsBody, NoteBody, address_of
from runs.requests import ReasonBody, checked_run_id
from runs.responses import Answer, Decided, UnreadableRun
from skills.instants import instant
from skills.requests import parse_body, parse_query


class QuestionView(Answer):
    """What a step asks a person. `waits_for`: `input` is a question of the plan, the others ask what becomes of a failure; `form` is the
    JSON Schema of the answer."""

    run_id: str
    step_id: str
    agent: str
    goal: str
    requested_by: str
    skill: str
    version: str
    waits_for: Literal["input", "escalation", "intervention"]
    question: str
    form: Any
    failure_code: str
    expires_at: datetime | None
    run_created_at: datetime


class QuestionPage(Answer):
    data: list[QuestionView]
    unreadable: list[UnreadableRun]
    next_cursor: str | None


class NoteView(Answer):
    """Something said about a call that waits."""

    kind: Literal["assign", "ask", "reply"]
    to: str
    text: str
    by: str
    at: datetime


class NoteList(Answer):
    data: list[NoteView]


class DecisionResult(Answer):
    """What became of one of them."""

    run_id: str
    step_id: str
    result: Literal["decided", "already_decided", "changed", "not_waiting", "refused"]
    detail: str


class DecisionResults(Answer):
    data: list[DecisionResult]


class LinkView(Answer):
    """A link that decides once. Whoever has it decides as this person: `url` is told this once."""

    link_id: str
    made_for: str
    expires_at: datetime
    url: str


class MadeLink(Answer):
    """A link as it stands: `open` until it is used, taken back, or out of time. What else ends it, its call says."""

    link_id: str
    state: Literal["open", "used", "revoked", "expired"]
    made_for: str
    made_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None


class MadeLinks(Answer):
    data: list[MadeLink]


class Questions(APIView):
    required_scopes = {"GET": "approvals:read"}

    @extend_schema(operation_id="questions_list", parameters=[PageQuery], responses={200: QuestionPage})
    def get(self, request: Request) -> Response:
        query, tenant = parse_query(PageQuery, request.query_params), principal_of(request).tenant
        page = page_json(questions.questions_in([tenant]), tenant=tenant, name="questions", query=query, to_json=lambda row: row)
        asked, unreadable = questions.questions_json(page["data"])
        return Response(page | {"data": asked, "unreadable": unreadable})


class OneQuestion(APIView):
    required_scopes = {"GET": "approvals:read"}

    @extend_schema(operation_id="questions_get", responses={200: QuestionView})
    def get(self, request: Request, run_id: str, step_id: str) -> Response:
        tenant = principal_of(request).tenant
        return Response(questions.question_json(tenant=tenant, run_id=checked_run_id(run_id), step_id=checked_step_id(step_id)))


class AnswerQuestion(APIView):
    required_scopes = {"POST": "approvals:write"}

    @extend_schema(operation_id="questions_answer", request=GivenAnswerBody, responses={202: Decided})
    def post(self, request: Request, run_id: str, step_id: str) -> Response:
        body = parse_body(GivenAnswerBody, request.data)
        place = {"run_id": checked_run_id(run_id), "step_id": checked_step_id(step_id)}
        return Response(questions.answer(principal=principal_of(request), value=body.value, **place), status=202)


class Notes(APIView):
    """Who decides reads and writes here, and who asked for the run: what each may say is the service's to know."""

    required_scopes = {"GET": ANY_SCOPE, "POST": ANY_SCOPE}

    @extend_schema(operation_id="approvals_notes", responses={200: NoteList})
    def get(self, request: Request, run_id: str, step_id: str) -> Response:
        principal = principal_of(request)
        notes.check_may_read(principal, run_id)
        place = {"run_id": checked_run_id(run_id), "step_id": checked_step_id(step_id)}
        return Response({"data": notes.notes_json(tenant=principal.tenant, **place)})

    @extend_schema(operation_id="approvals_note", parameters=[IDEMPOTENCY_KEY], request=NoteBody, responses={201: NoteView})
    @answered_once()
    def post(self, request: Request, run_id: str, step_id: str) -> Response:
        principal = principal_of(request)
        notes.check_may_read(principal, run_id)
        place = {"run_id": checked_run_id(run_id), "step_id": checked_step_id(step_id)}
        body = parse_body(NoteBody, request.data)
        return Response(notes.add_note(principal=principal, kind=body.kind, to=body.to, text=body.text, **place), status=201)


class DecideMany(APIView):
    required_scopes = {"POST": "approvals:write"}

    @extend_schema(operation_id="approvals_decide", request=ManyDecisionsBody, responses={200: DecisionResults})
    def post(self, request: Request) -> Response:
        body = parse_body(ManyDecisionsBody, request.data)
        wanted = [each.model_dump() for each in body.decisions]
        approve = body.verdict == "approve"
        return Response(
            {"data": bundles.decide_all(principal=principal_of(request), decisions=wanted, approve=approve, reason=body.reason)}
        )


class Links(APIView):
    required_scopes = {"GET": "approvals:read", "POST": "approvals:write"}

    @extend_schema(operation_id="approvals_links", responses={200: MadeLinks})
    def get(self, request: Request, run_id: str, step_id: str) -> Response:
        """Return the links that were made for a call, the latest first. No secret of theirs is known any more."""
        place = {"run_id": checked_run_id(run_id), "step_id": checked_step_id(step_id)}
        return Response({"data": [links.link_json(link) for link in links.links_of(tenant=principal_of(request).tenant, **place)]})

    @extend_schema(operation_id="approvals_link", parameters=[IDEMPOTENCY_KEY], request=LinkBody, responses={201: LinkView})
    @answered_once("url")
    def post(self, request: Request, run_id: str, step_id: str) -> Response:
        body = parse_body(LinkBody, request.data)
        place = {"run_id": checked_run_id(run_id), "step_id": checked_step_id(step_id)}
        link, secret = links.make_link(principal=principal_of(request), made_for=body.made_for, ttl_s=body.ttl_s, **place)
        url = address_of(request, link.public_id, secret)
        told = {"link_id": link.public_id, "made_for": link.made_for, "expires_at": instant(link.expires_at), "url": url}
        return Response(told, status=201)


class RevokeLink(APIView):
    required_scopes = {"POST": "approvals:write"}

    @extend_schema(operation_id="approvals_revoke_link", request=ReasonBody, responses={200: MadeLink})
    def post(self, request: Request, run_id: str, step_id: str, link_id: str) -> Response:
        """Take a link back before it is used. Its call waits on, and other links to it are good."""
        body = parse_body(ReasonBody, request.data)
        place = {"run_id": checked_run_id(run_id), "step_id": checked_step_id(step_id)}
        link = links.revoke_link(principal=principal_of(request), link_id=link_id, reason=body.reason, **place)
        return Response(links.link_json(link))


urlpatterns = [
    path("questions", Questions.as_view(), name="questions"),
    path("questions/<str:run_id>/<str:step_id>", OneQuestion.as_view(), name="question"),
    path("questions/<str:run_id>/<str:step_id>/answer", AnswerQuestion.as_view(), name="question-answer"),
    path("approvals/decide", DecideMany.as_view(), name="approvals-decide"),
    path("approvals/<str:run_id>/<str:step_id>/notes", Notes.as_view(), name="approval-notes"),
    path("approvals/<str:run_id>/<str:step_id>/links", Links.as_view(), name="approval-links"),
    path("approvals/<str:run_id>/<str:step_id>/links/<str:link_id>/revoke", RevokeLink.as_view(), name="approval-link-revoke"),
]
