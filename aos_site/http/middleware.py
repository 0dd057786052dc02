"""What surrounds every request: its ids for log and trace, the content security policy, and the last net for defects."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bound_contextvars

from agents import audit
from aos_site.http.problems import is_for_people, problem_of
from skills.trace_ids import TRACEPARENT, caller_span

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

_OWN_PAGES = "style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
CONSOLE_POLICY = f"default-src 'self'; script-src 'self' 'unsafe-eval'; {_OWN_PAGES}"
DOCS_POLICY = f"default-src 'self'; script-src 'self'; {_OWN_PAGES}"
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
API_POLICY = "default-src 'none'; frame-ancestors 'none'"


def request_id_from(header: str | None) -> str:
    """Return the caller's request id where it can stand in a log line, else a fresh one."""
    return header if header and _REQUEST_ID.fullmatch(header) else secrets.token_hex(16)


def policy_for(path: str) -> str:
    if path.startswith("/admin/"):
        return CONSOLE_POLICY
    if path.startswith("/api/docs"):
        return DOCS_POLICY
    return PAGE_POLICY if path.startswith("/errors") else API_POLICY


class _Around:
    """A middleware for both kinds of server: subclasses say what to do before and after."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)  # type: ignore[type-var] # the hint knows functions, Django wants the object marked


class RequestContextMiddleware(_Around):
    """Gives the request an id and a trace of its own.

    The trace a caller names is kept beside ours and not taken over: a stranger must not be able to write into
    somebody else's trace.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        if self.is_async:
            return self._answer(request)
        with bound_contextvars(**_open(request)):
            return _close(request, self.get_response(request))

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        with bound_contextvars(**_open(request)):
            return _close(request, await self.get_response(request))

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn what a plain Django view let through into the envelope, with debug mode on as well."""
        return None if is_for_people(request) else problem_of(error, request)


def _open(request: Any) -> dict[str, str]:
    request.request_id = request_id_from(request.META.get("HTTP_X_REQUEST_ID"))
    request.trace_id = secrets.token_hex(16)
    audit.begin(request.trace_id)
    ids = {"request_id": request.request_id, "trace_id": request.trace_id}
    caller = caller_span(request.META.get(f"HTTP_{TRACEPARENT.upper()}"))
    request.caller_trace = None if caller is None else caller.header
    return ids if caller is None else ids | {"caller_trace_id": caller.trace_id}


def _close(request: Any, response: HttpResponse) -> HttpResponse:
    response["X-Request-Id"] = request.request_id
    return response


class ContentSecurityPolicyMiddleware(_Around):
    """Sets the policy of the page's part of the site, unless the view has set a stricter one."""

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        if self.is_async:
            return self._answer(request)
        return self._with_policy(request, self.get_response(request))

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        return self._with_policy(request, await self.get_response(request))

    def _with_policy(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers.setdefault("Content-Security-Policy", policy_for(request.path))
        return response
