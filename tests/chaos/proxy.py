"""A TCP proxy before a database, which does to connections what networks do: cut them, delay them, carry nothing any more."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER without time to linger: closing sends a reset, as for a peer that knows nothing of the connection."""

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Pipe:
    """One connection through the proxy."""

    def __init__(self, client: Ends, server: Ends) -> None:
        self.client, self.server = client, server
        self.swallows = False

    def cut(self) -> None:
        for _, writer in (self.client, self.server):
            end = writer.get_extra_info("socket")
            if end.fileno() == -1:
                continue  # closed by its peer already
            if end.family != socket.AF_UNIX:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()


class Proxy:
    """Forwards a port of this machine to a host, or to a folder that holds a server's socket. Any thread may call it."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._pipes: set[Pipe] = set()
        self._takes_more = True
        self._loop = asyncio.new_event_loop()
        self._leave = asyncio.Event()
        self.port = 0
        self.delay_seconds = 0.0
        """How much longer each direction takes."""

    def cut(self) -> None:
        """Reset every connection there is."""
        self._in_loop(self._cut)

    def swallow(self) -> None:
        """Carry nothing any more on the connections there are, and tell nobody. New ones work."""
        self._in_loop(self._swallow)

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Cut every connection, and take no new one while the block lasts."""
        self._takes_more = False
        self.cut()
        try:
            yield
        finally:
            self._takes_more = True

    def run(self, ready: threading.Event) -> None:
        """Serve until told to stop."""
        self._loop.run_until_complete(self._serve(ready))
        self._loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._leave.set)

    def _in_loop(self, act: Callable[[], None]) -> None:
        done = threading.Event()
        self._loop.call_soon_threadsafe(act)
        self._loop.call_soon_threadsafe(done.set)
        assert done.wait(10), "the proxy does not answer"

    def _cut(self) -> None:
        for pipe in self._pipes:
            pipe.cut()

    def _swallow(self) -> None:
        for pipe in self._pipes:
            pipe.swallows = True

    async def _serve(self, ready: threading.Event) -> None:
        listening = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = listening.sockets[0].getsockname()[1]
        ready.set()
        await self._leave.wait()
        listening.close()
        self._cut()
        while self._pipes:
            await asyncio.sleep(0.01)

    async def _carry(self, *client: *Ends) -> None:
        if not self._takes_more:
            client[1].transport.abort()
            return
        pipe = Pipe(client, await self._connect())
        self._pipes.add(pipe)
        try:
            await asyncio.gather(self._pump(pipe, pipe.client, pipe.server), self._pump(pipe, pipe.server, pipe.client))
        finally:
            self._pipes.discard(pipe)

    async def _connect(self) -> Ends:
        host, port = self._target
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    async def _pump(self, pipe: Pipe, source: Ends, sink: Ends) -> None:
        """Carry what comes in one direction, each piece as much later as the proxy is slow."""
        with contextlib.suppress(ConnectionError):
            while chunk := await source[0].read(CHUNK):
                if not pipe.swallows:
                    self._loop.call_later(self.delay_seconds, sink[1].write, chunk)
        self._loop.call_later(self.delay_seconds, sink[1].close)


@contextmanager
def a_proxy(host: str, port: int) -> Iterator[Proxy]:
    """Forward a port of this machine to a server while the block lasts."""
    proxy, ready = Proxy(host, port), threading.Event()
    thread = threading.Thread(target=proxy.run, args=(ready,), name="proxy")
    thread.start()
    try:
        assert ready.wait(10), "the proxy did not start"
        yield proxy
    finally:
        proxy.stop()
        thread.join(10)
        assert not thread.is_alive(), "the proxy did not end"
