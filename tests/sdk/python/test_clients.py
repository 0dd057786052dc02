"""Clients: where their key and address come from, what they send, pages, raw answers, options."""

from __future__ import annotations

from pathlib import Path

import aos_sdk
import httpx
import pytest
from aos_sdk import AOS, types
from pytest_httpserver import HTTPServer

from tests.sdk.python.conftest import KEY, RUN, Caller
from tests.sdk.python.test_retries import Answering


def test_it_says_who_it_is(call: Caller, answering: Answering) -> None:
    answers = answering((200, RUN))
    call(lambda client: client.runs.get("run/../1"))
    asked = answers.asked[0]
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.headers["User-Agent"].startswith(f"aos-sdk-python/{aos_sdk.__version__} ")
    assert asked.headers["X-Request-Id"]
    assert asked.path == "/api/v1/runs/run/../1"
    assert asked.environ["REQUEST_URI"] == "/api/v1/runs/run%2F..%2F1"


def test_it_sends_what_was_given_and_nothing_else(call: Caller, answering: Answering) -> None:
    answers = answering((202, RUN))
    call(lambda client: client.runs.submit("scout", plan={"steps": []}, inputs={"a": None, "ü": 1.5}, priority=0))
    assert answers.asked[0].get_json() == {"agent": "scout", "plan": {"steps": []}, "inputs": {"a": None, "ü": 1.5}, "priority": 0}
    call(lambda client: client.freezes.list(live=True))
    assert answers.asked[1].query_string == b"live=true"


def test_it_reads_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    monkeypatch.setenv("AOS_API_URL", "https://aos.example.com/api/v1/")
    monkeypatch.setenv("AOS_API_KEY_FILE", str(tmp_path / "key"))
    with AOS() as client:
        assert client.base_url == "https://aos.example.com"
        assert client._options.api_key == KEY
        assert KEY not in repr(client._options)


def test_it_iterates_over_all_pages(call: Caller, answering: Answering) -> None:
    answers = answering(
        (200, {"data": [RUN, RUN], "next_cursor": "c1"}),
        (200, {"data": [], "next_cursor": "c2"}),
        (200, {"data": [RUN], "next_cursor": None}),
    )
    found = call(lambda client: client.runs.list(status="failed", limit=2))
    assert [type(each) for each in found] == [types.RunView] * 3, "a page may be empty, and others follow"
    assert [request.args.to_dict() for request in answers.asked] == [
        {"status": "failed", "limit": "2"},
        {"status": "failed", "limit": "2", "cursor": "c1"},
        {"status": "failed", "limit": "2", "cursor": "c2"},
    ]


def test_it_goes_on_by_position_where_the_api_does(call: Caller, answering: Answering) -> None:
    answers = answering((200, {"data": [{"seq": 9}], "next_before": 9}), (200, {"data": [{"seq": 1}], "next_before": None}))
    assert [each.seq for each in call(lambda client: client.audit.list())] == [9, 1]
    assert answers.asked[1].args["before"] == "9"


def test_it_gives_one_page_alone(answering: Answering, httpserver: HTTPServer) -> None:
    answering((200, {"data": [RUN], "next_cursor": "c1"}))
    with AOS(KEY, httpserver.url_for("")) as client:
        page = client.runs.list().first()
    assert (len(page.data), page.next_cursor) == (1, "c1")


def test_it_gives_whole_answers(call: Caller, answering: Answering) -> None:
    answering((200, RUN, {"X-Request-Id": "req-1", "X-Other": "yes"}))
    raw = call(lambda client: client.with_raw_response.runs.get("run_1"))
    assert (raw.status_code, raw.request_id, raw.headers["X-Other"]) == (200, "req-1", "yes")
    assert raw.parse().run_id == "run_1"
    assert call(lambda client: client.with_raw_response.runs.list()).parse().data == []


def test_other_options_leave_the_client_as_it_is(answering: Answering, httpserver: HTTPServer) -> None:
    answers = answering((200, RUN))
    with AOS(KEY, httpserver.url_for("")) as client:
        other = client.with_options(timeout=1, max_retries=0, api_key="aos_other", headers={"X-Team": "a"})
        other.runs.get("run_1")
        other.close()
        client.runs.get("run_1")
    assert [request.headers["Authorization"] for request in answers.asked] == ["Bearer aos_other", f"Bearer {KEY}"]
    assert [request.headers.get("X-Team") for request in answers.asked] == ["a", None]


def test_a_client_that_was_given_is_left_open(answering: Answering, httpserver: HTTPServer) -> None:
    answering((200, RUN))
    with httpx.Client() as http:
        with AOS(KEY, httpserver.url_for(""), http_client=http) as client:
            client.runs.get("run_1")
        assert not http.is_closed


def test_it_gives_files_as_bytes_and_nothing_as_none(call: Caller, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/v1/runs/run_1/evidence").respond_with_data(b"PK\x03\x04", content_type="application/zip")
    httpserver.expect_request("/api/v1/agents/a", method="DELETE").respond_with_data(b"", status=204)
    assert call(lambda client: client.runs.evidence("run_1")) == b"PK\x03\x04"
    assert call(lambda client: client.agents.delete("a")) is None


def test_the_result_of_a_run(call: Caller, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/v1/runs/run_1").respond_with_json(RUN)
    httpserver.expect_request("/api/v1/runs/run_1/trace").respond_with_json({"run": {**RUN, "result": {"value": 7}}})
    assert call(lambda client: client.runs.result("run_1")).value == 7


def test_what_is_exported_is_there() -> None:
    assert all(getattr(aos_sdk, name) is not None for name in aos_sdk.__all__)
    assert set(aos_sdk.__all__) <= set(dir(aos_sdk))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = aos_sdk.Nothing
