"""Dials: resolves a name once, checks every answer, connects to a checked address and to nothing else."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpcore

from skills.base import SkillFailure
from skills.net.networks import verdict
from skills.net.targets import blocked, host_allowed, is_address, target_of

Resolve = Callable[[str, int], Awaitable[list[str]]]

# A name with many answers must not eat the deadline address by address.
MAX_ADDRESSES_DIALLED = 4


async def system_resolve(host: str, port: int) -> list[str]:
    """Ask the system's resolver. Raises OSError (gaierror) where there is no answer."""
    answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


class WatchedStream(httpcore.AsyncNetworkStream):
    """A connection that remembers whether the peer hung up: broken off and badly written are different failures."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._peer_closed = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._inner.read(max_bytes, timeout)
        self._peer_closed = not data
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        return WatchedStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._peer_closed if info == "peer_closed" else self._inner.get_extra_info(info)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """The only place AOS opens an outbound HTTP connection. The pool above it sees names; the wire sees checked addresses."""

    def __init__(self, allow_local: frozenset[str], resolve: Resolve) -> None:
        self._allow_local = allow_local
        self._resolve = resolve
        self._dialler = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = (await self._checked_addresses(host, port))[:MAX_ADDRESSES_DIALLED]
        share = None if timeout is None else timeout / len(addresses)
        failure: Exception | None = None
        for address in addresses:
            try:
                return WatchedStream(await self._dialler.connect_tcp(address, port, share, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        if isinstance(failure, httpcore.ConnectTimeout):
            raise failure
        raise SkillFailure("CONNECTION_REFUSED", f"{host} port {port} does not take connections") from failure

    async def _checked_addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = await self._resolve(host, port)
        except OSError as error:
            raise SkillFailure("DNS_FAILURE", f"{host} could not be resolved") from error
        if not addresses:
            raise SkillFailure("DNS_FAILURE", f"{host} has no address")
        if not is_allowed_local(host, port, self._allow_local):
            # One bad answer condemns the name: an attacker's zone mixes a good address with a private one.
            for address in addresses:
                reason = verdict(address)
                if reason is not None:
                    raise blocked(f"{host} leads to an address that is off limits ({reason})")
        return addresses


def is_allowed_local(host: str, port: int, allow_local: frozenset[str]) -> bool:
    """Tell whether the operator named exactly this host and port as a local target."""
    return (f"[{host}]:{port}" if ":" in host else f"{host}:{port}") in allow_local


def refused_as_written(url: str, allow_local: frozenset[str], allowed_hosts: tuple[str, ...] | None) -> SkillFailure | None:
    """Return why a URL can never be called, as far as that shows before a name is resolved; None where it does not."""
    try:
        target = target_of(url)
    except SkillFailure as failure:
        return failure
    if allowed_hosts is not None and not host_allowed(target.host, allowed_hosts):
        return blocked(f"{target.host} is not among the agent's allowed hosts")
    if is_allowed_local(target.host, target.port, allow_local) or not is_address(target.host):
        return None
    reason = verdict(target.host)
    return None if reason is None else blocked(f"{target.host} is an address that is off limits ({reason})")
