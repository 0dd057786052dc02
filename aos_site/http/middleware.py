"""What surrounds every request: its ids for log and trace, the headers of its answer, and the last net for defects."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotAllowed
from structlog.contextvars import bound_contextvars

from agents import audit
from agents.access.break_glass import record_use
from agents.access.rights import glasses_of, open_wall, through_glass
from agents.second_wall import walls
from aos_site.http.headers import add_security_headers, say_what_is_answered
from aos_site.http.problems import is_for_people, problem_of, problem_response
from skills.refusal import Refusal
from skills.trace_ids import TRACEPARENT, caller_span

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def request_id_from(header: str | None) -> str:
    """Return the caller's request id where it can stand in a log line, else a fresh one."""
    return header if header and _REQUEST_ID.fullmatch(header) else secrets.token_hex(16)


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
    left = getattr(request, "rate_left", None)
    if left is not None:
        for name, value in left.headers().items():
            response[name] = value
    return response


class SecurityHeadersMiddleware(_Around):
    """Adds the headers of every answer, unless the view has set stricter ones. Outside of all that may answer in a view's stead."""

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        if self.is_async:
            return self._answer(request)
        return self._with_headers(request, self.get_response(request))

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        return self._with_headers(request, await self.get_response(request))

    def _with_headers(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        refusal = None if is_for_people(request) else _framework_no(request, response)
        if refusal is not None:
            response = problem_response(refusal, request)
        if not is_for_people(request):
            say_what_is_answered(response)
        add_security_headers(response, request.path_info, is_secure=request.is_secure())
        return response


def _framework_no(request: HttpRequest, response: HttpResponse) -> Refusal | None:
    """Return the refusal that stands for an answer of Django's own: an empty 405, or its page about a form from elsewhere."""
    if isinstance(response, HttpResponseNotAllowed):
        allowed = {"Allow": response["Allow"]}
        return Refusal("INVALID_INPUT", f'Method "{request.method}" not allowed.', status=405, headers=allowed)
    return Refusal("PERMISSION_DENIED", "this is not allowed") if isinstance(response, HttpResponseForbidden) else None


class TenantWallMiddleware:
    """Opens the second wall between tenants (`agents/second_wall/`) for who comes without an API key: as far as their memberships go.

    Where all may be seen stands another lock in front, or it is just then found out who somebody is.
    """

    sync_capable, async_capable = True, False
    _CONSOLE = "/admin/"
    _SEE_ALL = ("/metrics", "/admin/login/", "/admin/sign-in/")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if walls.is_up():
            if request.path_info.startswith(self._SEE_ALL):
                walls.open_to(walls.EVERYTHING)
            elif request.path_info.startswith(self._CONSOLE) and request.user.is_authenticated:
                open_wall(request)
        return self.get_response(request)


class BrokenGlassMiddleware:
    """Has the audit log say what was seen by a broken glass alone (`agents/access/break_glass.py`), before it is shown."""

    sync_capable, async_capable = True, False
    # 304 shows something: what stands on the page already goes on standing there.
    _SHOWS_NOTHING = frozenset({301, 302, 403, 404})

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code not in self._SHOWS_NOTHING:
            for tenant in through_glass(request):
                record_use(glasses_of(request)[tenant], request.path)
        return response
