"""Answers to requests that make runs: the headers they share, their fingerprint, and 202 with the run as it is, or after a wait."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from agents.tenancy import principal_of
from runs import selectors
from runs.models import Run, RunStatus
from runs.waiting import wait_preferred, wait_until
from runs.webhooks import endpoints
from skills.requests import fingerprint_of, refuse_inexact

PREFER = OpenApiParameter(
    "Prefer", str, OpenApiParameter.HEADER, description="wait=N: answer when the run ends or parks, after N ≤ 60 s at most."
)


def fingerprint_in(request: Request, key: str | None) -> str:
    """Return what tells requests of one key apart; without a key there is nothing to tell apart."""
    if key is not None:
        return fingerprint_of(f"POST {request.path}", request.data)
    refuse_inexact(request.data)
    return ""


def accepted(request: Request, run: Run, *, created: bool, has_callback: bool = False) -> Response:
    """Answer 202 with the run as it is now, or as it is after the wait the caller preferred; with its callback where it has one."""
    headers = {"Location": f"/api/v1/runs/{run.public_id}"}
    seconds = wait_preferred(request.headers.get("Prefer"))
    if seconds:
        headers["Preference-Applied"] = f"wait={seconds}"
        tenant, run_id = principal_of(request).tenant, run.public_id
        run = wait_until(lambda: selectors.get_run(tenant=tenant, run_id=run_id), _is_settled, seconds=seconds)
    if not created:
        headers["Idempotency-Replayed"] = "true"
    told = selectors.run_json(run)
    if has_callback:
        told["callback"] = endpoints.callback_json(run)
    return Response(told, status=202, headers=headers)


def _is_settled(run: Run) -> bool:
    return run.is_terminal or run.status == RunStatus.WAITING
