"""A server on a real socket that says exactly the bytes a test wants, well-formed or not, and keeps what it was sent."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable
from types import TracebackType

Reply = bytes | Callable[[socket.socket], None]

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


def answer(body: bytes = b"", *, status: str = "200 OK", headers: str = "", content_type: str = "text/plain") -> bytes:
    """Return a whole HTTP answer as bytes; `headers` are lines that end in CRLF."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode("latin-1") + body


class RawServer:
    """Answers the n-th request with the n-th reply, and from then on with the last one. One connection, one request."""

    def __init__(self, *replies: Reply, tls: ssl.SSLContext | None = None, speaks_first: bool = False) -> None:
        self._replies = replies
        self._tls = tls
        self._speaks_first = speaks_first
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port = int(self._listener.getsockname()[1])
        self.connections = 0
        self.requests: list[bytes] = []

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.authority}"

    def __enter__(self) -> RawServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join(5)
        self._listener.close()

    def stopped(self, seconds: float) -> bool:
        """Wait; tell whether the test is over. Slow replies wait here, so that they end with the test."""
        return self._stopping.wait(seconds)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listener.accept()
                self.connections += 1
                connection.settimeout(5)
                # What a client that went away does to its server is not what is tested.
                with connection, contextlib.suppress(OSError):
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
        with connection:
            request = b"" if self._speaks_first else read_request(connection)
            if request:
                self.requests.append(request)
            reply = self._replies[min(max(len(self.requests), 1), len(self._replies)) - 1]
            if callable(reply):
                reply(connection)
            else:
                connection.sendall(reply)


def read_request(connection: socket.socket) -> bytes:
    """Read one request, body included; empty where the client says nothing."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    while length is not None and len(body) < int(length.group(1)):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def reset(connection: socket.socket) -> None:
    """Break the connection off with a reset instead of an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()
