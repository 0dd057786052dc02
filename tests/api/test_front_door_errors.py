"""One shape for every no, wherever it comes from: routes of the API, addresses without one, pages beside it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from agents.models import Agent, Tenant
from agents.throttling import buckets
from aos_site.http.rest import body_refusal
from tests.api.cast import Caller

pytestmark = pytest.mark.django_db
AGENTS, RUNS = "/api/v1/agents", "/api/v1/runs"
BESIDE = ["/api/schema/", "/api/docs/", "/errors", "/errors/NOT_FOUND", "/healthz", "/readyz", "/metrics", "/health"]
NONSENSE = ["text/html;q=,,,", "*/*;q=nan", ";;;", "\x00", "text/event-stream;;;", "é", "application/json;charset=x" * 500]


@pytest.mark.parametrize("path", BESIDE)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE", "NONSENSE"])
def test_pages_beside_the_api_say_no_in_its_words(assert_problem: Any, path: str, method: str) -> None:
    response = Client().generic(method, path)
    assert_problem(response, 405, "INVALID_INPUT")
    assert "GET" in response.headers["Allow"]
    # A form from elsewhere is refused before anybody looks at the method.
    strict = Client(enforce_csrf_checks=True).generic(method, path)
    assert_problem(strict, strict.status_code, strict.json()["code"])
    for name in ("X-Request-Id", "X-Content-Type-Options", "Content-Security-Policy", "Cache-Control"):
        assert response.headers[name]


def test_what_an_answer_allows_is_what_is_answered(alice: Caller) -> None:
    for path in (*BESIDE, AGENTS, RUNS, f"{AGENTS}/nobody", "/agents"):
        allowed = Client().generic("NONSENSE", path, headers={"Authorization": f"Bearer {alice.key}"}).headers["Allow"].split(", ")
        answers = {
            method: Client().generic(method, path, headers={"Authorization": f"Bearer {alice.key}"}).status_code
            for method in ("HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
        }
        assert {method for method, status in answers.items() if status != 405} == set(allowed) - {"GET"}, path


@pytest.mark.parametrize("path", ["/api/schema", "/api/schema/x", "/errors/", "/errors/NO_SUCH_CODE", "/healthz/", "/healthz/%00"])
@pytest.mark.parametrize("accept", ["text/html", *NONSENSE[:2]])
def test_an_address_near_one_is_none(assert_problem: Any, path: str, accept: str) -> None:
    assert_problem(Client().get(path, headers={"Accept": accept}), 404, "NOT_FOUND")


@pytest.mark.parametrize("path", [*BESIDE, AGENTS, RUNS, "/api/v1/nothing"])
def test_no_accept_header_makes_a_5xx_or_a_406(alice: Caller, path: str) -> None:
    plain = Client().get(path, headers={"Authorization": f"Bearer {alice.key}"})
    # To describe the API takes long, and the same is looked at there.
    for accept in NONSENSE[:2] if path == "/api/schema/" else NONSENSE:
        answer = alice.get(path, Accept=accept)
        assert answer.status_code == plain.status_code, accept
        if not path.startswith("/errors"):
            assert answer.headers["Content-Type"] == plain.headers["Content-Type"], accept


def test_each_status_of_a_route_has_the_one_shape(alice: Caller, bob: Caller, agent: Agent, assert_problem: Any) -> None:
    assert_problem(alice.post(AGENTS, raw=b"{"), 400, "INVALID_INPUT")
    assert_problem(Client().get(AGENTS), 401, "PERMISSION_DENIED")
    assert_problem(bob.post(AGENTS, {"name": "x"}), 403, "PERMISSION_DENIED")
    assert_problem(alice.get(f"{AGENTS}/nobody"), 404, "NOT_FOUND")
    assert_problem(alice.send("PUT", AGENTS), 405, "INVALID_INPUT")
    assert_problem(alice.post(AGENTS, {"name": "worker"}), 409, "INVALID_INPUT")
    assert_problem(alice.post(AGENTS, raw=b" " * 1_048_577), 413, "CONTENT_TOO_LARGE")
    assert_problem(alice.post(AGENTS, raw=b"x", **{"Content-Type": "text/plain"}), 415, "INVALID_INPUT")
    assert_problem(alice.post(AGENTS, {"name": ""}), 422, "SCHEMA_VALIDATION_FAILED")
    buckets.clear()
    Tenant.objects.update(requests_per_minute=1)
    alice.get(AGENTS)
    limited = alice.get(AGENTS)
    assert assert_problem(limited, 429, "RATE_LIMITED")["retry_after_ms"] > 0
    assert int(limited.headers["Retry-After"]) > 0
    buckets.clear()


CHUNKED = b"transfer-encoding"


@pytest.mark.parametrize(
    "headers",
    [{CHUNKED: b"chunked"}, {CHUNKED: b"chunked", b"content-length": b"5"}, {CHUNKED: b"gzip, chunked", b"content-length": b"0"}],
    ids=["alone", "beside a length", "twice encoded"],
)
def test_a_body_in_chunks_is_refused_whatever_its_length_says(headers: dict[bytes, bytes]) -> None:
    refusal = body_refusal(headers)
    assert refusal is not None
    assert (refusal.status, refusal.code) == (411, "INVALID_INPUT")


@pytest.mark.parametrize(
    "after",
    ["1-1-999999999999", "1-1-99999999999", "9999999999999999999-1-1", "1-9999999999999999999-1", "١-١-١", "1-1-1 ", "1-1--1", "1-1-1-1"],
)
def test_a_place_no_feed_made_is_a_400(alice: Caller, assert_problem: Any, after: str) -> None:
    for answer in (
        alice.get(f"/api/v1/events?after={quote(after)}"),
        alice.get("/api/v1/events", Accept="text/event-stream", Last_Event_ID=after),
    ):
        problem = assert_problem(answer, 400, "INVALID_INPUT")
        assert problem["errors"][0]["pointer"] == "/after"


@pytest.mark.parametrize("after", ["-1", "99999999999999999999", "1.5", "١", "x", "9223372036854775808"])
def test_a_number_no_journal_has_is_no_5xx(alice: Caller, agent: Agent, after: str) -> None:
    plan = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}
    run_id = alice.post(RUNS, {"agent": "worker", "plan": plan}).json()["run_id"]
    assert alice.get(f"{RUNS}/{run_id}/events?after={quote(after)}").status_code < 500
    assert alice.get(f"{RUNS}/{run_id}/events", Accept="text/event-stream", Last_Event_ID=after).status_code < 500


@pytest.mark.parametrize("sent", ["a\r\nSet-Cookie: x=1", "a\nb", "%0d%0aX: 1", "a" * 129, "\u2028", "<script>", "a b", "a,b"])
def test_no_header_of_a_caller_comes_back_as_it_likes(alice: Caller, agent: Agent, sent: str) -> None:
    answer = alice.get(AGENTS, X_Request_Id=sent)
    assert answer.headers["X-Request-Id"].isalnum()
    assert len(answer.headers["X-Request-Id"]) == 32
    refused = alice.post(AGENTS, {"name": "second"}, Idempotency_Key=sent)
    named = {name.lower(): value for name, value in refused.headers.items()}
    assert "set-cookie" not in named
    assert not any("\n" in value or "\r" in value for value in named.values())


@pytest.mark.parametrize("path", ["/api/v1/x%0d%0aX-Evil:1", "//evil.example/%2e%2e", "/errors/%3Cscript%3E", "/api/v1/agents/%0aX:1"])
def test_no_address_comes_back_as_a_header_or_markup(alice: Caller, assert_problem: Any, path: str) -> None:
    answer = alice.get(path)
    assert_problem(answer, 404, "NOT_FOUND")
    assert not any("vil" in value or "\n" in value for value in answer.headers.values())
    assert b"<script>" not in answer.content
