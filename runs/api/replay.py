"""REST routes of replays: a stored run held against its journal, run once more for real, or played under changes."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.idempotency import IDEMPOTENCY_KEY, replayed_headers
from agents.tenancy import Principal, principal_of
from runs import services
from runs.answering import PREFER, once_in
from runs.contracts.simulation import ReplayReport
from runs.proof.live import live_report
from runs.proof.what_if import what_if_run
from runs.requests import ReplayBody, checked_run_id
from runs.waiting import wait_preferred, wait_until
from skills.requests import parse_body


class ReplayRun(APIView):
    required_scopes = {"POST": "runs:write"}

    @extend_schema(
        operation_id="runs_replay",
        parameters=[IDEMPOTENCY_KEY, PREFER],
        request=ReplayBody,
        responses={200: ReplayReport, 202: ReplayReport},
    )
    def post(self, request: Request, run_id: str) -> Response:
        body, who = parse_body(ReplayBody, request.data), principal_of(request)
        if body.mode == "live":
            return self._live(request, who, checked_run_id(run_id), body)
        if body.mode == "what_if":
            assert body.changes is not None, "the body was checked"
            return Response(what_if_run(principal=who, run_id=checked_run_id(run_id), changes=body.changes, assume=body.assume))
        return Response(services.replay_run(principal=who, run_id=checked_run_id(run_id), mode=body.mode))

    def _live(self, request: Request, who: Principal, run_id: str, body: ReplayBody) -> Response:
        """Answer 202 with the report of a replay that has begun, or 200 with that of one that is over within the wait."""
        child, created = services.replay_live(principal=who, run_id=run_id, allow_effects=body.allow_effects, **once_in(request))
        headers = {"Location": f"/api/v1/runs/{run_id}/replays/{child.public_id}"} | replayed_headers(repeated=not created)
        seconds = wait_preferred(request.headers.get("Prefer"))
        if seconds:
            headers["Preference-Applied"] = f"wait={seconds}"

        def read() -> dict[str, Any]:
            return live_report(tenant=who.tenant, run_id=run_id, child_id=child.public_id)

        report = wait_until(read, lambda found: found["status"] == "done" or found["waiting_for"] is not None, seconds=seconds)
        return Response(report, status=200 if report["status"] == "done" else 202, headers=headers)


class LiveReplay(APIView):
    required_scopes = {"GET": "runs:read"}

    @extend_schema(operation_id="runs_replays_get", responses={200: ReplayReport})
    def get(self, request: Request, run_id: str, child_id: str) -> Response:
        tenant = principal_of(request).tenant
        return Response(live_report(tenant=tenant, run_id=checked_run_id(run_id), child_id=checked_run_id(child_id)))


urlpatterns = [
    path("runs/<str:run_id>/replay", ReplayRun.as_view(), name="run-replay"),
    path("runs/<str:run_id>/replays/<str:child_id>", LiveReplay.as_view(), name="run-replay-live"),
]
