"""Each failure mode http_call declares, provoked over a real socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from skills.contracts import StructuredOutcome
from skills.execution import run_skill
from skills.library.http_call import HttpCall
from skills.net.client import GuardedHttp
from skills.net.retry_after import retry_after_ms
from skills.ports import SkillContext
from skills.testing import DictSecrets
from tests.fakes.raw_server import RawServer, Reply, answer, reset
from tests.processes import a_held_port


def call(params: dict[str, Any], *, local: str = "", timeout_ms: int = 3_000, cancel_after: float | None = None) -> StructuredOutcome:
    async def run() -> StructuredOutcome:
        async with GuardedHttp(allow_local=frozenset({local})) as http:
            context = SkillContext(
                http=http,
                secrets=DictSecrets({}),
                config={},
                idempotency_key="k",
                timeout_ms=timeout_ms,
                secret_pointers=frozenset({"/headers/X"}),
            )
            task = asyncio.create_task(run_skill(HttpCall(), params, context))
            if cancel_after is not None:
                await asyncio.sleep(cancel_after)
                task.cancel()
            return await task

    return asyncio.run(run())


def hang(connection: socket.socket) -> None:
    connection.settimeout(5)
    connection.recv(1)


@dataclass(frozen=True)
class Trouble:
    """What the server answers, or what is asked instead, and what must come of it."""

    code: str
    reply: Reply = b""
    params: dict[str, Any] | None = None
    url: Callable[[RawServer], str] | None = None
    timeout_ms: int = 3_000
    cancel_after: float | None = None
    phase: str = "acked"


TROUBLES = {
    "silence": Trouble("TIMEOUT", hang, timeout_ms=150, phase="maybe_sent"),
    "its own shorter time": Trouble("TIMEOUT", hang, {"timeout_ms": 100}, phase="maybe_sent"),
    "408": Trouble("TIMEOUT", answer(status="408 Request Timeout")),
    "504": Trouble("TIMEOUT", answer(status="504 Gateway Timeout")),
    "an unknown name": Trouble("DNS_FAILURE", url=lambda _: "http://nobody.invalid/", phase="not_sent"),
    "a closed port": Trouble("CONNECTION_REFUSED", url=lambda server: server.url, phase="not_sent"),
    "a reset": Trouble("CONNECTION_RESET", reset, phase="maybe_sent"),
    "no TLS": Trouble("TLS_FAILURE", b"220 mail.example\r\n", url=lambda server: server.url.replace("http:", "https:"), phase="not_sent"),
    "400": Trouble("HTTP_4XX", answer(status="400 Bad Request")),
    "422": Trouble("HTTP_4XX", answer(status="422 Unprocessable Content")),
    "500": Trouble("HTTP_5XX", answer(status="500 Internal Server Error")),
    "502": Trouble("HTTP_5XX", answer(status="502 Bad Gateway")),
    "503": Trouble("UPSTREAM_UNAVAILABLE", answer(status="503 Service Unavailable")),
    "529": Trouble("UPSTREAM_UNAVAILABLE", answer(status="529 Overloaded")),
    "429": Trouble("RATE_LIMITED", answer(status="429 Too Many Requests")),
    "404": Trouble("NOT_FOUND", answer(status="404 Not Found")),
    "401": Trouble("PERMISSION_DENIED", answer(status="401 Unauthorized")),
    "403": Trouble("PERMISSION_DENIED", answer(status="403 Forbidden")),
    "a private address": Trouble("BLOCKED_TARGET", url=lambda server: f"http://localhost:{server.port}/", phase="not_sent"),
    "broken JSON": Trouble("INVALID_RESPONSE", answer(b"{", content_type="application/json")),
    "no JSON where JSON is asked for": Trouble("INVALID_RESPONSE", answer(b"<p>"), {"parse": "json"}),
    "JSON with NaN": Trouble("INVALID_RESPONSE", answer(b"NaN"), {"parse": "json"}),
    "JSON beyond every number": Trouble("INVALID_RESPONSE", answer(b"1e999"), {"parse": "json"}),
    "JSON too deep": Trouble("INVALID_RESPONSE", answer(b"[" * 100 + b"]" * 100), {"parse": "json"}),
    "JSON far too deep": Trouble("INVALID_RESPONSE", answer(b"[" * 100_000), {"parse": "json"}),
    "another protocol": Trouble("INVALID_RESPONSE", b"220 mail.example\r\n\r\n", phase="maybe_sent"),
    "a status that was not expected": Trouble("INVALID_RESPONSE", answer(), {"expect_status": [201]}),
    "too many bytes": Trouble("CONTENT_TOO_LARGE", answer(b"x" * 101), {"max_bytes": 100}),
    "an unknown secret": Trouble("INVALID_REFERENCE", params={"headers": {"X": "${secrets.NOBODY}"}}, phase="not_sent"),
    "a header of ours": Trouble("INVALID_INPUT", params={"headers": {"Host": "other.example"}}, phase="not_sent"),
    "a key of its own": Trouble("INVALID_INPUT", params={"headers": {"idempotency-key": "mine"}}, phase="not_sent"),
    "no URL": Trouble("INVALID_INPUT", url=lambda _: "http://", phase="not_sent"),
    "a wrong type": Trouble("SCHEMA_VALIDATION_FAILED", params={"max_bytes": "many"}, phase="not_sent"),
    "two bodies": Trouble("SCHEMA_VALIDATION_FAILED", params={"body": 1, "body_text": "1"}, phase="not_sent"),
    "an unknown parameter": Trouble("SCHEMA_VALIDATION_FAILED", params={"retries": 3}, phase="not_sent"),
    "being cancelled": Trouble("CANCELLED", hang, cancel_after=0.2, phase="maybe_sent"),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
def test_it_names(trouble: Trouble) -> None:
    with RawServer(trouble.reply, speaks_first=trouble.code == "TLS_FAILURE") as server, a_held_port() as port:
        url = trouble.url(server) if trouble.url else server.url
        if trouble.code == "CONNECTION_REFUSED":
            url = f"http://127.0.0.1:{port}/"
        params = {"url": url, **(trouble.params or {})}
        local = url.split("/")[2] if "localhost" not in url else ""
        outcome = call(params, local=local, timeout_ms=trouble.timeout_ms, cancel_after=trouble.cancel_after)
        if trouble.phase == "not_sent":
            assert server.requests == []
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.phase) == (trouble.code, trouble.phase)
    assert all(noted.phase == trouble.phase for noted in outcome.side_effects)
    assert len(server.requests) <= 1, "a skill never retries"


def test_it_names_a_missing_url() -> None:
    outcome = call({"method": "GET"})
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.details.errors[0].pointer) == ("MISSING_REQUIRED_FIELD", "/url")


def test_every_declared_failure_mode_is_provoked_here() -> None:
    provoked = {trouble.code for trouble in TROUBLES.values()} | {"MISSING_REQUIRED_FIELD"}
    assert provoked == {mode.code for mode in HttpCall.failure_modes}


def test_a_failure_tells_what_the_upstream_said() -> None:
    with RawServer(answer(b"no such user", status="404 Not Found")) as server:
        outcome = call({"url": server.url}, local=server.authority)
    assert outcome.failure is not None
    assert outcome.failure.details.upstream_status == 404
    assert outcome.failure.details.errors[0].detail == "no such user"


def test_an_expected_status_is_no_failure() -> None:
    with RawServer(answer(status="404 Not Found")) as server:
        outcome = call({"url": server.url, "expect_status": [200, 404]}, local=server.authority)
    assert (outcome.success, outcome.result["status"]) == (True, 404)


SAFETY = {
    "a write that may have been sent": ("POST", hang, "unknown"),
    "a write that was answered": ("POST", answer(status="500 Oops"), "unsafe"),
    "a read that may have been sent": ("GET", hang, "safe"),
    "a keyed write": ("PUT", hang, "safe"),
}


@pytest.mark.parametrize(("method", "reply", "safety"), SAFETY.values(), ids=SAFETY.keys())
def test_it_says_whether_to_repeat(method: str, reply: Reply, safety: str) -> None:
    with RawServer(reply) as server:
        outcome = call({"url": server.url, "method": method}, local=server.authority, timeout_ms=200)
    assert outcome.failure is not None
    assert outcome.failure.retry_safety == safety


NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
RETRY_AFTER = {
    "seconds": ({"retry-after": "7"}, 7_000),
    "a date": ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, 30_000),
    "a date by the upstream's clock": ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT", "date": "Thu, 01 Jan 2026 12:00:20 GMT"}, 10_000),
    "a date that has passed": ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0),
    "nonsense": ({"retry-after": "soon"}, None),
    "a negative number": ({"retry-after": "-1"}, None),
    "endless digits": ({"retry-after": "9" * 400}, None),
    "nothing": ({}, None),
}


@pytest.mark.parametrize(("headers", "wait_ms"), RETRY_AFTER.values(), ids=RETRY_AFTER.keys())
def test_retry_after_reads(headers: dict[str, str], wait_ms: int | None) -> None:
    assert retry_after_ms(headers, NOW) == wait_ms


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_it_passes_on_how_long_to_wait(status: str) -> None:
    with RawServer(answer(status=status, headers="Retry-After: 2\r\n")) as server:
        outcome = call({"url": server.url}, local=server.authority)
    assert outcome.failure is not None
    assert outcome.failure.retry_after_ms == 2_000
