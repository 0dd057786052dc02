"""Whatever goes wrong is an error of one tree, and says what the server said."""

from __future__ import annotations

import aos_sdk
import pytest
from aos_sdk import AOS, AOSError, APIConnectionError, APIStatusError, APITimeoutError, ConfigurationError, RunFailedError
from pytest_httpserver import HTTPServer

from tests.sdk.python.conftest import KEY, RUN, Caller, problem
from tests.sdk.python.test_retries import Answering

CLASSES = {
    400: aos_sdk.BadRequestError,
    401: aos_sdk.AuthenticationError,
    403: aos_sdk.PermissionDeniedError,
    404: aos_sdk.NotFoundError,
    409: aos_sdk.ConflictError,
    422: aos_sdk.UnprocessableEntityError,
    429: aos_sdk.RateLimitError,
    500: aos_sdk.ServerError,
    503: aos_sdk.ServerError,
    418: APIStatusError,
}


@pytest.mark.parametrize("status", CLASSES)
def test_each_status_has_its_class(status: int, call: Caller, answering: Answering) -> None:
    told = problem(
        status,
        "SOME_CODE",
        category="transient",
        retryable=True,
        retry_after_ms=7,
        suggestions=["do this"],
        run_id="run_9",
        trace_id="t1",
        errors=[{"pointer": "/plan", "code": "X", "detail": "wrong"}],
    )
    answering((status, told, {"X-Request-Id": "req-7"}))
    with pytest.raises(AOSError) as raised:
        call(lambda client: client.runs.get("run_1"), max_retries=0)
    error = raised.value
    assert type(error) is CLASSES[status]
    assert (error.code, error.category, error.retryable, error.retry_after_ms) == ("SOME_CODE", "transient", True, 7)
    assert (error.suggestions, error.run_id, error.trace_id, error.request_id) == (["do this"], "run_9", "t1", "req-7")
    assert error.status == status
    assert error.errors[0]["pointer"] == "/plan"
    assert str(error) == "no: SOME_CODE"


def test_the_tree() -> None:
    assert issubclass(APITimeoutError, APIConnectionError)
    assert issubclass(APIConnectionError, AOSError)
    assert issubclass(RunFailedError, AOSError)
    assert all(issubclass(each, APIStatusError) for each in CLASSES.values())


@pytest.mark.parametrize("body", ["<html>Bad gateway</html>", "", "[1]", '"no"'])
def test_an_answer_of_somebody_in_between_is_an_error_too(body: str, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/v1/runs/run_1").respond_with_data(body, status=502)
    with AOS(KEY, httpserver.url_for(""), max_retries=0) as client, pytest.raises(aos_sdk.ServerError) as raised:
        client.runs.get("run_1")
    assert raised.value.code is None
    assert raised.value.suggestions == []


def test_an_answer_that_is_no_json_is_told(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/v1/runs/run_1").respond_with_data("<html>", content_type="text/html")
    with AOS(KEY, httpserver.url_for("")) as client, pytest.raises(APIStatusError, match="not JSON"):
        client.runs.get("run_1")


def test_waiting_for_a_run_raises_what_it_failed_with(call: Caller, answering: Answering) -> None:
    answering((200, {**RUN, "status": "failed", "failure_code": "BLOCKED_TARGET", "summary": "Failed with BLOCKED_TARGET"}))
    assert call(lambda client: client.runs.wait("run_1")).status == "failed"
    with pytest.raises(RunFailedError, match="Failed with") as raised:
        call(lambda client: client.runs.wait("run_1", check=True))
    assert raised.value.code == "BLOCKED_TARGET"
    assert raised.value.outcome["run_id"] == "run_1"


def test_a_run_that_waits_says_for_what_and_where_to_look(call: Caller, answering: Answering) -> None:
    answering((200, {**RUN, "status": "waiting", "waiting_for": "approval", "summary": "Waiting for a person to approve a step."}))
    with pytest.raises(RunFailedError, match=r"run_1 does not go on by itself\. Waiting for a person .*: aos explain run_1"):
        call(lambda client: client.runs.wait("run_1", check=True))


def test_a_call_raises_what_it_failed_with(call: Caller, answering: Answering) -> None:
    failure = {"code": "TIMEOUT", "category": "transient", "message": "too slow", "retryable": True, "suggestions": ["wait"]}
    answering((200, {"success": False, "result": None, "failure": failure, "run_id": "run_2"}))
    assert call(lambda client: client.execute("http_call")).failure.code == "TIMEOUT"
    with pytest.raises(RunFailedError, match="too slow") as raised:
        call(lambda client: client.call("http_call"))
    error = raised.value
    assert (error.code, error.category, error.retryable) == ("TIMEOUT", "transient", True)
    assert (error.suggestions, error.run_id) == (["wait"], "run_2")


def test_a_run_that_goes_on_raises_after_the_time_one_waits(call: Caller, answering: Answering) -> None:
    answering((200, {**RUN, "status": "running", "data": [], "next_after": 0, "terminal": False}))
    with pytest.raises(aos_sdk.WaitTimeoutError) as raised:
        call(lambda client: client.runs.wait("run_1", timeout=0.1))
    assert raised.value.run["status"] == "running"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base_url": "no address"}, "address"),
        ({"base_url": "ftp://x"}, "address"),
        ({"api_key": "a b"}, "characters"),
        ({"api_key": "schlüssel"}, "characters"),
        ({"timeout": 0}, "timeout"),
        ({"max_retries": -1}, "max_retries"),
    ],
)
def test_a_client_that_cannot_be_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        AOS(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("part", ["", ".", ".."])
def test_an_id_that_would_lead_elsewhere_is_refused_before_anything_is_sent(part: str) -> None:
    with AOS(KEY, "http://127.0.0.1:9") as client, pytest.raises(AOSError, match="cannot be an id") as raised:
        client.runs.get(part)
    assert raised.value.code == "INVALID_INPUT"
