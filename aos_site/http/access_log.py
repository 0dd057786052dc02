"""The access log: one line for each request that was answered, whatever server and part of the site did it."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aos_site.logs import without_link_secrets

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

log = logging.getLogger("aos.access")

_ID = b"x-request-id"
NOT_ANSWERED = 499
"""The status of a request whose caller hung up before an answer began, as reverse proxies have it."""


def with_access_log(application: Application) -> Application:
    """Return an application that logs what it answers. The query is left out: callers put into it what is nobody's business."""

    async def logged(scope: dict[str, Any], receive: Any, send: Any) -> None:
        began, told = time.monotonic(), dict[str, Any](status=NOT_ANSWERED)

        async def noting(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
                told["request_id"] = next((value.decode("latin-1") for name, value in message["headers"] if name.lower() == _ID), None)
            await send(message)

        try:
            await application(scope, receive, noting)
        finally:
            client = (scope.get("client") or ("",))[0]
            asked = {
                "method": scope.get("method"),
                "path": without_link_secrets(scope.get("path") or ""),
                "client": client,
                "http": scope.get("http_version"),
            }
            log.info("http.request.answered", extra=asked | told | {"duration_ms": round((time.monotonic() - began) * 1_000, 1)})

    return logged
