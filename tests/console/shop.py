"""A web service on loopback for runs to call: a price comes late the first time, orders are not confirmed in time, and it counts."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

SILENCE_SECONDS = 0.6
FOUND: dict[str, dict[str, Any]] = {
    "/slow/btc": {"symbol": "BTC", "price": 67_000.12, "currency": "USD"},
    "/cups": {"sku": "cup", "price": 12.5, "currency": "USD"},
    "/article": {
        "title": "The tea trade in November",
        "lines": ["Prices rose by two percent.", "Ceylon ships again from the south.", "Cups are short."],
    },
}


class Asked(NamedTuple):
    """What somebody sent."""

    method: str
    path: str
    body: Any


@dataclass
class Shop:
    """Where it listens, what it shows at which address, what it was asked, and how often a slow page was asked for."""

    port: int
    slow: int = 0
    pages: dict[str, Any] = field(default_factory=lambda: dict(FOUND))
    asked: list[Asked] = field(default_factory=list)

    def asked_for(self, path: str) -> list[Any]:
        """Return the bodies that were sent to an address, None for each call without one."""
        return [each.body for each in self.asked if each.path == path]

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.authority}"


@contextmanager
def a_shop() -> Iterator[Shop]:
    """Serve while the block lasts."""

    class Counter(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shop.asked.append(Asked("GET", self.path, None))
            if self.path.startswith("/slow/"):
                shop.slow += 1
                time.sleep(SILENCE_SECONDS if shop.slow == 1 else 0)
            found = shop.pages.get(self.path)
            self.answer(200 if found else 404, found or {"error": "there is no such page"})

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            shop.asked.append(Asked("POST", self.path, json.loads(sent or b"null")))
            # A till confirms at once; whoever orders otherwise waits.
            time.sleep(0 if self.path.startswith("/tills/") else SILENCE_SECONDS)
            self.answer(201, {"id": 7})

        def answer(self, status: int, body: dict[str, Any]) -> None:
            told = json.dumps(body).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)
            except OSError:
                self.close_connection = True  # whoever asked did not wait: that is the story

        def log_message(self, *_: Any) -> None:
            """Say nothing: what is asked stands in the journals."""

    service = ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    shop = Shop(service.server_address[1])
    thread = threading.Thread(target=service.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        service.shutdown()
        service.server_close()
