"""A language model server for tests: the real wire of two APIs on a real socket, with scripted answers.

    with LlmServer() as server:
        server.script(rate_limited(2), text("Hello."))      # first call, second call; the last one stays
        … point a client at server.anthropic_url (Messages API) or server.openai_url (chat completions) …
        server.requests[0].body["messages"], .headers, .path

Scenarios: `text`, `structured` (a JSON value as the answer), `slow` (first token late), `cut` (stream ends too early),
`malformed` (JSON that does not parse), `rate_limited`, `overloaded` (529), `status` (any other), `unauthorized` (401),
`redirect`, `refusal`, `truncated` (stopped by max_tokens), `error_in_stream`, `garbage` (events that cannot be read),
`web_page` (200, but no stream), `silent` (never answers), `without_usage`. A function `body → Scenario` may stand in the
script too. Answers stream when asked with `"stream": true`, else they come as one object. Every answer claims 12 input and
7 output tokens unless told otherwise.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from types import TracebackType
from typing import Any

ANTHROPIC_PATH = "/v1/messages"
OPENAI_PATH = "/v1/chat/completions"


@dataclass(frozen=True)
class Scenario:
    """How one request is answered."""

    answer: str = "Hello from the scripted model."
    stop: str = "end_turn"
    status: int = 200
    kind: str = "api_error"
    message: str = "scripted failure"
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    ending: str = "whole"
    # Anything at all: a provider may tell nonsense.
    input_tokens: Any = 12
    output_tokens: Any = 7
    cached_tokens: Any = 0
    tells_usage: bool = True


def text(answer: str, **more: Any) -> Scenario:
    return Scenario(answer=answer, **more)


def structured(value: Any, **more: Any) -> Scenario:
    return Scenario(answer=json.dumps(value), **more)


def slow(wait_s: float, answer: str = "Better late than never.") -> Scenario:
    return Scenario(answer=answer, wait_s=wait_s)


def cut(*, politely: bool = False) -> Scenario:
    """End in the middle: by a broken connection, or politely, by a stream that closes without its last event."""
    return Scenario(ending="cut_politely" if politely else "cut")


def malformed() -> Scenario:
    return Scenario(answer='{"summary": "unterminated')


def rate_limited(retry_after_s: int = 2) -> Scenario:
    return Scenario(status=429, kind="rate_limit_error", headers={"Retry-After": str(retry_after_s)})


def overloaded() -> Scenario:
    return Scenario(status=529, kind="overloaded_error", message="Overloaded")


def unauthorized() -> Scenario:
    return Scenario(status=401, kind="authentication_error", message="Incorrect API key provided: sk-test")


def status(code: int, kind: str = "api_error", message: str = "scripted failure") -> Scenario:
    return Scenario(status=code, kind=kind, message=message)


def redirect(location: str) -> Scenario:
    return Scenario(status=307, headers={"Location": location})


def refusal() -> Scenario:
    return Scenario(answer="", stop="refusal")


def truncated(answer: str = '{"summary": "cut of') -> Scenario:
    return Scenario(answer=answer, stop="max_tokens")


def error_in_stream() -> Scenario:
    return Scenario(ending="error", kind="overloaded_error")


def garbage() -> Scenario:
    return Scenario(ending="garbage")


def web_page() -> Scenario:
    return Scenario(ending="web_page", answer="<html><body>It works!</body></html>")


def silent() -> Scenario:
    return Scenario(ending="silent")


def without_usage(answer: str = "Nobody counted.") -> Scenario:
    return Scenario(answer=answer, tells_usage=False)


Script = Scenario | Callable[[dict[str, Any]], Scenario]


@dataclass(frozen=True)
class Recorded:
    """A request as it came in; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class LlmServer:
    """The server; a context manager. Threads answer side by side, in the order of the script."""

    def __init__(self) -> None:
        self.requests: list[Recorded] = []
        self.stopping = threading.Event()
        self._script: list[Script] = [Scenario()]
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.llm = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def anthropic_url(self) -> str:
        # The adapter is imported on first use, which takes seconds: a short deadline is to measure this server's silence.
        import_module("skills.adapters.anthropic")
        return f"http://{self.authority}"

    @property
    def openai_url(self) -> str:
        return f"http://{self.authority}/v1"

    def script(self, *scenarios: Script) -> None:
        """Set the answers to come, one per request; the last one answers all that follow."""
        self._script = list(scenarios)

    def take(self, recorded: Recorded) -> Scenario:
        with self._lock:
            self.requests.append(recorded)
            chosen = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        return chosen if isinstance(chosen, Scenario) else chosen(recorded.body)

    def __enter__(self) -> LlmServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the recorded requests are the log."""

    def do_POST(self) -> None:
        self.close_connection = True
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"{}")
        headers = {name.lower(): value for name, value in self.headers.items()}
        server: LlmServer = self.server.llm  # type: ignore[attr-defined]
        scenario = server.take(Recorded(self.path, headers, body))
        if scenario.ending == "silent":
            server.stopping.wait()
            return
        try:
            self._answer(scenario, body)
        except (BrokenPipeError, ConnectionResetError):
            return  # the client went away, as clients with a deadline do

    def _answer(self, scenario: Scenario, body: dict[str, Any]) -> None:
        speaks_anthropic = self.path == ANTHROPIC_PATH
        if not speaks_anthropic and self.path != OPENAI_PATH:
            scenario = status(404, "not_found_error", f"no such path: {self.path}")
        if scenario.status != 200:
            error = {"type": scenario.kind, "message": scenario.message}
            self._whole(scenario, {"type": "error", "error": error} if speaks_anthropic else {"error": {**error, "code": scenario.kind}})
        elif scenario.ending == "web_page":
            self._send(scenario, "text/html", scenario.answer.encode())
        elif body.get("stream"):
            events = _anthropic_events(scenario, body) if speaks_anthropic else _openai_events(scenario, body)
            self._stream(scenario, events)
        else:
            time.sleep(scenario.wait_s)
            self._whole(scenario, _anthropic_message(scenario, body) if speaks_anthropic else _openai_message(scenario, body))

    def _whole(self, scenario: Scenario, value: dict[str, Any]) -> None:
        self._send(scenario, "application/json", json.dumps(value).encode())

    def _send(self, scenario: Scenario, content_type: str, content: bytes) -> None:
        self.send_response(scenario.status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(content)), **scenario.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, scenario: Scenario, events: Iterator[str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        time.sleep(scenario.wait_s)
        for event in events:
            data = event.encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()
        if scenario.ending != "cut":
            self.wfile.write(b"0\r\n\r\n")


def _halves(answer: str) -> tuple[str, str]:
    return answer[: len(answer) // 2], answer[len(answer) // 2 :]


def _anthropic_usage(scenario: Scenario, output_tokens: int) -> dict[str, int]:
    return {
        "input_tokens": scenario.input_tokens,
        "output_tokens": output_tokens,
        "cache_read_input_tokens": scenario.cached_tokens,
        "cache_creation_input_tokens": 0,
    }


def _anthropic_message(scenario: Scenario, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "msg_scripted",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": [{"type": "text", "text": scenario.answer}],
        "stop_reason": scenario.stop,
        "stop_sequence": None,
        "usage": _anthropic_usage(scenario, scenario.output_tokens),
    }


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n"


def _anthropic_events(scenario: Scenario, body: dict[str, Any]) -> Iterator[str]:
    opening = {**_anthropic_message(scenario, body), "content": [], "stop_reason": None, "usage": _anthropic_usage(scenario, 1)}
    first, second = _halves(scenario.answer)
    yield _event("message_start", {"message": opening})
    yield _event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})
    yield _event("ping", {})
    yield _event("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": first}})
    if scenario.ending == "error":
        yield _event("error", {"error": {"type": scenario.kind, "message": scenario.message}})
    if scenario.ending == "garbage":
        yield "event: content_block_delta\ndata: {not json\n\n"
    if scenario.ending != "whole":
        return
    yield _event("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": second}})
    yield _event("content_block_stop", {"index": 0})
    yield _event(
        "message_delta",
        {"delta": {"stop_reason": scenario.stop, "stop_sequence": None}, "usage": {"output_tokens": scenario.output_tokens}},
    )
    yield _event("message_stop", {})


_FINISH = {"end_turn": "stop", "max_tokens": "length", "refusal": "content_filter"}


def _openai_usage(scenario: Scenario) -> dict[str, Any]:
    prompt = scenario.input_tokens
    if type(prompt) is int and type(scenario.cached_tokens) is int:
        prompt += scenario.cached_tokens
    return {
        "prompt_tokens": prompt,
        "completion_tokens": scenario.output_tokens,
        "prompt_tokens_details": {"cached_tokens": scenario.cached_tokens},
    }


def _openai_message(scenario: Scenario, body: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": scenario.answer}
    choice = {"index": 0, "message": message, "finish_reason": _FINISH[scenario.stop]}
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "model": body.get("model"),
        "choices": [choice],
        "usage": _openai_usage(scenario),
    }


def _openai_events(scenario: Scenario, body: dict[str, Any]) -> Iterator[str]:
    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        head = {"id": "chatcmpl-scripted", "object": "chat.completion.chunk", "model": body.get("model")}
        return f"data: {json.dumps({**head, 'choices': [choice], **more})}\n\n"

    first, second = _halves(scenario.answer)
    yield chunk({"role": "assistant", "content": first})
    if scenario.ending == "error":
        yield f"data: {json.dumps({'error': {'type': scenario.kind, 'message': scenario.message}})}\n\n"
    if scenario.ending == "garbage":
        yield "data: {not json\n\n"
    if scenario.ending != "whole":
        return
    yield chunk({"content": second})
    yield chunk({}, _FINISH[scenario.stop])
    if scenario.tells_usage:
        yield chunk({}, None, choices=[], usage=_openai_usage(scenario))
    yield "data: [DONE]\n\n"
