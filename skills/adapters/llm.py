"""The one way to ask a language model: `complete(request) → Completion`, whoever answers.

Adapters translate a wire into these values and its troubles into codes of the taxonomy. None of them retries,
follows a redirect or reads the environment; endpoints are the operator's configuration.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import urlsplit

from skills.adapters.structured import StructuredAnswerInvalid, parse_answer
from skills.base import SkillFailure
from skills.contracts import FailureDetails, Phase, Usage
from skills.net.retry_after import retry_after_ms
from skills.taxonomy import code_for_http_status
from skills.trace_ids import TRACEPARENT

log = logging.getLogger(__name__)

# No call uses more; a larger number is a mistake of the one who counted.
MOST_TOKENS = 10**9
# No model answers with more than this; a server that keeps on writing must not fill our memory.
MAX_ANSWER_CHARACTERS = 4_000_000
TRUNCATED = frozenset({"max_tokens", "model_context_window_exceeded"})

_TOO_LONG = re.compile(r"prompt is too long|maximum context length|context.{0,12}(length|window).{0,20}exceed", re.IGNORECASE)
_TOO_LONG_CODES = frozenset({"context_length_exceeded", "request_too_large"})


@dataclass(frozen=True)
class Endpoint:
    """Where a provider answers and with which key. The key never shows in a log or a message."""

    provider: str
    base_url: str
    api_key: str = field(repr=False)

    @property
    def public(self) -> str:
        """The endpoint without path and user: what may be shown and stored."""
        parts = urlsplit(self.base_url)
        host = parts.hostname or ""
        return f"{parts.scheme}://{host}" if parts.port is None else f"{parts.scheme}://{host}:{parts.port}"


@dataclass(frozen=True)
class CompletionRequest:
    """One question to a model. With a `schema` the answer must be JSON that fits it, or, where `strict` is false, JSON."""

    model: str
    prompt: str
    max_tokens: int
    timeout_ms: int
    system: str = ""
    schema: dict[str, Any] | None = None
    strict: bool = True
    effort: str | None = None
    traceparent: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that say from which call it comes."""
        return {TRACEPARENT: self.traceparent} if self.traceparent else {}


@dataclass(frozen=True)
class Completion:
    """A whole answer. `usage` is None where the provider does not tell; `data` is set when a schema was given."""

    text: str
    stop_reason: str
    model: str
    usage: Usage | None
    data: Any = None


class CompletionFailed(SkillFailure):
    """No usable answer. `usage` is what the provider told; `final` says whether it will bill no more than that."""

    def __init__(self, code: str, message: str, *, usage: Usage | None = None, final: bool = True, **more: Any) -> None:
        super().__init__(code, message, **more)
        self.usage = usage
        self.final = final


class LanguageModel(Protocol):
    """A model behind an endpoint. Raises CompletionFailed, and nothing else that was to be expected."""

    async def complete(self, request: CompletionRequest) -> Completion: ...


@dataclass
class Answer:
    """An answer while it streams in."""

    provider: str
    model: str
    parts: list[str] = field(default_factory=list)
    length: int = 0
    stop_reason: str | None = None
    usage: Usage | None = None
    is_miscounted: bool = False

    def count(self, *, input: Any, output: Any, cache_read: Any, cache_write: Any) -> None:
        """Take over the totals the provider tells. Where one is no number of tokens, it is as if nobody had counted: the
        answer stands, and the call is charged with the most it can cost."""
        told = (input, output, cache_read, cache_write)
        if not all(type(number) is int and 0 <= number <= MOST_TOKENS for number in told):
            log.warning("llm.usage.nonsense", extra={"provider": self.provider, "model": self.model})
            self.is_miscounted = True
        self.usage = None if self.is_miscounted else Usage(input=input, output=output, cache_read=cache_read, cache_write=cache_write)

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)
        if self.length > MAX_ANSWER_CHARACTERS:
            raise self.failed("CONTENT_TOO_LARGE", "wrote more than an answer may hold", final=False)

    def failed(self, code: str, message: str, *, final: bool, **more: Any) -> CompletionFailed:
        """Return a failure that carries what is known of the answer so far."""
        details = FailureDetails(provider=self.provider)
        return CompletionFailed(
            code, f"{self.provider}: {message}", usage=self.usage, final=final, phase="acked", **{"details": details, **more}
        )

    def finished(self, request: CompletionRequest) -> Completion:
        """Return the whole answer. Raises CompletionFailed where it is cut, declined, or not what was asked for."""
        if self.stop_reason is None:
            raise self.failed("CONNECTION_RESET", "the stream ended before the answer was whole", final=False)
        if self.stop_reason == "refusal":
            raise self.failed("LLM_REFUSED", f"{self.model} declined to answer", final=True)
        text = "".join(self.parts)
        return Completion(text, self.stop_reason, self.model, self.usage, self._structured(text, request))

    def _structured(self, text: str, request: CompletionRequest) -> Any:
        if request.schema is None:
            return None
        if self.stop_reason in TRUNCATED:
            message = f"the answer did not fit into {request.max_tokens} tokens, so its JSON is incomplete"
            raise self.failed("INVALID_RESPONSE", message, final=True, suggestions=["Raise max_tokens."])
        try:
            return parse_answer(text, request.schema if request.strict else None)
        except StructuredAnswerInvalid as error:
            details = FailureDetails(provider=self.provider, errors=error.faults)
            raise self.failed("INVALID_RESPONSE", str(error), final=True, details=details) from error


def status_failure(provider: str, status: int, headers: Mapping[str, str], *, kind: str | None, message: str | None) -> CompletionFailed:
    """Return the failure of an HTTP status that is no success. Nothing is billed for a request turned away."""
    code = _status_code(status, kind, message)
    # A provider repeats part of a wrong key in its message.
    said = f": {message[:300]}" if message and code != "PERMISSION_DENIED" else ""
    return CompletionFailed(
        code,
        f"{provider} answered {status}{said}",
        usage=None,
        final=True,
        phase="acked",
        retry_after_ms=retry_after_ms(headers, datetime.now(UTC)),
        details=FailureDetails(provider=provider, upstream_status=status),
    )


def _status_code(status: int, kind: str | None, message: str | None) -> str:
    if status == 413 or kind in _TOO_LONG_CODES or (status == 400 and message is not None and _TOO_LONG.search(message)):
        return "CONTENT_TOO_LARGE"
    if status == 402 or kind == "insufficient_quota":
        return "QUOTA_EXHAUSTED"
    # A redirect is never followed: the key would go along.
    return code_for_http_status(status) or "INVALID_RESPONSE"


# httpx and httpx2 raise classes of the same names that have no common base.
_BROKEN = frozenset({"RemoteProtocolError", "ReadError", "WriteError", "CloseError"})
_SLOW = frozenset({"ReadTimeout", "WriteTimeout", "PoolTimeout"})


def connection_failure(provider: str, error: BaseException, answer: Answer | None) -> CompletionFailed:
    """Return the failure of a connection that could not be opened, or broke. `answer` is set once the answer had begun."""
    code, phase, what = _connection_code(error)
    if answer is not None:
        return answer.failed(code, what, final=False)
    return CompletionFailed(code, f"{provider}: {what}", final=phase == "not_sent", phase=phase, details=FailureDetails(provider=provider))


def _connection_code(error: BaseException) -> tuple[str, Phase, str]:
    chain = list(_causes(error))
    names = {type(link).__name__ for link in chain}
    if any(isinstance(link, socket.gaierror) for link in chain):
        return "DNS_FAILURE", "not_sent", "the host name could not be resolved"
    if any(isinstance(link, ssl.SSLError) for link in chain) and "ConnectError" in names:
        return "TLS_FAILURE", "not_sent", "the TLS handshake failed"
    if "ConnectTimeout" in names:
        return "TIMEOUT", "not_sent", "no connection in time"
    if "ConnectError" in names:
        return "CONNECTION_REFUSED", "not_sent", "the connection was refused"
    if names & _SLOW:
        return "TIMEOUT", "maybe_sent", "no answer in time"
    if names & _BROKEN:
        return "CONNECTION_RESET", "maybe_sent", "the connection broke before the answer was whole"
    return "INVALID_RESPONSE", "maybe_sent", f"the answer could not be read ({type(chain[-1]).__name__})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """Return the TLS settings all adapters share; making them anew for every call costs 20 ms."""
    return ssl.create_default_context()
