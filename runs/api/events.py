"""REST routes of events: of one run by its journal, of a tenant by its feed; as pages with a long poll, or as a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from django.http import HttpResponseBase
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import Field
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.tenancy import Principal, is_still_valid, principal_of
from runs import selectors
from runs.events import feed, streaming
from runs.events.feed import Place
from runs.events.streaming import Batch, frame, frames_of, wants_stream
from runs.events.types import EVENT_TYPES
from runs.requests import EventsQuery, checked_run_id
from runs.responses import Answer, EventPage
from runs.waiting import wait_until
from skills.refusal import Refusal
from skills.requests import RequestModel, parse_query

LAST_EVENT_ID = OpenApiParameter(
    "Last-Event-ID", str, OpenApiParameter.HEADER, description="Of a stream: where to go on, in the place of `after`."
)

if TYPE_CHECKING:
    from agents.models import Tenant
READ = "runs:read"
AT_ONCE = 200
STREAM = {(200, streaming.MEDIA_TYPE): str}


class FeedQuery(RequestModel):
    after: Annotated[
        str, Field(max_length=64, description="The cursor of the last event already seen; `latest` leaves out what there is; empty: all.")
    ] = ""
    types: Annotated[str, Field(max_length=500, description="Only these events, with commas between.")] = ""
    wait: Annotated[int, Field(ge=0, le=60, description="Seconds to wait for a first new event.")] = 0
    limit: Annotated[int, Field(ge=1, le=1_000)] = 200


class FeedEvent(Answer):
    """Something that happened. `cursor` is the place after it; `data` names the run, where there is one, with a link."""

    cursor: str
    type: str
    timestamp: str
    data: dict[str, Any]


class FeedPage(Answer):
    """Events after a place. `reset`: the place is so old that events after it may be gone, so this begins with what is kept."""

    data: list[FeedEvent]
    next_after: str
    terminal: bool
    reset: bool


class RunEvents(APIView):
    required_scopes = {"GET": READ}

    @extend_schema(
        operation_id="runs_events", parameters=[EventsQuery, LAST_EVENT_ID], responses={(200, "application/json"): EventPage, **STREAM}
    )
    def get(self, request: Request, run_id: str) -> HttpResponseBase:
        principal, known = principal_of(request), checked_run_id(run_id)
        query = parse_query(EventsQuery, _from_last_event(request, wants_stream(request.headers)))

        def read() -> dict[str, Any]:
            page: dict[str, Any] = selectors.events_json(tenant=principal.tenant, run_id=known, after=query.after, limit=query.limit)
            return page

        if wants_stream(request.headers):
            selectors.get_run(tenant=principal.tenant, run_id=known)
            return streaming.answer(
                lambda after: _run_batch(principal.tenant, known, after),
                query.after,
                tenant=principal.tenant,
                is_live=lambda: is_still_valid(principal, READ),
            )
        page = wait_until(read, _has_news, seconds=query.wait)
        _refuse_if_ended(principal, query.wait)
        return Response(page, headers={"Cache-Control": "no-store"})


def _refuse_if_ended(principal: Principal, waited: int) -> None:
    """Raise AuthenticationFailed where a key ended while who asked waited: what happened meanwhile is none of its business."""
    if waited and not is_still_valid(principal, READ):
        raise AuthenticationFailed


def _from_last_event(request: Request, streamed: bool) -> dict[str, Any]:
    """Return the query, with the place a stream was broken off at in the place of `after`."""
    params = {name: request.query_params[name] for name in request.query_params}
    last = request.headers.get("Last-Event-ID")
    return params | {"after": last} if streamed and last else params


def _has_news(page: dict[str, Any]) -> bool:
    return bool(page["data"]) or bool(page["terminal"])


def _run_batch(tenant: Tenant, run_id: str, after: int) -> Batch[int]:
    """Return what a run's journal holds after an event; at its end, or where retention took it, the run as it is."""
    page = selectors.events_json(tenant=tenant, run_id=run_id, after=after, limit=AT_ONCE)
    frames = frames_of((event["seq"], event["kind"], event) for event in page["data"])
    first = page["data"][0]["seq"] if page["data"] else None
    if (first is not None and first > after + 1) or (page["terminal"] and page["removed"]):
        run = selectors.run_json(selectors.get_run(tenant=tenant, run_id=run_id))
        # The place before what follows: whoever is cut off right here must not pass it by.
        begins_after = page["next_after"] if first is None else first - 1
        frames.insert(0, frame("reset", {"next_after": begins_after, "run": run}))
    if page["terminal"]:
        frames.append(frame("end", selectors.run_json(selectors.get_run(tenant=tenant, run_id=run_id))))
    return Batch(frames, page["next_after"], page["terminal"])


class TenantEvents(APIView):
    required_scopes = {"GET": READ}

    @extend_schema(
        operation_id="events_list", parameters=[FeedQuery, LAST_EVENT_ID], responses={(200, "application/json"): FeedPage, **STREAM}
    )
    def get(self, request: Request) -> HttpResponseBase:
        principal, streamed = principal_of(request), wants_stream(request.headers)
        query = parse_query(FeedQuery, _from_last_event(request, streamed))
        types = _types_in(query.types)
        after = feed.place_of(query.after, principal.tenant)
        if streamed:
            return streaming.answer(
                lambda place: _feed_batch(principal.tenant, place, types),
                after,
                tenant=principal.tenant,
                is_live=lambda: is_still_valid(principal, READ),
            )

        def read() -> feed.Feed:
            return feed.read_feed(principal.tenant, after, query.limit, types)

        found = wait_until(read, lambda page: bool(page.data), seconds=query.wait)
        _refuse_if_ended(principal, query.wait)
        told = {"data": found.data, "next_after": str(found.next_after), "terminal": False, "reset": found.reset}
        return Response(told, headers={"Cache-Control": "no-store"})


def _types_in(text: str) -> frozenset[str]:
    types = frozenset(filter(None, (name.strip() for name in text.split(","))))
    unknown = types - EVENT_TYPES.keys()
    if unknown:
        fault = {"pointer": "/types", "code": "INVALID_INPUT", "detail": f"no such event: {', '.join(sorted(unknown))}"}
        raise Refusal("INVALID_INPUT", "there is no such event", errors=[fault], suggestions=[f"Events: {', '.join(EVENT_TYPES)}."])
    return types


def _feed_batch(tenant: Tenant, after: Place, types: frozenset[str]) -> Batch[Place]:
    found = feed.read_feed(tenant, after, AT_ONCE, types)
    frames = frames_of((event["cursor"], event["type"], event) for event in found.data)
    if found.reset:
        # The place before what follows, as of a run.
        frames.insert(0, frame("reset", {"next_after": str(Place())}))
    return Batch(frames, found.next_after)


urlpatterns = [
    path("events", TenantEvents.as_view(), name="events"),
    path("runs/<str:run_id>/events", RunEvents.as_view(), name="run-events"),
]
