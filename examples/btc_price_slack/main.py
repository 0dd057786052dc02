"""Fetch the price of Bitcoin, have it put into a sentence, post that to Slack: four steps, one of them changes the world."""
# ruff: noqa: INP001, T201 - a program people start and read, not a module of a package

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aos_sdk import AOS, AOSError

AGENT = os.environ.get("AOS_AGENT", "default")
PORT = int(os.environ.get("EXAMPLE_PORT", "8801"))
LOCAL = f"http://127.0.0.1:{PORT}"
PRICE_URL = os.environ.get("PRICE_URL", f"{LOCAL}/price")
SLACK_WEBHOOK_URL = os.environ.get("SLACK_WEBHOOK_URL", f"{LOCAL}/slack")
PRICE = {"data": {"base": "BTC", "currency": "USD", "amount": "67000.12"}}


class Local(BaseHTTPRequestHandler):
    """An exchange (GET /price) and a webhook (POST /slack) that posts a message once, however often it is sent."""

    posted: dict[str, str] = {}

    def do_GET(self) -> None:
        self._send(json.dumps(PRICE), "application/json")

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
        self.posted.setdefault(self.headers["Idempotency-Key"], message)
        self._send("ok", "text/plain")

    def _send(self, text: str, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: what happened is told by the run."""


@contextmanager
def local_server() -> Iterator[None]:
    """Serve while the block lasts."""
    with ThreadingHTTPServer(("127.0.0.1", PORT), Local) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield
        server.shutdown()


def plan() -> dict[str, object]:
    said = {"prompt": "Summarize in one sentence: the price of Bitcoin.", "input": "${steps.price.result.value}", "task": "summarize"}
    post = {
        "method": "POST",
        "url": SLACK_WEBHOOK_URL,
        "body": {"text": "${steps.sentence.result.text}"},
        # Slack does not read Idempotency-Key: of a post whose answer was lost nobody knows, and a person is asked. The local one does.
        "idempotent": SLACK_WEBHOOK_URL.startswith(LOCAL),
    }
    return {
        "goal": "Post the price of Bitcoin to Slack",
        "steps": [
            {"step_id": "fetch", "skill": "http_call", "params": {"url": PRICE_URL}},
            {"step_id": "price", "skill": "json_transform", "params": {"input": "${steps.fetch.result.body}", "path": "$.data"}},
            {"step_id": "sentence", "skill": "llm_invoke", "params": said},
            {"step_id": "post", "skill": "http_call", "params": post},
        ],
    }


def main() -> None:
    """Run the plan and follow it; locally, check what arrived."""
    with local_server(), AOS() as client:
        run = client.runs.submit(AGENT, plan=plan())
        print(f"Submitted as {run.run_id}.")
        ended = client.runs.wait(run.run_id, timeout=90, check=True)
        trace = client.runs.trace(run.run_id)
    steps = {step.step_id: step for step in trace.steps}
    print(f"The sentence: {steps['sentence'].result['text']}")
    for effect in trace.side_effects:
        print(f"  {effect.step_id}: {effect.target} ({effect.effect}, {effect.phase})")
    if SLACK_WEBHOOK_URL.startswith(LOCAL) and list(Local.posted.values()) != [steps["sentence"].result["text"]]:
        sys.exit(f"The local webhook got something else: {Local.posted}")
    print(f"Done: {ended.summary}")


if __name__ == "__main__":
    try:
        main()
    except AOSError as error:
        sys.exit("\n  try: ".join([f"It did not work: {error}", *error.suggestions]))
