"""REST route by which a run is done again, all of it or from a step on."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.idempotency import IDEMPOTENCY_KEY
from agents.tenancy import principal_of
from runs import services
from runs.again import Wanted
from runs.answering import PREFER, accepted, once_in
from runs.contracts.proof import RerunPreview
from runs.requests import RerunBody, checked_run_id
from runs.responses import RunView
from skills.requests import parse_body


class RerunRun(APIView):
    required_scopes = {"POST": "runs:write"}

    @extend_schema(
        operation_id="runs_rerun", parameters=[IDEMPOTENCY_KEY, PREFER], request=RerunBody, responses={200: RerunPreview, 202: RunView}
    )
    def post(self, request: Request, run_id: str) -> Response:
        body = parse_body(RerunBody, request.data)
        wanted = Wanted(
            from_step=body.from_step,
            versions=body.versions,
            params=body.params,
            inputs=body.inputs,
            budget_micro_usd=body.limit_micro_usd(),
            plan_anew=body.plan_anew,
            repeat_effects=body.repeat_effects,
        )
        who, once = principal_of(request), once_in(request)
        if body.dry_run:
            return Response(services.preview_rerun(principal=who, run_id=checked_run_id(run_id), wanted=wanted))
        run, created = services.rerun_run(principal=who, run_id=checked_run_id(run_id), wanted=wanted, **once)
        return accepted(request, run, created=created)


urlpatterns = [path("runs/<str:run_id>/rerun", RerunRun.as_view(), name="run-rerun")]
