"""A server of bytes for tests: it says what a script tells it and hangs up, where a real one would not."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

EVENTS_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def json_answer(body: bytes, status: str = "200 OK") -> bytes:
    """Return a whole answer with JSON in it."""
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (
        status.encode(),
        len(body),
        body,
    )


class Wire:
    """Answers each connection with the next part of its script; None stands for silence."""

    def __init__(self, script: list[bytes | None]) -> None:
        self.requests: list[str] = []
        self._script = script
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        said = b""
        while b"\r\n\r\n" not in said:
            more = connection.recv(65_536)
            if not more:
                return
            said += more
        head, _, body = said.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        while length and len(body) < int(length[1]):
            body += connection.recv(65_536)
        said = head + b"\r\n\r\n" + body
        self.requests.append(said.decode())
        part = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if part is None:
            self._ended.wait(5)
        else:
            connection.sendall(part)
            time.sleep(0.01)

    @contextmanager
    def serving(self) -> Iterator[Wire]:
        """Serve until the test is over."""
        self._thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._thread.join(timeout=5)
