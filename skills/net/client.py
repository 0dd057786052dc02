"""GuardedHttp, the HttpPort: one exchange under one deadline, every hop checked, every byte counted, no retry."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any
from weakref import WeakKeyDictionary

import h11
import httpcore
import httpx

from skills.base import SkillFailure
from skills.contracts import Phase
from skills.net.guard import GuardedBackend, Resolve, system_resolve
from skills.net.inflate import decoder_for, too_large, unreadable
from skills.net.messages import REDIRECT_STATUSES, Exchange, Outgoing, check_headers, redirected
from skills.net.targets import blocked, host_allowed, target_of

MAX_REDIRECTS = 5
IDLE_CONNECTION_SECONDS = 5.0

_PHASES: tuple[Phase, ...] = ("not_sent", "maybe_sent", "acked")
_WIRE_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    ssl.SSLError,
)


class Progress:
    """How far an exchange got. It only ever advances: what was sent on an earlier hop stays sent."""

    def __init__(self, on_phase: Callable[[Phase], None] | None) -> None:
        self.phase: Phase = "not_sent"
        self._on_phase = on_phase

    def advance(self, phase: Phase) -> None:
        if _PHASES.index(phase) > _PHASES.index(self.phase):
            self.phase = phase
            if self._on_phase is not None:
                self._on_phase(phase)

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Listen to httpcore: from the first request byte on, the request may have arrived."""
        if event == "http11.send_request_headers.started":
            self.advance("maybe_sent")
        elif event == "http11.receive_response_headers.complete":
            self.advance("acked")


class GuardedHttp:
    """The guarded HTTP client. Safe to share between event loops: each gets a connection pool of its own.

    `allow_local` names, as exact `host:port`, the targets the operator lets calls reach whatever their address.
    """

    def __init__(
        self,
        *,
        allow_local: frozenset[str] = frozenset(),
        ssl_context: ssl.SSLContext | None = None,
        resolve: Resolve = system_resolve,
        max_connections: int = 200,
    ) -> None:
        self._backend = GuardedBackend(allow_local, resolve)
        self._ssl_context = ssl_context or httpx.create_ssl_context(trust_env=False)
        self._max_connections = max_connections
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, httpcore.AsyncConnectionPool] = WeakKeyDictionary()

    async def __aenter__(self) -> GuardedHttp:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections of the running loop."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.aclose()

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_ms: int,
        max_bytes: int,
        follow_redirects: bool = False,
        allowed_hosts: tuple[str, ...] | None = None,
        on_phase: Callable[[Phase], None] | None = None,
    ) -> Exchange:
        """Send a request and return its answer, whatever its status. Raises SkillFailure with the phase reached."""
        progress = Progress(on_phase)
        try:
            check_headers(headers)
            request = Outgoing(method, target_of(url), headers, body)
            async with asyncio.timeout(timeout_ms / 1000):
                return await self._exchange(request, MAX_REDIRECTS if follow_redirects else 0, max_bytes, allowed_hosts, progress)
        except SkillFailure as failure:
            progress.advance(failure.phase)
            failure.phase = progress.phase
            raise
        except TimeoutError as error:
            raise SkillFailure("TIMEOUT", f"no whole answer came within {timeout_ms} ms", phase=progress.phase) from error

    async def _exchange(
        self, request: Outgoing, hops: int, max_bytes: int, allowed_hosts: tuple[str, ...] | None, progress: Progress
    ) -> Exchange:
        for hop in range(hops + 1):
            if allowed_hosts is not None and not host_allowed(request.target.host, allowed_hosts):
                raise blocked(f"{request.target.host} is not among the hosts this agent may call")
            answer = await self._one_hop(request, max_bytes, progress)
            location = answer.headers.get("location")
            if not hops or location is None or answer.status not in REDIRECT_STATUSES:
                return answer
            if hop < hops:
                request = redirected(request, answer.status, location)
        raise unreadable(f"the answer redirects more than {hops} times")

    async def _one_hop(self, request: Outgoing, max_bytes: int, progress: Progress) -> Exchange:
        response: httpcore.Response | None = None
        try:
            response = await self._pool().handle_async_request(_to_httpcore(request, progress))
            headers = _joined_headers(response.headers)
            _check_announced_size(request.method, headers, max_bytes)
            return Exchange(response.status, request.target.url, headers, await _read_body(response, headers, max_bytes))
        except _WIRE_ERRORS as error:
            code, message = failure_of(error, _peer_closed(response))
            raise SkillFailure(code, f"{request.target.host}: {message}", phase=progress.phase) from error
        finally:
            if response is not None:
                await response.aclose()

    def _pool(self) -> httpcore.AsyncConnectionPool:
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            pool = self._pools[loop] = httpcore.AsyncConnectionPool(
                ssl_context=self._ssl_context,
                network_backend=self._backend,
                max_connections=self._max_connections,
                keepalive_expiry=IDLE_CONNECTION_SECONDS,
                retries=0,
            )
        return pool


def _to_httpcore(request: Outgoing, progress: Progress) -> httpcore.Request:
    target = request.target
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path),
        headers=request.wire_headers(),
        content=request.body,
        extensions={"trace": progress.trace},
    )


def _joined_headers(lines: list[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for raw_name, raw_value in lines:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _check_announced_size(method: str, headers: Mapping[str, str], max_bytes: int) -> None:
    # The answer to a HEAD announces the size of a body that does not come.
    announced = headers.get("content-length", "")
    if method != "HEAD" and announced.isdecimal() and int(announced) > max_bytes:
        raise too_large(max_bytes)


async def _read_body(response: httpcore.Response, headers: Mapping[str, str], max_bytes: int) -> bytes:
    decoder = decoder_for(headers.get("content-encoding", ""), max_bytes)
    body = b"".join([decoder.feed(chunk) async for chunk in response.aiter_stream()])
    decoder.finish()
    return body


def _peer_closed(response: httpcore.Response | None) -> bool:
    return response is not None and bool(response.extensions["network_stream"].get_extra_info("peer_closed"))


def failure_of(error: Exception, peer_closed: bool) -> tuple[str, str]:
    """Return the code and the words for an error of the wire."""
    chain = list(_chain(error))
    if isinstance(error, httpcore.TimeoutException):
        return "TIMEOUT", "the connection did not come about in time"
    if any(isinstance(link, ssl.SSLError) for link in chain):
        return "TLS_FAILURE", "the TLS connection failed: " + _tls_reason(chain)
    if isinstance(error, httpcore.ProtocolError) and not peer_closed and any(isinstance(link, h11.ProtocolError) for link in chain):
        return "INVALID_RESPONSE", "the answer is not HTTP"
    return "CONNECTION_RESET", "the connection broke before the answer was whole"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _tls_reason(chain: list[BaseException]) -> str:
    for link in chain:
        if isinstance(link, ssl.SSLCertVerificationError):
            return str(link.verify_message)
        if isinstance(link, ssl.SSLError) and link.reason:
            return str(link.reason).replace("_", " ").lower()
    return "no reason given"
