"""Every kind of answer carries the headers of security; each part of the site the content security policy it needs and no more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.test import Client

from agents.models import Agent
from aos_site.asgi import gate
from aos_site.http.headers import policy_for
from skills.strict_json import MAX_BYTES
from tests.api.cast import Caller
from tests.api.test_serving import ask, scope

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/api/v1/agents", "/api/v1/nothing", "/api/schema/", "/healthz", "/nothing"])
def test_it_lets_an_api_answer_load_nothing(path: str) -> None:
    headers = Client().get(path).headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_it_gives_the_console_what_its_pages_need() -> None:
    policy = Client().get("/admin/login/").headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "style-src 'self' 'unsafe-inline'" in policy


def test_it_allows_the_documentation_no_inline_script() -> None:
    page = Client().get("/api/docs/")
    assert page.status_code == 200
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert b"<script>" not in page.content
    assert b"https://" not in page.content


@pytest.mark.parametrize("path", ["/admin/", "/api/docs/", "/errors/TIMEOUT", "/api/v1/runs", "/"])
def test_it_lets_no_page_be_framed(path: str) -> None:
    assert "frame-ancestors 'none'" in policy_for(path)


ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
ANSWERS: dict[str, tuple[str, dict[str, Any], int]] = {
    "of the API": ("/api/v1/skills", {}, 401),
    "of its description": ("/api/schema/", {}, 200),
    "of the documentation": ("/api/docs/", {}, 200),
    "of the console": ("/admin/login/", {}, 200),
    "of the console to a stranger": ("/admin/", {}, 302),
    "of a console page that is not there": ("/admin/nothing/", {}, 302),
    "of no route of the API": ("/api/v1/nothing", {}, 404),
    "of no route": ("/nothing", {}, 404),
    "of an error page": ("/errors/TIMEOUT", {"HTTP_ACCEPT": "text/html"}, 200),
    "of a probe": ("/healthz", {}, 200),
    "of metrics to a stranger": ("/metrics", {"REMOTE_ADDR": "192.0.2.1"}, 403),
    "to a host that is not ours": ("/healthz/", {"HTTP_HOST": "elsewhere.example"}, 400),
    "of a session that cannot be read": ("/admin/login/", {"HTTP_COOKIE": "sessionid=nothing"}, 200),
}


def lacking(headers: Any, *, in_production: bool = False) -> list[str]:
    """Return which headers are missing or other than they must be."""
    wrong = [name for name, value in ALWAYS.items() if headers.get(name) != value]
    wrong += [] if "frame-ancestors 'none'" in headers.get("Content-Security-Policy", "") else ["Content-Security-Policy"]
    wrong += [] if "camera=()" in headers.get("Permissions-Policy", "") else ["Permissions-Policy"]
    said = headers.get("Strict-Transport-Security")
    right = said == "max-age=31536000; includeSubDomains; preload" if in_production else said is None
    return wrong if right else [*wrong, "Strict-Transport-Security"]


@pytest.mark.parametrize("in_production", [False, True], ids=["in development", "in production"])
@pytest.mark.parametrize(("path", "given", "status"), ANSWERS.values(), ids=ANSWERS.keys())
def test_every_answer_carries_them(settings: Any, path: str, given: dict[str, Any], status: int, in_production: bool) -> None:
    if in_production:
        as_in_production(settings)
    answer = Client(raise_request_exception=False).get(path, secure=in_production, **given)
    assert answer.status_code == status
    assert lacking(answer.headers, in_production=in_production) == []


def as_in_production(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = settings.SECURE_SSL_REDIRECT = True


def test_the_way_to_tls_carries_them(settings: Any) -> None:
    as_in_production(settings)
    answer = Client().get("/api/v1/skills")
    assert answer.status_code == 301
    assert lacking(answer.headers) == []


def test_a_stream_of_events_carries_them(alice: Caller, agent: Agent) -> None:
    plan = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}
    run_id = alice.post("/api/v1/runs", {"agent": "worker", "plan": plan}).json()["run_id"]
    answer = alice.get(f"/api/v1/runs/{run_id}/events", accept="text/event-stream")
    assert answer.status_code == 200
    assert lacking(answer.headers) == []


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("/static/aos/console.css", [], 200),
        ("/static/nothing.css", [], 404),
        ("/api/v1/runs", [(b"content-length", b"%d" % (MAX_BYTES + 1))], 413),
    ],
    ids=["static", "static and not there", "refused at the gate"],
)
def test_what_no_view_answers_carries_them(settings: Any, path: str, sent: list[Any], status: int, scheme: str) -> None:
    settings.SECURE_HSTS_SECONDS, in_production = 31_536_000, scheme == "https"
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    start = asyncio.run(ask(gate, scope(path, scheme=scheme, headers=[(b"host", b"testserver"), *sent])))[0]
    headers = {name.decode().title(): value.decode() for name, value in start["headers"]}
    assert start["status"] == status
    assert lacking(headers, in_production=in_production) == []
