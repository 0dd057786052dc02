"""Requests that make runs and their answers: the headers they share, their idempotency, and 202 with the run as it is, or after a wait."""

from __future__ import annotations

from typing import TypedDict

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from agents.idempotency import idempotency_key_in, replayed_headers
from agents.tenancy import principal_of
from runs import selectors
from runs.models import Run, RunStatus
from runs.waiting import wait_preferred, wait_until
from runs.webhooks import endpoints
from skills.requests import fingerprint_of, refuse_inexact

PREFER = OpenApiParameter(
    "Prefer", str, OpenApiParameter.HEADER, description="wait=N: answer when the run ends or parks, after N ≤ 60 s at most."
)


class Once(TypedDict):
    """What makes a request the same as an earlier one: whose key it is says the service."""

    idempotency_key: str | None
    fingerprint: str


def once_in(request: Request) -> Once:
    """Return the idempotency key of a request, good for its route alone, and what tells requests of one key apart. Raises Refusal."""
    key, route = idempotency_key_in(request.headers.get("Idempotency-Key")), f"{request.method} {request.path}"
    if key is not None:
        return {"idempotency_key": f"{route} {key}", "fingerprint": fingerprint_of(route, request.data)}
    refuse_inexact(request.data)
    return {"idempotency_key": None, "fingerprint": ""}


def accepted(request: Request, run: Run, *, created: bool, has_callback: bool = False) -> Response:
    """Answer 202 with the run as it is now, or as it is after the wait the caller preferred; with its callback where it has one."""
    headers = {"Location": f"/api/v1/runs/{run.public_id}"} | replayed_headers(repeated=not created)
    seconds = wait_preferred(request.headers.get("Prefer"))
    if seconds:
        headers["Preference-Applied"] = f"wait={seconds}"
        tenant, run_id = principal_of(request).tenant, run.public_id
        run = wait_until(lambda: selectors.get_run(tenant=tenant, run_id=run_id), _is_settled, seconds=seconds)
    told = selectors.run_json(run)
    if has_callback:
        told["callback"] = endpoints.callback_json(run)
    return Response(told, status=202, headers=headers)


def _is_settled(run: Run) -> bool:
    return run.is_terminal or run.status == RunStatus.WAITING
