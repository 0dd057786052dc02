"""Circuits on the console: everybody of a tenant sees which hosts are left alone, its operators close one with a reason."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from agents.clock import ask_time
from agents.models import Role, Tenant
from catalog import circuits
from catalog.circuits import Ending, Key
from catalog.models import Circuit
from tests.console.conftest import CANARY, Cast, SignIn

LIST = reverse("admin:catalog_circuit_changelist")
HOST = "api.example.test:443"
OPERATORS = ("operator", "tenant_admin")
HOSTLESS = ("viewer", "root")


def opened(tenant: Tenant, host: str = HOST) -> Circuit:
    circuits.report([Ending(Key(tenant.pk, "http_call", host), "down", "HTTP_5XX")] * 5)
    return Circuit.objects.get(tenant=tenant, host=host)


def page_url(found: Circuit) -> str:
    return reverse("admin:catalog_circuit_change", args=[found.pk])


def reset_url(found: Circuit) -> str:
    return reverse("admin:catalog_circuit_reset", args=[found.pk])


@pytest.mark.parametrize("role", [*Role.values, "root"])
def test_it_says_what_is_open_and_offers_operators_to_close_it(role: str, cast: Cast) -> None:
    found = opened(cast.acme)
    for page in (SignIn(role).get(LIST).content.decode(), SignIn(role).get(page_url(found)).content.decode()):
        # Who is not told the cause of a failure is not told where the call went.
        assert (HOST in page, "not shown to your role" in page) == (role not in HOSTLESS, role in HOSTLESS)
        assert 'aos-sign-cross"></i></span> open' in page
        assert "HTTP_5XX" in page
        assert "nothing for another" in page
    assert (reset_url(found) in SignIn(role).get(page_url(found)).content.decode()) == (role in OPERATORS)


@pytest.mark.parametrize("role", [*Role.values, "root"])
def test_only_operators_close_it_and_only_by_post_and_with_a_reason(role: str, cast: Cast) -> None:
    found, browser = opened(cast.acme), SignIn(role)
    assert browser.get(reset_url(found)).status_code == 405
    assert browser.post(reset_url(found), {"reason": " "}).status_code == (302 if role in OPERATORS else 403)
    found.refresh_from_db()
    assert found.open_until_ms is not None
    assert browser.post(reset_url(found), {"reason": "it is mended"}).status_code == (302 if role in OPERATORS else 403)
    found.refresh_from_db()
    assert (found.open_until_ms is None) == (role in OPERATORS)


def test_who_is_not_told_a_host_cannot_ask_for_it(cast: Cast) -> None:
    opened(cast.acme)
    for asked in (f"?q={HOST}", f"?host={HOST}", f"?host__startswith={HOST[:3]}"):
        assert "http_call" not in SignIn("viewer").get(LIST + asked, follow=True).content.decode() or "host" in asked, asked
        assert SignIn("viewer").get(LIST + asked).status_code == (200 if asked.startswith("?q") else 400), asked
    assert HOST in SignIn("operator").get(f"{LIST}?q={HOST}").content.decode()


def test_it_says_that_one_call_tries(cast: Cast) -> None:
    found = opened(cast.acme)
    Circuit.objects.update(open_until_ms=ask_time() - 1)
    assert "one call at a time, as a trial" in SignIn("viewer").get(page_url(found)).content.decode()


def test_another_tenants_is_not_there(cast: Cast) -> None:
    found = opened(cast.rival, f"{CANARY}.test:443")
    browser = SignIn("operator")
    assert CANARY not in browser.get(LIST).content.decode()
    assert browser.get(page_url(found)).status_code == 404
    assert browser.post(reset_url(found), {"reason": "it is mended"}).status_code == 404


def questions(browser: SignIn) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(LIST).status_code == 200
    return len(asked)


def test_a_list_asks_no_more_for_more_rows(cast: Cast) -> None:
    browser = SignIn("viewer")
    opened(cast.acme)
    questions(browser)  # what is asked once for all is asked now
    of_one = questions(browser)
    for number in range(20):
        opened(cast.acme, f"host-{number}.test:443")
    assert questions(browser) == of_one
