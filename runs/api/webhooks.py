"""REST routes of webhooks: endpoints, their secrets and deliveries, and the signed answers that come back."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.idempotency import IDEMPOTENCY_KEY, answered_once
from agents.pagination import PageQuery, page_json
from agents.tenancy import BY_SIGNATURE, principal_of
from runs.models import WebhookEndpoint
from runs.requests import checked_run_id
from runs.responses import Decided
from runs.webhooks import answers, deliveries, endpoints
from runs.webhooks.contracts import (
    AnswerBody,
    DeliveryPage,
    DeliveryQuery,
    DeliveryView,
    WebhookBody,
    WebhookChanges,
    WebhookPage,
    WebhookView,
    WebhookWithSecret,
    WholeDelivery,
)
from runs.webhooks.deliveries import delivery_json
from runs.webhooks.endpoints import Wanted, endpoint_json
from skills.requests import parse_body, parse_query

READ, WRITE = "webhooks:read", "webhooks:write"
SIGNATURE = [
    OpenApiParameter(name, str, OpenApiParameter.HEADER, required=True, description=says)
    for name, says in (
        ("webhook-id", "Names the message; the same one is heard once."),
        ("webhook-timestamp", "Unix seconds; at most five minutes from now."),
        ("webhook-signature", "v1,<base64 of HMAC-SHA-256 over id.timestamp.body by the endpoint's secret>"),
    )
]


class Webhooks(APIView):
    required_scopes = {"GET": READ, "POST": WRITE}

    @extend_schema(operation_id="webhooks_list", parameters=[PageQuery], responses={200: WebhookPage})
    def get(self, request: Request) -> Response:
        query, tenant = parse_query(PageQuery, request.query_params), principal_of(request).tenant
        rows = endpoints.list_endpoints(tenant=tenant)
        return Response(page_json(rows, tenant=tenant, name="webhooks", query=query, to_json=endpoint_json))

    @extend_schema(operation_id="webhooks_create", parameters=[IDEMPOTENCY_KEY], request=WebhookBody, responses={201: WebhookWithSecret})
    @answered_once("secret")
    def post(self, request: Request) -> Response:
        wanted = Wanted(**parse_body(WebhookBody, request.data).model_dump())
        row, secret = endpoints.create_endpoint(principal=principal_of(request), wanted=wanted)
        return Response(_with(row, secret), status=201, headers={"Location": f"/api/v1/webhooks/{row.public_id}"})


def _with(row: WebhookEndpoint, secret: str) -> dict[str, Any]:
    return endpoint_json(row) | {"secret": secret}


class OneWebhook(APIView):
    required_scopes = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}

    @extend_schema(operation_id="webhooks_get", responses={200: WebhookView})
    def get(self, request: Request, webhook_id: str) -> Response:
        return Response(endpoint_json(endpoints.get_endpoint(tenant=principal_of(request).tenant, webhook_id=webhook_id)))

    @extend_schema(operation_id="webhooks_update", request=WebhookChanges, responses={200: WebhookView})
    def patch(self, request: Request, webhook_id: str) -> Response:
        wanted = Wanted(**parse_body(WebhookChanges, request.data).model_dump())
        return Response(endpoint_json(endpoints.update_endpoint(principal=principal_of(request), webhook_id=webhook_id, wanted=wanted)))

    @extend_schema(operation_id="webhooks_delete", responses={204: None})
    def delete(self, request: Request, webhook_id: str) -> Response:
        endpoints.delete_endpoint(principal=principal_of(request), webhook_id=webhook_id)
        return Response(status=204)


class RotateSecret(APIView):
    required_scopes = {"POST": WRITE}

    @extend_schema(operation_id="webhooks_rotate_secret", parameters=[IDEMPOTENCY_KEY], request=None, responses={200: WebhookWithSecret})
    @answered_once("secret")
    def post(self, request: Request, webhook_id: str) -> Response:
        row, secret = endpoints.rotate_secret(principal=principal_of(request), webhook_id=webhook_id)
        return Response(_with(row, secret))


class TestWebhook(APIView):
    required_scopes = {"POST": WRITE}

    @extend_schema(operation_id="webhooks_test", parameters=[IDEMPOTENCY_KEY], request=None, responses={202: DeliveryView})
    @answered_once()
    def post(self, request: Request, webhook_id: str) -> Response:
        return Response(delivery_json(deliveries.send_test(principal=principal_of(request), webhook_id=webhook_id)), status=202)


class Deliveries(APIView):
    required_scopes = {"GET": READ}

    @extend_schema(operation_id="webhook_deliveries_list", parameters=[DeliveryQuery], responses={200: DeliveryPage})
    def get(self, request: Request, webhook_id: str) -> Response:
        query, tenant = parse_query(DeliveryQuery, request.query_params), principal_of(request).tenant
        rows = deliveries.list_deliveries(tenant=tenant, webhook_id=webhook_id, state=query.state)
        return Response(page_json(rows, tenant=tenant, name=f"deliveries:{webhook_id}", query=query, to_json=delivery_json))


class OneDelivery(APIView):
    required_scopes = {"GET": READ}

    @extend_schema(operation_id="webhook_deliveries_get", responses={200: WholeDelivery})
    def get(self, request: Request, webhook_id: str, delivery_id: str) -> Response:
        row = deliveries.get_delivery(tenant=principal_of(request).tenant, webhook_id=webhook_id, delivery_id=delivery_id)
        return Response(delivery_json(row, whole=True))


class Redeliver(APIView):
    required_scopes = {"POST": WRITE}

    @extend_schema(operation_id="webhook_deliveries_redeliver", parameters=[IDEMPOTENCY_KEY], request=None, responses={202: DeliveryView})
    @answered_once()
    def post(self, request: Request, webhook_id: str, delivery_id: str) -> Response:
        row = deliveries.redeliver(principal=principal_of(request), webhook_id=webhook_id, delivery_id=delivery_id)
        return Response(delivery_json(row), status=202)


class Answers(APIView):
    """Signed by the endpoint's secret in the place of a key: whoever got the message may answer it."""

    required_scopes = {"POST": BY_SIGNATURE}
    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    throttle_classes: list[Any] = []

    @extend_schema(operation_id="webhooks_answer", parameters=SIGNATURE, request=AnswerBody, responses={202: Decided}, auth=[])
    def post(self, request: Request, webhook_id: str) -> Response:
        # The bytes as they came, before anything is read out of them: they are what is signed.
        raw = request._request.body
        endpoint, message_id = answers.authenticated(webhook_id, {name.lower(): value for name, value in request.headers.items()}, raw)
        body = parse_body(AnswerBody, request.data)
        said = body.model_dump() | {"run_id": checked_run_id(body.run_id)}
        return Response(answers.answer(endpoint, message_id, **said), status=202)


urlpatterns = [
    path("webhooks", Webhooks.as_view(), name="webhooks"),
    path("webhooks/<str:webhook_id>", OneWebhook.as_view(), name="webhook"),
    path("webhooks/<str:webhook_id>/rotate-secret", RotateSecret.as_view(), name="webhook-rotate"),
    path("webhooks/<str:webhook_id>/test", TestWebhook.as_view(), name="webhook-test"),
    path("webhooks/<str:webhook_id>/answers", Answers.as_view(), name="webhook-answers"),
    path("webhooks/<str:webhook_id>/deliveries", Deliveries.as_view(), name="webhook-deliveries"),
    path("webhooks/<str:webhook_id>/deliveries/<str:delivery_id>", OneDelivery.as_view(), name="webhook-delivery"),
    path("webhooks/<str:webhook_id>/deliveries/<str:delivery_id>/redeliver", Redeliver.as_view(), name="webhook-redeliver"),
]
