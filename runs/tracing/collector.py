"""Hands spans to an OpenTelemetry collector: one POST, and what its answer means by the rules of OTLP over HTTP."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType

import httpx
import msgspec

from skills.net.retry_after import retry_after_ms

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10.0
_COME_AGAIN = frozenset({429, 502, 503, 504})
# They say something about who asks and where, and nothing about what was sent: whoever mends the settings loses nothing.
_WRONG_DOOR = frozenset({401, 403, 404, 405, 407})


class Unavailable(Exception):
    """Nothing can be handed over now. `retry_after_ms` is what the collector asked for, None where it asked for nothing."""

    def __init__(self, words: str, retry_after_ms: int | None = None) -> None:
        super().__init__(words)
        self.retry_after_ms = retry_after_ms


class Refused(Exception):
    """The collector does not want this, and would not another time."""


class _Partial(msgspec.Struct, rename="camel"):
    rejected_spans: int | str = 0
    error_message: str = ""


class _Answer(msgspec.Struct, rename="camel"):
    partial_success: _Partial = msgspec.field(default_factory=_Partial)


class Collector:
    """A collector by its base address, as OTEL_EXPORTER_OTLP_ENDPOINT gives it."""

    def __init__(self, endpoint: str, headers: Mapping[str, str]) -> None:
        self._url = f"{endpoint.rstrip('/')}/v1/traces"
        sent = {"Content-Type": "application/json", "User-Agent": "aos", **headers}
        self._client = httpx.Client(headers=sent, timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False)

    def __enter__(self) -> Collector:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()

    def take(self, document: bytes) -> None:
        """Hand a document over. Raises Unavailable or Refused."""
        try:
            answer = self._client.post(self._url, content=document)
        except httpx.HTTPError as error:
            raise Unavailable(f"the collector cannot be reached: {type(error).__name__}") from error
        if answer.is_success:
            _tell_rejected(answer)
            return
        words = f"the collector answered {answer.status_code}"
        if answer.status_code in _COME_AGAIN:
            raise Unavailable(words, retry_after_ms(answer.headers, datetime.now(UTC)))
        if answer.status_code in _WRONG_DOOR or answer.status_code < 400:
            raise Unavailable(f"{words}: look at OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS")
        raise Refused(words)


def _tell_rejected(answer: httpx.Response) -> None:
    """Say in the log what a collector took only in part; by its rules that is not sent again."""
    try:
        partial = msgspec.json.decode(answer.content or b"{}", type=_Answer).partial_success
    except msgspec.MsgspecError:
        # Some answer with an empty protobuf message, whatever they were sent: a 2xx is a yes.
        return
    if int(partial.rejected_spans or 0):
        log.warning("traces.partly_rejected", extra={"spans": int(partial.rejected_spans), "said": partial.error_message[:300]})
