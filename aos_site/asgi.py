"""The ASGI application, behind a gate that looks at a body's size before a byte of it is taken."""

from __future__ import annotations

import os
import secrets
from types import SimpleNamespace
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aos_site.settings")
django.setup(set_prefix=False)

# All of them import what needs settings to be there.
from django.conf import settings  # noqa: E402
from django.core.handlers.asgi import get_script_prefix  # noqa: E402
from django.templatetags.static import static  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from aos_site.http.access_log import with_access_log  # noqa: E402
from aos_site.http.headers import add_security_headers  # noqa: E402
from aos_site.http.problems import problem_response  # noqa: E402
from aos_site.http.rest import body_refusal  # noqa: E402
from aos_site.http.serving import StaticHandler, ThreadedHandler  # noqa: E402
from runs.shell.memory import settle  # noqa: E402

STATIC_PREFIX = static("")
# Files are read piece by piece on the loop; everything else is answered on threads.
static_application = StaticHandler()
threaded_application = ThreadedHandler()

if settings.IS_WEB:
    # All of the site now and not at the first request; then what stays for good is never again searched for garbage, which took
    # a long answer longer than all of its own work.
    _ = get_resolver().url_patterns
    settle()


async def gate(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve a request. Django's own handler spools a whole body to disk before any view could refuse it."""
    if scope["type"] != "http":
        raise ValueError(f"AOS serves HTTP, not {scope['type']}")
    refusal = body_refusal(dict(scope["headers"]))
    if refusal is not None:
        await _refuse(refusal, scope, send)
    elif _path_below_the_prefix(scope).startswith(STATIC_PREFIX):
        await static_application(scope, receive, send)
    else:
        await threaded_application(scope, receive, send)


def _path_below_the_prefix(scope: dict[str, Any]) -> str:
    return str(scope["path"]).removeprefix(get_script_prefix(scope).rstrip("/"))


async def _refuse(refusal: Any, scope: dict[str, Any], send: Any) -> None:
    answer = problem_response(refusal, SimpleNamespace(path=scope["path"], method=scope["method"], trace_id=secrets.token_hex(16)))
    add_security_headers(answer, _path_below_the_prefix(scope), is_secure=_is_secure(scope))
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.items()]
    headers.append((b"content-length", str(len(answer.content)).encode()))
    # The rest of the body is not read, so the connection cannot be used again.
    await send({"type": "http.response.start", "status": answer.status_code, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": answer.content})


def _is_secure(scope: dict[str, Any]) -> bool:
    """Tell what a request's `is_secure` would tell, where there is no request yet."""
    if settings.SECURE_PROXY_SSL_HEADER is None:
        return bool(scope["scheme"] == "https")
    said = dict(scope["headers"]).get(b"x-forwarded-proto", b"").decode("latin-1")
    return bool(said.split(",")[0].strip() == settings.SECURE_PROXY_SSL_HEADER[1])


application = with_access_log(gate) if settings.ACCESS_LOG else gate
