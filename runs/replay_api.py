"""REST route of replays: a stored run held against its own journal, against a world that is live, or against one that is not so."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.tenancy import principal_of
from runs import services
from runs.contracts import ReplayReport
from runs.requests import ReplayBody, checked_run_id
from skills.requests import parse_body


class ReplayRun(APIView):
    required_scopes = {"POST": "runs:write"}

    @extend_schema(operation_id="runs_replay", request=ReplayBody, responses={200: ReplayReport})
    def post(self, request: Request, run_id: str) -> Response:
        body = parse_body(ReplayBody, request.data)
        return Response(services.replay_run(principal=principal_of(request), run_id=checked_run_id(run_id), mode=body.mode))


urlpatterns = [path("runs/<str:run_id>/replay", ReplayRun.as_view(), name="run-replay")]
