"""Call a server that fails twice and then answers: the run tries again by itself and keeps a record of why."""
# ruff: noqa: INP001, T201 - a program people start and read, not a module of a package

from __future__ import annotations

import itertools
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aos_sdk import AOS, AOSError

AGENT = os.environ.get("AOS_AGENT", "default")
PORT = int(os.environ.get("EXAMPLE_PORT", "8801"))
FAILURES = 2


class Flaky(BaseHTTPRequestHandler):
    """Answers 503 so many times, then 200."""

    numbers = itertools.count(1)

    def do_GET(self) -> None:
        status, body = (503, b"") if next(self.numbers) <= FAILURES else (200, b'{"said": "at last"}')
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: what happened is told by the run."""


@contextmanager
def flaky_server() -> Iterator[str]:
    """Serve while the block lasts; yield the address."""
    with ThreadingHTTPServer(("127.0.0.1", PORT), Flaky) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{PORT}/"
        server.shutdown()


def plan_for(url: str) -> dict[str, object]:
    retry = {"max_attempts": FAILURES + 1, "backoff_ms": 100}
    step = {"step_id": "call", "skill": "http_call", "params": {"url": url}, "on_error": "retry", "retry": retry}
    return {"goal": "Get an answer out of a flaky server", "steps": [step]}


def main() -> None:
    """Run it, then read its attempts back from the trace."""
    with flaky_server() as url, AOS() as client:
        run = client.runs.submit(AGENT, plan=plan_for(url))
        print(f"Submitted as {run.run_id}: calling {url}, which will answer 503 {FAILURES} times.")
        ended = client.runs.wait(run.run_id, timeout=60, check=True)
        step = next(step for step in client.runs.trace(run.run_id).steps if step.step_id == "call")
    for attempt in step.attempts:
        print(f"  attempt {attempt.attempt}: {attempt.status}{f' with {attempt.code}: {attempt.message}' if attempt.code else ''}")
    print(f"The server said: {step.result['body']['said']}")
    if (len(step.attempts), ended.retries) != (FAILURES + 1, FAILURES):
        sys.exit("That is not the number of attempts that was expected.")
    print(f"Done: {ended.summary}")


if __name__ == "__main__":
    try:
        main()
    except AOSError as error:
        sys.exit("\n  try: ".join([f"It did not work: {error}", *error.suggestions]))
