"""A web service on loopback that counts what was done to it by key, and may keep its answer to itself.

It stands outside of what is tested: whoever calls it may die, and it still knows how often each effect happened.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


class _Service(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: callers are killed in the middle, that is what this service is for."""


class CountingServer:
    """POST and PUT happen, each time they come, or with PUT once per key; GET /by/KEY says whether something did.

    The first request of a key is never answered: its caller has to die, or to run out of patience. A body with
    `"dropped": true` is dropped that first time: received, and nothing happened.
    """

    def __init__(self) -> None:
        self.happened: Counter[str] = Counter()
        """How often the effect of each key happened."""
        self.asked: Counter[str] = Counter()
        """How often each key was asked about."""
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._service = _Service(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._service.serve_forever, args=(0.05,), daemon=True)

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self._service.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.authority}"

    def received(self) -> int:
        """Return how many keys were seen."""
        with self._lock:
            return len(self._seen)

    def times_seen(self) -> Counter[str]:
        with self._lock:
            return Counter(self._seen)

    def __enter__(self) -> CountingServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._service.shutdown()
        self._service.server_close()
        self._thread.join(10)

    def take(self, method: str, key: str, *, dropped: bool) -> bool:
        """Let an effect happen, or not; tell whether it is to be answered."""
        with self._lock:
            self._seen[key] += 1
            is_first = self._seen[key] == 1
            if not (is_first and dropped) and not (method == "PUT" and self.happened[key]):
                self.happened[key] += 1
            return not is_first

    def knows(self, key: str) -> bool:
        with self._lock:
            self.asked[key] += 1
            return self.happened[key] > 0

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
                if server.take(self.command, self.headers["Idempotency-Key"], dropped=bool(body.get("dropped"))):
                    self._say(200)
                else:
                    # Long beyond the death of who waits for it.
                    server._over.wait(120)
                    self.close_connection = True

            do_PUT = do_POST

            def do_GET(self) -> None:
                self._say(200 if server.knows(self.path.rpartition("/")[2]) else 404)

            def _say(self, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        return Handler
