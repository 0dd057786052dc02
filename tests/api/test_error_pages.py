"""The address in a problem's `type` leads to a page about its code."""

from __future__ import annotations

import pytest
from django.test import Client

from skills.taxonomy import CODES


@pytest.mark.parametrize("code", CODES)
def test_it_has_a_page_for_every_code(code: str) -> None:
    row = Client().get(f"/errors/{code}").json()
    assert (row["code"], row["when"], row["http_status"]) == (code, CODES[code].when, CODES[code].http_status)


def test_it_shows_people_a_page() -> None:
    page = Client().get("/errors/TIMEOUT", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.headers["Content-Type"].startswith("text/html")
    assert CODES["TIMEOUT"].when in page.content.decode()


def test_it_lists_all_codes() -> None:
    assert [row["code"] for row in Client().get("/errors").json()["data"]] == list(CODES)
    assert b'href="/errors/TIMEOUT"' in Client().get("/errors", headers={"Accept": "text/html"}).content
