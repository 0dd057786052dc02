"""What goes wrong on the way is tried again, with the same key, as long as the server wants it so; an effect never happens twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from aos_sdk import AOS, APIConnectionError, APIStatusError, APITimeoutError, ConflictError, RateLimitError, ServerError, _operation
from aos_sdk._retry import backoff_seconds, delay_after_answer, retry_after_seconds
from pytest_httpserver import HTTPServer

from tests.sdk.python.conftest import KEY, RUN, Answers, Caller, problem
from tests.sdk.python.wire import Wire, json_answer

DOWN = (503, problem(503, "STORE_UNAVAILABLE"))
BROKEN = (500, problem(500, "INTERNAL"))
Answering = Callable[..., Answers]


def test_it_tries_again_with_the_same_idempotency_key(call: Caller, answering: Answering) -> None:
    answers = answering(DOWN, BROKEN, (202, RUN))
    assert call(lambda client: client.runs.submit("scout", goal="x")).run_id == "run_1"
    keys = [request.headers["Idempotency-Key"] for request in answers.asked]
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert len({request.headers["X-Request-Id"] for request in answers.asked}) == 1


def test_each_call_has_a_key_of_its_own_unless_one_is_given(call: Caller, answering: Answering) -> None:
    answers = answering((202, RUN))
    for key in (None, None, "mine"):
        call(lambda client, key=key: client.goals.submit("x", "scout", idempotency_key=key))
    keys = [request.headers["Idempotency-Key"] for request in answers.asked]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"


def test_it_gives_up_after_max_retries(call: Caller, answering: Answering) -> None:
    answers = answering(DOWN)
    with pytest.raises(ServerError) as raised:
        call(lambda client: client.runs.get("run_1"))
    assert len(answers.asked) == 3
    assert raised.value.code == "STORE_UNAVAILABLE"
    with pytest.raises(ServerError):
        call(lambda client: client.runs.get("run_1"), max_retries=0)
    assert len(answers.asked) == 4


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
def test_it_tries_again_after(status: int, call: Caller, answering: Answering) -> None:
    answers = answering((status, {}), (200, RUN))
    assert call(lambda client: client.runs.get("run_1")).status == "succeeded"
    assert len(answers.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415, 422])
def test_it_does_not_try_again_after(status: int, call: Caller, answering: Answering) -> None:
    answers = answering((status, problem(status, "NO")), (200, RUN))
    with pytest.raises(APIStatusError):
        call(lambda client: client.runs.get("run_1"))
    assert len(answers.asked) == 1


def test_a_conflict_that_waiting_does_not_settle_is_told_at_once(call: Caller, answering: Answering) -> None:
    answers = answering((409, problem(409, "INVALID_INPUT", retryable=False)), (202, RUN))
    with pytest.raises(ConflictError):
        call(lambda client: client.runs.cancel("run_1"))
    assert len(answers.asked) == 1


def test_it_waits_for_the_first_request_of_a_key_to_end(call: Caller, answering: Answering) -> None:
    answers = answering((409, problem(409, "IN_PROGRESS", retryable=False), {"Retry-After": "0.05"}), (202, RUN))
    assert call(lambda client: client.runs.submit("scout", goal="x")).run_id == "run_1"
    assert len(answers.asked) == 2


def test_it_obeys_retry_after(call: Caller, answering: Answering) -> None:
    answering((429, problem(429, "RATE_LIMITED"), {"Retry-After": "0.3"}), (200, RUN))
    started = time.monotonic()
    call(lambda client: client.runs.get("run_1"))
    assert 0.3 <= time.monotonic() - started < 20


def test_it_does_not_wait_longer_than_a_minute(call: Caller, answering: Answering) -> None:
    answers = answering((429, problem(429, "RATE_LIMITED", retry_after_ms=61_000), {"Retry-After": "61"}), (200, RUN))
    with pytest.raises(RateLimitError) as raised:
        call(lambda client: client.runs.get("run_1"))
    assert len(answers.asked) == 1
    assert raised.value.retry_after_ms == 61_000


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server remember no key of a redelivery, as one would that is older than the package."""
    monkeypatch.setattr(_operation, "KEYED_OPERATIONS", _operation.KEYED_OPERATIONS - {"webhook_deliveries_redeliver"})


def test_what_may_have_happened_is_not_done_again_without_the_servers_memory(call: Caller, answering: Answering, forgetful: None) -> None:
    answers = answering(BROKEN, (200, {"success": True}))
    with pytest.raises(ServerError):
        call(lambda client: client.webhooks.deliveries.redeliver("whk_1", "dlv_1"))
    assert len(answers.asked) == 1
    assert answers.asked[0].headers["Idempotency-Key"]


def test_what_was_turned_away_is_done_again(call: Caller, answering: Answering) -> None:
    answers = answering(DOWN, (200, {"success": True}))
    assert call(lambda client: client.webhooks.deliveries.redeliver("whk_1", "dlv_1")).success
    assert len(answers.asked) == 2


def test_a_cut_connection_is_tried_again_where_that_is_safe(quick: None, forgetful: None) -> None:
    with Wire([b"", json_answer(b'{"run_id": "run_1"}')]).serving() as wire, AOS(KEY, wire.url) as client:
        assert client.execute("http_call", {}).run_id == "run_1"
        assert len(wire.requests) == 2
    with Wire([b"", json_answer(b"{}")]).serving() as wire, AOS(KEY, wire.url) as client:
        with pytest.raises(APIConnectionError) as raised:
            client.webhooks.deliveries.redeliver("whk_1", "dlv_1")
        assert len(wire.requests) == 1
        assert raised.value.sent is None


def test_a_server_that_is_not_there_is_told_as_such(call: Caller) -> None:
    with pytest.raises(APIConnectionError) as raised:
        call(lambda client: client.execute("http_call", {}), base_url="http://127.0.0.1:1")
    assert raised.value.sent is False
    assert raised.value.request_id


def test_silence_ends_in_a_time_out(quick: None) -> None:
    with Wire([None]).serving() as wire, AOS(KEY, wire.url, timeout=0.1, max_retries=0) as client:
        started = time.monotonic()
        with pytest.raises(APITimeoutError):
            client.runs.get("run_1")
        assert time.monotonic() - started < 20


def test_waiting_on_the_servers_side_does_not_count_against_the_time_out(httpserver: HTTPServer) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202, json=RUN)

    with httpx.Client(transport=httpx.MockTransport(answer)) as http, AOS(KEY, timeout=5, http_client=http) as client:
        client.runs.submit("scout", goal="x", wait=20)
    assert seen[0].extensions["timeout"]["read"] == 25
    assert seen[0].headers["Prefer"] == "wait=20"


def test_backoff_doubles_from_half_a_second_to_eight() -> None:
    for attempt, longest in ((1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 8.0), (9, 8.0)):
        found = [backoff_seconds(attempt) for _ in range(50)]
        assert 0.75 * longest <= min(found) <= max(found) <= longest
        assert len(set(found)) > 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("2", 2.0), ("0", 0.0), ("-3", 0.0), ("Thu, 01 Jan 2026 00:00:10 GMT", 10.0), ("soon", None), ("", None)],
)
def test_it_reads_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after_seconds({"Retry-After": value}, datetime(2026, 1, 1, tzinfo=UTC)) == seconds


def test_a_minute_is_the_longest_wait() -> None:
    def delay(after: str) -> Any:
        return delay_after_answer(429, {"Retry-After": after}, {}, attempt=1, repeatable=True)

    assert delay("60") == 60
    assert delay("60.1") is None
