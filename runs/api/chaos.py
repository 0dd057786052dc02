"""The REST route that tries faults on a plan: translate in, one call, translate out. Nothing outside is called."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.tenancy import principal_of
from runs import chaos
from runs.faults.contracts import ChaosReport
from runs.requests import ChaosBody
from skills.requests import parse_body, refuse_inexact


class Chaos(APIView):
    required_scopes = {"POST": "runs:read"}

    @extend_schema(operation_id="chaos", request=ChaosBody, responses={200: ChaosReport})
    def post(self, request: Request) -> Response:
        body = parse_body(ChaosBody, request.data)
        refuse_inexact(request.data)
        report = chaos.try_faults(
            principal=principal_of(request),
            plan=body.plan,
            goal=body.goal,
            agent_ref=body.agent,
            inputs=body.inputs,
            budget_micro_usd=body.limit_micro_usd(),
            deadline_ms=body.deadline_ms,
            faults=body.faults,
            pairs=body.pairs,
            step=body.step,
            ignoring_keys=body.ignoring_keys,
            seed=body.seed,
        )
        return Response(report.model_dump(mode="json"))


urlpatterns = [path("chaos", Chaos.as_view(), name="chaos")]
