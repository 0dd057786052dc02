"""One error shape for every route, framework errors included."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import OperationalError
from django.http import Http404
from django.http.request import RawPostDataException
from django.test import Client, RequestFactory
from rest_framework import exceptions

from aos_site.http.problems import problem_of, problem_response, refusal_for
from skills.refusal import Refusal
from tests.api.cast import ROUTE_IDS, ROUTES

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=ROUTE_IDS)
def test_it_asks_for_a_key_on_every_route(assert_problem: Any, method: str, path: str) -> None:
    response = Client().generic(method, path)
    assert_problem(response, 401, "PERMISSION_DENIED")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=ROUTE_IDS)
def test_it_answers_rubbish_with_a_4xx_on_every_route(alice: Any, assert_problem: Any, method: str, path: str) -> None:
    response = alice.send(method, path + "?limit=99999999999999999999&nonsense=%00&version=%ff", raw=b'{"unknown": [1, {"deep": null}]}')
    assert response.status_code < 500
    if response.status_code >= 400:
        assert_problem(response, response.status_code, response.json()["code"])


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=ROUTE_IDS)
def test_it_says_405_for_a_method_the_route_lacks(alice: Any, assert_problem: Any, method: str, path: str) -> None:
    lacking = next(other for other in ("PUT", "PATCH") if (other, path) not in ROUTES)
    response = alice.send(lacking, path)
    assert_problem(response, 405, "INVALID_INPUT")
    assert method in response.headers["Allow"]


@pytest.mark.parametrize(
    "path",
    ["/api/v1/nothing", "/api/v1/agents/", "/api/v2/agents", "/api/", "/nothing", "/api/v1/%00", "/api/v1/agents/%ff/x", "/errors/NOPE"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_it_says_404_for_an_address_without_a_route(assert_problem: Any, method: str, path: str) -> None:
    response = Client().generic(method, path)
    if path == "/errors/NOPE" and method != "GET":
        assert response.status_code == 405
    else:
        assert_problem(response, 404, "NOT_FOUND")


@pytest.mark.parametrize("query", ["a=1&" * 2_000, "%", "%zz=%ff", "=", "limit[]=1", "limit=1&limit=x", "x" * 30_000])
def test_it_answers_an_odd_query_string_with_a_400(alice: Any, assert_problem: Any, query: str) -> None:
    assert_problem(alice.get(f"/api/v1/agents?{query}"), 400, "INVALID_INPUT")


@pytest.mark.parametrize("debug", [True, False])
def test_it_keeps_the_shape_with_debug_mode_on_and_off(settings: Any, assert_problem: Any, debug: bool) -> None:
    settings.DEBUG = debug
    assert_problem(Client().get("/api/v1/nothing"), 404, "NOT_FOUND")
    assert_problem(Client().get("/api/v1/agents"), 401, "PERMISSION_DENIED")


@pytest.mark.parametrize("accept", ["text/html;q=,,,", "text/html", "application/xml", "*/*;q=nan", ";;;", "x" * 20_000])
def test_it_answers_json_whatever_the_accept_header_says(alice: Any, accept: str) -> None:
    response = alice.get("/api/v1/agents", Accept=accept)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")


def test_it_refuses_a_foreign_host_and_lets_nobody_fill_the_log(settings: Any, assert_problem: Any, caplog: Any) -> None:
    settings.ALLOWED_HOSTS = ["aos.example"]
    problem = assert_problem(Client().get("/api/v1/agents", headers={"Host": "evil.example"}), 400, "INVALID_INPUT")
    assert "AOS_ALLOWED_HOSTS" in problem["suggestions"][0]
    assert not caplog.records


EXCEPTIONS: dict[str, tuple[Exception, int, str]] = {
    "a refusal": (Refusal("FROZEN", "no"), 423, "FROZEN"),
    "no key": (exceptions.NotAuthenticated(), 401, "PERMISSION_DENIED"),
    "a bad key": (exceptions.AuthenticationFailed(), 401, "PERMISSION_DENIED"),
    "no right": (exceptions.PermissionDenied(), 403, "PERMISSION_DENIED"),
    "nothing there": (Http404(), 404, "NOT_FOUND"),
    "no such method": (exceptions.MethodNotAllowed("PUT"), 405, "INVALID_INPUT"),
    "no such form": (exceptions.NotAcceptable(), 406, "INVALID_INPUT"),
    "another type": (exceptions.UnsupportedMediaType("x"), 415, "INVALID_INPUT"),
    "too often": (exceptions.Throttled(wait=1.2), 429, "RATE_LIMITED"),
    "no database": (OperationalError("gone"), 503, "STORE_UNAVAILABLE"),
    "a defect": (KeyError("secret-in-a-traceback"), 500, "INTERNAL_ERROR"),
    "a framework defect": (exceptions.APIException("secret"), 500, "INTERNAL_ERROR"),
    "a body read twice": (RawPostDataException(), 500, "INTERNAL_ERROR"),
}


@pytest.mark.parametrize(("error", "status", "code"), EXCEPTIONS.values(), ids=EXCEPTIONS.keys())
def test_it_knows_what_to_say_about(error: Exception, status: int, code: str) -> None:
    refusal = refusal_for(error)
    assert (refusal.status, refusal.code) == (status, code)
    assert "secret" not in refusal.detail


def test_it_says_when_to_come_back_in_whole_seconds() -> None:
    response = problem_response(Refusal("RATE_LIMITED", "later", retry_after_ms=1_200), RequestFactory().get("/api/v1/runs"))
    assert response.headers["Retry-After"] == "2"


@pytest.mark.parametrize(("method", "safety"), [("get", "safe"), ("post", "unknown")])
def test_it_does_not_call_a_retry_safe_after_a_defect_in_a_write(caplog: Any, method: str, safety: str) -> None:
    response = problem_of(KeyError("x"), getattr(RequestFactory(), method)("/api/v1/runs"))
    assert json.loads(response.content)["retry_safety"] == safety
    assert "http.request.failed" in caplog.text
