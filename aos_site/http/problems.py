"""The one error envelope: whatever went wrong becomes application/problem+json (RFC 9457), framework errors included."""

from __future__ import annotations

import logging
import math
from typing import Any
from urllib.parse import quote

from django.core.exceptions import BadRequest, DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from rest_framework import exceptions

from aos_site.http.rest import content_too_large, json_bytes
from skills.refusal import Refusal

log = logging.getLogger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
DEFECT = "AOS failed to handle this request; the log holds the reason under the trace id"
UNAUTHENTICATED = "a valid API key is needed: Authorization: Bearer aos_… or X-AOS-Key: aos_…"


def refusal_for(error: BaseException) -> Refusal:
    """Return what to tell the caller about an exception; what nobody anticipated is INTERNAL_ERROR."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, exceptions.APIException):
        return _framework_refusal(error)
    if isinstance(error, Http404):
        return Refusal("NOT_FOUND", "there is nothing at this address")
    if isinstance(error, DjangoPermissionDenied):
        return Refusal("PERMISSION_DENIED", "this is not allowed")
    if isinstance(error, RequestDataTooBig):
        return content_too_large()
    if isinstance(error, DisallowedHost):
        hint = "Whoever runs AOS names the hosts it answers under: AOS_ALLOWED_HOSTS."
        return Refusal("INVALID_INPUT", "the request's Host is not one this site answers under", suggestions=[hint])
    if isinstance(error, SuspiciousOperation | BadRequest | UnreadablePostError):
        return Refusal("INVALID_INPUT", "the request cannot be read")
    if isinstance(error, OperationalError | InterfaceError):
        return Refusal("STORE_UNAVAILABLE", "the database did not answer", retry_after_ms=1_000)
    return Refusal("INTERNAL_ERROR", DEFECT)


def _framework_refusal(error: exceptions.APIException) -> Refusal:
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return Refusal("PERMISSION_DENIED", UNAUTHENTICATED, status=401, headers={"WWW-Authenticate": 'Bearer realm="aos"'})
    if isinstance(error, exceptions.PermissionDenied):
        return Refusal("PERMISSION_DENIED", str(error.detail))
    if isinstance(error, exceptions.NotFound):
        return Refusal("NOT_FOUND", "there is nothing at this address")
    if isinstance(error, exceptions.Throttled):
        wait_s = getattr(error, "wait", None)
        wait_ms = None if wait_s is None else math.ceil(wait_s * 1_000)
        return Refusal("RATE_LIMITED", "too many requests", retry_after_ms=wait_ms)
    if isinstance(error, exceptions.UnsupportedMediaType):
        return Refusal("INVALID_INPUT", "bodies are application/json", status=415, suggestions=["Set Content-Type: application/json."])
    if error.status_code < 500:
        return Refusal("INVALID_INPUT", str(error.detail), status=error.status_code)
    return Refusal("INTERNAL_ERROR", DEFECT)


def problem_response(refusal: Refusal, request: Any) -> HttpResponse:
    """Return the answer that says no."""
    body = refusal.to_json() | {"instance": quote(request.path), "trace_id": getattr(request, "trace_id", None)}
    if refusal.status >= 500 and request.method not in SAFE_METHODS:
        # Nothing says how far the request got.
        body["retry_safety"] = "unknown"
    response = HttpResponse(json_bytes(body), status=refusal.status, content_type="application/problem+json")
    for name, value in refusal.headers.items():
        response[name] = value
    if refusal.retry_after_ms is not None:
        response["Retry-After"] = str(math.ceil(refusal.retry_after_ms / 1_000))
    response["Cache-Control"] = "no-store"
    return response


def problem_for(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """Answer for an exception in an API view (the EXCEPTION_HANDLER of REST framework)."""
    return problem_of(error, context["request"])


def problem_of(error: Exception, request: Any) -> HttpResponse:
    """Answer for an exception; one nobody anticipated is logged with its traceback."""
    refusal = refusal_for(error)
    if refusal.status >= 500 and not isinstance(error, Refusal):
        log.error("http.request.failed", exc_info=error, extra={"method": request.method, "path": request.path})
    return problem_response(refusal, request)


def is_for_people(request: HttpRequest) -> bool:
    """Tell whether a path belongs to the console or to its links, whose errors are pages."""
    return request.path.startswith(("/admin/", "/decide/"))
