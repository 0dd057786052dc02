"""REST route by which a run's evidence is taken out, as a zip."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from agents.tenancy import principal_of
from runs.proof.evidence import evidence_of
from runs.requests import EvidenceQuery, checked_run_id
from skills.requests import parse_query


class RunEvidence(APIView):
    required_scopes = {"GET": "runs:read"}

    @extend_schema(operation_id="runs_evidence", parameters=[EvidenceQuery], responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, run_id: str) -> HttpResponse:
        query = parse_query(EvidenceQuery, request.query_params)
        content = evidence_of(
            principal=principal_of(request),
            run_id=checked_run_id(run_id),
            without_payloads=query.without_payloads,
            signed=query.signed,
        )
        return as_download(content, run_id)


def as_download(content: bytes, run_id: str) -> HttpResponse:
    """Answer with a bundle as a file to be kept."""
    headers = {"Content-Disposition": f'attachment; filename="evidence-{run_id}.zip"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="application/zip", headers=headers)


urlpatterns = [path("runs/<str:run_id>/evidence", RunEvidence.as_view(), name="run-evidence")]
