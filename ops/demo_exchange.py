"""A small price exchange on loopback: `python ops/demo_exchange.py`. Its first answer never comes, so that there is a failure to look at.

Standard library only. It prints its own address as one JSON line and serves until it is told to stop:
`/price` (silent once, or as often as --silent says) and `/page`, some HTML with headings.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "127.0.0.1"
PRICE = {"data": {"base": "BTC", "currency": "USD", "amount": "67000.12"}}
PAGE = """<!doctype html>
<html lang="en"><head><title>How prices are made</title></head><body>
<h1>How prices are made</h1><p>An exchange matches orders.</p>
<h2>The order book holds every open offer</h2><p>Sorted by price, then by age.</p>
<h2>The spread pays for waiting</h2><p>Who waits is paid by who does not.</p>
<h2>The last trade is the spot price</h2><p>Until the next one.</p>
</body></html>
"""
# Longer than any time-out of a step; a client that gave up is gone long before.
SILENCE_SECONDS = 60


class Exchange(ThreadingHTTPServer):
    """Counts the requests for a price and leaves the first ones without an answer."""

    daemon_threads = True

    def __init__(self, port: int, silent: int) -> None:
        super().__init__((HOST, port), Answers)
        self.silent = silent
        self.numbers: Iterator[int] = itertools.count(1)
        self.closing = threading.Event()


class Answers(BaseHTTPRequestHandler):
    """What the exchange answers to GET."""

    server: Exchange

    def do_GET(self) -> None:
        if self.path == "/page":
            self._send(200, "text/html; charset=utf-8", PAGE)
        elif self.path.startswith("/price"):
            self._price()
        else:
            self._send(404, "application/json", json.dumps({"error": "there are /price and /page"}))

    def _price(self) -> None:
        if next(self.server.numbers) <= self.server.silent:
            self.server.closing.wait(SILENCE_SECONDS)
            self.close_connection = True
        else:
            self._send(200, "application/json", json.dumps(PRICE))

    def _send(self, status: int, content_type: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: standard output holds one line, for the program that started this one."""


def main(arguments: list[str]) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--silent", type=int, default=1, help="requests for a price that get no answer")
    options = parser.parse_args(arguments)
    with Exchange(options.port, options.silent) as exchange:
        host, port = exchange.server_address[:2]
        sys.stdout.write(json.dumps({"address": f"{host!s}:{port}"}) + "\n")
        sys.stdout.flush()
        try:
            exchange.serve_forever()
        except KeyboardInterrupt:
            exchange.closing.set()


if __name__ == "__main__":
    main(sys.argv[1:])
