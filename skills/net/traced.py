"""A way out that says of every request from which call it came, so that no skill has to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skills.ports import HttpExchange, HttpPort
from skills.trace_ids import TRACEPARENT


class TracedHttp:
    """An HttpPort that adds `traceparent` to requests that carry none of their own."""

    def __init__(self, way_out: HttpPort, traceparent: str) -> None:
        self._way_out = way_out
        self._traceparent = traceparent

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], **options: Any) -> HttpExchange:
        if not any(name.lower() == TRACEPARENT for name in headers):
            headers = {**headers, TRACEPARENT: self._traceparent}
        return await self._way_out.send(method, url, headers=headers, **options)
