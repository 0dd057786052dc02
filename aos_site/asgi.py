"""The ASGI application, behind a gate that looks at a body's size before a byte of it is taken."""

from __future__ import annotations

import os
import secrets
from types import SimpleNamespace
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aos_site.settings")
django_application = get_asgi_application()

# Both import what needs settings to be there.
from aos_site.http.problems import problem_response  # noqa: E402
from aos_site.http.rest import body_refusal  # noqa: E402


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve a request. Django's own handler spools a whole body to disk before any view could refuse it."""
    refusal = body_refusal(dict(scope["headers"])) if scope["type"] == "http" else None
    if refusal is None:
        await django_application(scope, receive, send)
        return
    answer = problem_response(refusal, SimpleNamespace(path=scope["path"], method=scope["method"], trace_id=secrets.token_hex(16)))
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.items()]
    headers.append((b"content-length", str(len(answer.content)).encode()))
    # The rest of the body is not read, so the connection cannot be used again.
    await send({"type": "http.response.start", "status": answer.status_code, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": answer.content})
