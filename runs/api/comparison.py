"""REST routes that hold runs side by side: what a run was made with, and how two of them differ."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.tenancy import principal_of
from runs.contracts.proof import BomReport, RunDifference
from runs.proof.bom import bom_json
from runs.proof.differences import diff_json
from runs.requests import BomQuery, checked_run_id
from skills.requests import parse_query


class RunBom(APIView):
    required_scopes = {"GET": "runs:read"}

    @extend_schema(operation_id="runs_bom", parameters=[BomQuery], responses={200: BomReport})
    def get(self, request: Request, run_id: str) -> Response:
        query = parse_query(BomQuery, request.query_params)
        return Response(bom_json(tenant=principal_of(request).tenant, run_id=checked_run_id(run_id), against=query.against))


class RunDiff(APIView):
    required_scopes = {"GET": "runs:read"}

    @extend_schema(operation_id="runs_diff", responses={200: RunDifference})
    def get(self, request: Request, run_id: str, other_id: str) -> Response:
        tenant = principal_of(request).tenant
        return Response(diff_json(tenant=tenant, run_id=checked_run_id(run_id), other_id=checked_run_id(other_id)))


urlpatterns = [
    path("runs/<str:run_id>/bom", RunBom.as_view(), name="run-bom"),
    path("runs/<str:run_id>/diff/<str:other_id>", RunDiff.as_view(), name="run-diff"),
]
