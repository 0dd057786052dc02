"""REST routes of bulk operations: look first, begin, follow, stop."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.idempotency import IDEMPOTENCY_KEY, answered_once
from agents.pagination import page_json
from agents.tenancy import principal_of
from runs.bulk.aborting import abort
from runs.bulk.beginning import begin
from runs.bulk.choosing import chosen_by
from runs.bulk.contracts import BulkBody, BulkPage, BulkPreview, BulkPreviewBody, BulkQuery, BulkView, WholeBulk
from runs.bulk.previewing import preview
from runs.bulk.reading import get_operation, list_operations, operation_json
from skills.requests import parse_body, parse_query

READ, WRITE = "runs:read", "runs:write"


class PreviewBulk(APIView):
    required_scopes = {"POST": READ}

    @extend_schema(operation_id="bulk_preview", request=BulkPreviewBody, responses={200: BulkPreview})
    def post(self, request: Request) -> Response:
        body, principal = parse_body(BulkPreviewBody, request.data), principal_of(request)
        return Response(preview(principal=principal, action=body.action, chosen=chosen_by(principal.tenant, body.filter)))


class BulkOperations(APIView):
    required_scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(operation_id="bulk_list", parameters=[BulkQuery], responses={200: BulkPage})
    def get(self, request: Request) -> Response:
        query, tenant = parse_query(BulkQuery, request.query_params), principal_of(request).tenant
        rows = list_operations(tenant=tenant, state=query.state)
        return Response(page_json(rows, tenant=tenant, name="bulk", query=query, to_json=operation_json))

    @extend_schema(operation_id="bulk_begin", parameters=[IDEMPOTENCY_KEY], request=BulkBody, responses={202: BulkView})
    @answered_once()
    def post(self, request: Request) -> Response:
        body, principal = parse_body(BulkBody, request.data), principal_of(request)
        row = begin(
            principal=principal,
            action=body.action,
            chosen=chosen_by(principal.tenant, body.filter),
            reason=body.reason,
            expected=body.expected,
            options=body.options.model_dump(),
        )
        return Response(operation_json(row), status=202, headers={"Location": f"/api/v1/bulk-operations/{row.public_id}"})


class OneBulk(APIView):
    required_scopes = {"GET": READ}

    @extend_schema(operation_id="bulk_get", responses={200: WholeBulk})
    def get(self, request: Request, bulk_id: str) -> Response:
        return Response(operation_json(get_operation(tenant=principal_of(request).tenant, bulk_id=bulk_id), whole=True))


class AbortBulk(APIView):
    required_scopes = {"POST": WRITE}

    @extend_schema(operation_id="bulk_abort", request=None, responses={202: BulkView})
    def post(self, request: Request, bulk_id: str) -> Response:
        return Response(operation_json(abort(principal=principal_of(request), bulk_id=bulk_id)), status=202)


urlpatterns = [
    path("bulk-operations", BulkOperations.as_view(), name="bulk-operations"),
    path("bulk-operations/preview", PreviewBulk.as_view(), name="bulk-preview"),
    path("bulk-operations/<str:bulk_id>", OneBulk.as_view(), name="bulk-operation"),
    path("bulk-operations/<str:bulk_id>/abort", AbortBulk.as_view(), name="bulk-abort"),
]
