"""An OpenTelemetry collector on loopback that keeps what it is sent, in the official messages, and answers as a test wants."""

from __future__ import annotations

import base64
import copy
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_IDS = ("traceId", "spanId", "parentSpanId")


class Said(NamedTuple):
    """How a request is answered."""

    status: int = 200
    body: str = "{}"
    headers: dict[str, str] = {}


Answer = Callable[[dict[str, Any]], Said]


def official(document: dict[str, Any]) -> ExportTraceServiceRequest:
    """Return an OTLP/JSON document as the official message. Raises ParseError for a field it does not have.

    OTLP writes ids in hex where protobuf's own JSON has base64, so they are written over first.
    """
    other = copy.deepcopy(document)
    for scope in (scope for resource in other["resourceSpans"] for scope in resource["scopeSpans"]):
        for span in scope["spans"]:
            for place in (span, *span.get("links", ())):
                for name in _IDS:
                    if name in place:
                        place[name] = base64.b64encode(bytes.fromhex(place[name])).decode()
    return ParseDict(other, ExportTraceServiceRequest(), ignore_unknown_fields=False)


def spans_in(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all spans of a document, the attributes of each as a dict."""
    scopes = [scope for resource in document["resourceSpans"] for scope in resource["scopeSpans"]]
    return [{**span, "attributes": values_of(span["attributes"])} for scope in scopes for span in scope["spans"]]


def values_of(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    read = {"intValue": int, "stringValue": str, "boolValue": bool}
    return {each["key"]: read[kind](value) for each in attributes for kind, value in each["value"].items()}


class FakeCollector:
    """Takes `POST /v1/traces`. The n-th request is answered as the n-th of `answers` says, the rest with yes."""

    def __init__(self, *answers: Said | Answer) -> None:
        self.answers = list(answers)
        self.always: Answer | None = None
        self.documents: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.taken: list[str] = []
        """The ids of runs in documents that were answered with yes, in order."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> FakeCollector:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def take(self, document: dict[str, Any], headers: dict[str, str]) -> Said:
        official(document)
        self.documents.append(document)
        self.headers.append(headers)
        answer: Said | Answer = self.always or (self.answers.pop(0) if self.answers else Said())
        said = answer if isinstance(answer, Said) else answer(document)
        if said.status == 200:
            self.taken += runs_in(document)
        return said

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                said = collector.take(document, headers) if self.path == "/v1/traces" else Said(404)
                self.send_response(said.status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(said.body)), **said.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said.body.encode())

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        return Handler


def runs_in(document: dict[str, Any]) -> list[str]:
    """Return the ids of the runs whose root spans are in a document."""
    return [span["attributes"]["aos.run.id"] for span in spans_in(document) if "parentSpanId" not in span]
