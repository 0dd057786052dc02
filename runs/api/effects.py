"""REST routes of effects: those in doubt and their verdicts, taking one back, and runs that were given up."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.idempotency import IDEMPOTENCY_KEY
from agents.pagination import PageQuery, page_json
from agents.tenancy import principal_of
from runs.answering import PREFER, accepted, once_in
from runs.effects import dead_letters, doubts
from runs.effects.contracts import DeadLetter, DeadLetterPage, DoubtEvidence, DoubtPage, GivenVerdict
from runs.effects.requests import RequeueBody, UndoBody, VerdictBody, checked_step_id
from runs.effects.undo import undo_step
from runs.requests import checked_run_id
from runs.responses import RunView
from skills.requests import parse_body, parse_query


class UndoStep(APIView):
    required_scopes = {"POST": "runs:write"}

    @extend_schema(operation_id="runs_undo_step", parameters=[IDEMPOTENCY_KEY, PREFER], request=UndoBody, responses={202: RunView})
    def post(self, request: Request, run_id: str, step_id: str) -> Response:
        body = parse_body(UndoBody, request.data)
        run, created = undo_step(
            principal=principal_of(request),
            run_id=checked_run_id(run_id),
            step_id=checked_step_id(step_id),
            reason=body.reason,
            **once_in(request),
        )
        return accepted(request, run, created=created)


class InDoubt(APIView):
    required_scopes = {"GET": "runs:read"}

    @extend_schema(operation_id="in_doubt_list", parameters=[PageQuery], responses={200: DoubtPage})
    def get(self, request: Request) -> Response:
        query, tenant = parse_query(PageQuery, request.query_params), principal_of(request).tenant
        rows = doubts.list_doubts(tenant=tenant)
        return Response(page_json(rows, tenant=tenant, name="in-doubt", query=query, to_json=doubts.doubt_json))


class OneInDoubt(APIView):
    required_scopes = {"GET": "runs:read"}

    @extend_schema(operation_id="in_doubt_get", responses={200: DoubtEvidence})
    def get(self, request: Request, run_id: str, step_id: str) -> Response:
        tenant = principal_of(request).tenant
        return Response(doubts.evidence(tenant=tenant, run_id=checked_run_id(run_id), step_id=checked_step_id(step_id)))


class Verdict(APIView):
    required_scopes = {"POST": "runs:write"}

    @extend_schema(operation_id="in_doubt_verdict", request=VerdictBody, responses={202: GivenVerdict})
    def post(self, request: Request, run_id: str, step_id: str) -> Response:
        body, step = parse_body(VerdictBody, request.data), checked_step_id(step_id)
        told = doubts.give_verdict(principal=principal_of(request), run_id=checked_run_id(run_id), step_id=step, **body.model_dump())
        return Response(told, status=202)


class DeadLetters(APIView):
    required_scopes = {"GET": "runs:read"}

    @extend_schema(operation_id="dead_letters_list", parameters=[PageQuery], responses={200: DeadLetterPage})
    def get(self, request: Request) -> Response:
        query, tenant = parse_query(PageQuery, request.query_params), principal_of(request).tenant
        rows = dead_letters.list_dead_letters(tenant=tenant)
        page = page_json(rows, tenant=tenant, name="dead-letters", query=query, to_json=lambda run: run)
        return Response(page | {"data": dead_letters.dead_letters_json(page["data"])})


class OneDeadLetter(APIView):
    required_scopes = {"GET": "runs:read"}

    @extend_schema(operation_id="dead_letters_get", responses={200: DeadLetter})
    def get(self, request: Request, run_id: str) -> Response:
        return Response(dead_letters.dead_letter(tenant=principal_of(request).tenant, run_id=checked_run_id(run_id)))


class Requeue(APIView):
    required_scopes = {"POST": "runs:write"}

    @extend_schema(operation_id="dead_letters_requeue", parameters=[IDEMPOTENCY_KEY, PREFER], request=RequeueBody, responses={202: RunView})
    def post(self, request: Request, run_id: str) -> Response:
        body = parse_body(RequeueBody, request.data)
        run, created = dead_letters.requeue(
            principal=principal_of(request), run_id=checked_run_id(run_id), **body.model_dump(), **once_in(request)
        )
        return accepted(request, run, created=created)


urlpatterns = [
    path("runs/<str:run_id>/steps/<str:step_id>/undo", UndoStep.as_view(), name="run-step-undo"),
    path("in-doubt", InDoubt.as_view(), name="in-doubt"),
    path("in-doubt/<str:run_id>/<str:step_id>", OneInDoubt.as_view(), name="one-in-doubt"),
    path("in-doubt/<str:run_id>/<str:step_id>/verdict", Verdict.as_view(), name="in-doubt-verdict"),
    path("dead-letters", DeadLetters.as_view(), name="dead-letters"),
    path("dead-letters/<str:run_id>", OneDeadLetter.as_view(), name="dead-letter"),
    path("dead-letters/<str:run_id>/requeue", Requeue.as_view(), name="dead-letter-requeue"),
]
