"""REST routes of runs: translate in, one call, translate out."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.contracts import ResourceContract
from agents.idempotency import IDEMPOTENCY_KEY, idempotency_key_in, replayed_headers
from agents.pagination import page_json
from agents.tenancy import principal_of
from runs import runtime, selectors, services
from runs.answering import PREFER, accepted, once_in
from runs.api import first_sdk
from runs.contracts.explanation import DecisionPage, Explanation
from runs.requests import (
    DecisionBody,
    DecisionsQuery,
    GoalBody,
    ReasonBody,
    RunBody,
    RunQuery,
    Submission,
    TopUpBody,
    TraceQuery,
    checked_run_id,
)
from runs.responses import AcceptedRun, CancelledRun, Decided, Requested, RunPage, RunView, ToppedUpRun
from runs.tracing.contracts import TraceAnswer
from runs.tracing.exporting import otlp_json
from skills.requests import parse_body, parse_query


def _submit(
    request: Request, body: Submission, *, goal: str | None, plan: dict[str, Any] | None, simulation_id: str | None = None
) -> Response:
    run, created = services.submit(
        principal=principal_of(request),
        agent_ref=body.agent,
        goal=goal,
        plan=plan,
        inputs=body.inputs,
        budget_micro_usd=body.limit_micro_usd(),
        deadline_ms=body.deadline_ms,
        priority=body.priority,
        called_by=None if body.called_by is None else checked_run_id(body.called_by),
        **once_in(request),
        trace_id=getattr(request, "trace_id", None),
        caller_trace=getattr(request, "caller_trace", None),
        callback_url=body.callback_url,
        simulation_id=simulation_id,
        faults=body.faults,
    )
    return accepted(request, run, created=created, has_callback=body.callback_url is not None)


class Runs(APIView):
    required_scopes = {"GET": "runs:read", "POST": "runs:write"}

    @extend_schema(operation_id="runs_list", parameters=[RunQuery], responses={200: RunPage})
    def get(self, request: Request) -> Response:
        query, tenant = parse_query(RunQuery, request.query_params), principal_of(request).tenant
        rows = selectors.list_runs(tenant=tenant, status=query.status, agent=query.agent)
        return Response(page_json(rows, tenant=tenant, name="runs", query=query, to_json=selectors.run_json))

    @extend_schema(operation_id="runs_submit", parameters=[IDEMPOTENCY_KEY, PREFER], request=RunBody, responses={202: AcceptedRun})
    def post(self, request: Request) -> Response:
        body = parse_body(RunBody, first_sdk.run_body(request.data))
        return _submit(request, body, goal=body.goal, plan=body.plan, simulation_id=body.simulation_id)


class Goals(APIView):
    required_scopes = {"POST": "runs:write"}

    @extend_schema(operation_id="goals_submit", parameters=[IDEMPOTENCY_KEY, PREFER], request=GoalBody, responses={202: AcceptedRun})
    def post(self, request: Request) -> Response:
        body = parse_body(GoalBody, request.data)
        return _submit(request, body, goal=body.goal, plan=None)


class OneRun(APIView):
    required_scopes = {"GET": "runs:read"}

    @extend_schema(operation_id="runs_get", responses={200: RunView})
    def get(self, request: Request, run_id: str) -> Response:
        return Response(selectors.run_json(selectors.get_run(tenant=principal_of(request).tenant, run_id=checked_run_id(run_id))))


class CancelRun(APIView):
    required_scopes = {"POST": "runs:write"}

    @extend_schema(operation_id="runs_cancel", request=ReasonBody, responses={202: CancelledRun})
    def post(self, request: Request, run_id: str) -> Response:
        body = parse_body(ReasonBody, request.data)
        return Response(services.cancel_run(principal=principal_of(request), run_id=checked_run_id(run_id), reason=body.reason), status=202)


class PauseRun(APIView):
    required_scopes = {"POST": "runs:write"}

    @extend_schema(operation_id="runs_pause", request=ReasonBody, responses={202: Requested})
    def post(self, request: Request, run_id: str) -> Response:
        body = parse_body(ReasonBody, request.data)
        return Response(services.pause_run(principal=principal_of(request), run_id=checked_run_id(run_id), reason=body.reason), status=202)


class ResumeRun(APIView):
    required_scopes = {"POST": "runs:write"}

    @extend_schema(operation_id="runs_resume", request=ReasonBody, responses={202: Requested})
    def post(self, request: Request, run_id: str) -> Response:
        body = parse_body(ReasonBody, request.data)
        return Response(services.resume_run(principal=principal_of(request), run_id=checked_run_id(run_id), reason=body.reason), status=202)


class TopUpRun(APIView):
    required_scopes = {"POST": "runs:write"}

    @extend_schema(operation_id="runs_top_up", parameters=[IDEMPOTENCY_KEY], request=TopUpBody, responses={202: ToppedUpRun})
    def post(self, request: Request, run_id: str) -> Response:
        body = parse_body(TopUpBody, request.data)
        told = services.top_up_run(
            principal=principal_of(request),
            run_id=checked_run_id(run_id),
            amount_micro_usd=body.amount(),
            idempotency_key=idempotency_key_in(request.headers.get("Idempotency-Key")),
        )
        return Response(told, status=202, headers=replayed_headers(repeated=told.pop("repeated")))


class DecideStep(APIView):
    required_scopes = {"POST": "runs:write"}

    @extend_schema(operation_id="runs_decide", request=DecisionBody, responses={202: Decided})
    def post(self, request: Request, run_id: str) -> Response:
        body = parse_body(DecisionBody, request.data)
        told = services.decide_step(principal=principal_of(request), run_id=checked_run_id(run_id), **body.model_dump())
        return Response(told, status=202)


class RunTrace(APIView):
    required_scopes = {"GET": "runs:read"}

    @extend_schema(operation_id="runs_trace", parameters=[TraceQuery], responses={200: TraceAnswer})
    def get(self, request: Request, run_id: str) -> Response:
        query, tenant = parse_query(TraceQuery, request.query_params), principal_of(request).tenant
        read = otlp_json if query.format == "otlp" else selectors.trace_json
        return Response(read(tenant=tenant, run_id=checked_run_id(run_id)))


class RunContract(APIView):
    required_scopes = {"GET": "runs:read"}

    @extend_schema(operation_id="runs_contract", responses={200: ResourceContract})
    def get(self, request: Request, run_id: str) -> Response:
        return Response(runtime.get_resource_contract(tenant=principal_of(request).tenant, run_id=checked_run_id(run_id)))


class RunExplanation(APIView):
    required_scopes = {"GET": "runs:read"}

    @extend_schema(operation_id="runs_explain", responses={200: Explanation})
    def get(self, request: Request, run_id: str) -> Response:
        return Response(selectors.explain_json(tenant=principal_of(request).tenant, run_id=checked_run_id(run_id)))


class RunDecisions(APIView):
    required_scopes = {"GET": "runs:read"}

    @extend_schema(operation_id="runs_decisions", parameters=[DecisionsQuery], responses={200: DecisionPage})
    def get(self, request: Request, run_id: str) -> Response:
        query, tenant = parse_query(DecisionsQuery, request.query_params), principal_of(request).tenant
        return Response(selectors.decisions_json(tenant=tenant, run_id=checked_run_id(run_id), **query.model_dump()))


urlpatterns = [
    path("goals", Goals.as_view(), name="goals"),
    path("runs", Runs.as_view(), name="runs"),
    path("runs/<str:run_id>", OneRun.as_view(), name="run"),
    path("runs/<str:run_id>/cancel", CancelRun.as_view(), name="run-cancel"),
    path("runs/<str:run_id>/pause", PauseRun.as_view(), name="run-pause"),
    path("runs/<str:run_id>/resume", ResumeRun.as_view(), name="run-resume"),
    path("runs/<str:run_id>/top-up", TopUpRun.as_view(), name="run-top-up"),
    path("runs/<str:run_id>/decide", DecideStep.as_view(), name="run-decide"),
    path("runs/<str:run_id>/trace", RunTrace.as_view(), name="run-trace"),
    path("runs/<str:run_id>/contract", RunContract.as_view(), name="run-contract"),
    path("runs/<str:run_id>/explain", RunExplanation.as_view(), name="run-explain"),
    path("runs/<str:run_id>/decisions", RunDecisions.as_view(), name="run-decisions"),
]
