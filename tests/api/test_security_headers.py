"""Each part of the site sends the content security policy it needs and no more."""

from __future__ import annotations

import pytest
from django.test import Client

from aos_site.http.middleware import policy_for

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
