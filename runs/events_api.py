"""REST route of a run's events: pages by sequence number, with a long poll for who follows along."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.tenancy import principal_of
from runs import selectors
from runs.requests import EventsQuery, checked_run_id
from runs.responses import EventPage
from runs.waiting import wait_until
from skills.requests import parse_query


class RunEvents(APIView):
    required_scopes = {"GET": "runs:read"}

    @extend_schema(operation_id="runs_events", parameters=[EventsQuery], responses={200: EventPage})
    def get(self, request: Request, run_id: str) -> Response:
        query, tenant = parse_query(EventsQuery, request.query_params), principal_of(request).tenant
        known = checked_run_id(run_id)

        def read() -> dict[str, Any]:
            page: dict[str, Any] = selectors.events_json(tenant=tenant, run_id=known, after=query.after, limit=query.limit)
            return page

        return Response(wait_until(read, _has_news, seconds=query.wait), headers={"Cache-Control": "no-store"})


def _has_news(page: dict[str, Any]) -> bool:
    return bool(page["data"]) or bool(page["terminal"])


urlpatterns = [path("runs/<str:run_id>/events", RunEvents.as_view(), name="run-events")]
