"""A real browser: Chromium signs in through the identity provider and sees the pages of its role and no others."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest
from django.contrib.auth.models import User

CHROMIUM = shutil.which("chromium")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None and not os.environ.get("AOS_TEST_ALL"), reason="no program called chromium on the PATH"),
]


def in_the_browser(site: str) -> dict[str, Any]:
    """Sign in as bob, a viewer; return what is seen on the way."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - needed where there is a browser

    seen: dict[str, Any] = {"refused_by_policy": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.on("console", lambda message: seen["refused_by_policy"].append(message.text) if "Content Security" in message.text else None)
        page.goto(f"{site}/admin/")
        page.get_by_role("link", name="Sign in with Example ID").click()
        page.fill("input[name=login]", "bob")
        page.fill("input[name=password]", "pw-bob")
        page.locator("form:has(input[name=password]) button[type=submit]").click()
        page.wait_for_url(f"{site}/admin/")
        seen["title"] = page.title()
        seen["links"] = set(
            page.locator("nav a, aside a, #nav-sidebar a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
        )
        for path in ("agent-profiles", "agents/auditentry", "agents/ledgerscope", "auth/user"):
            answer = page.goto(f"{site}/admin/{path}/")
            seen[path] = answer and answer.status
        browser.close()
    return seen


def test_a_viewer_comes_in_and_sees_the_pages_of_viewers(site: str) -> None:
    seen = in_the_browser(site)
    assert "Overview" in seen["title"]
    assert "/admin/agent-profiles/" in seen["links"]
    assert not {"/admin/agents/auditentry/", "/admin/agents/ledgerscope/", "/admin/auth/user/"} & seen["links"]
    assert [seen[path] for path in ("agent-profiles", "agents/auditentry", "agents/ledgerscope", "auth/user")] == [200, 403, 403, 403]
    assert seen["refused_by_policy"] == []


@pytest.fixture(autouse=True)
def nobody_else(site: str) -> None:
    assert not User.objects.exists()
