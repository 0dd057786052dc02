"""Live cells: a page that is asked again answers with its cells, with nothing new, or with why it shows no more; by its own view."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.urls import reverse

from agents.models import Membership, Role
from aos_site.http.live import reader_of
from runs.models import Run, RunStatus
from tests.console.conftest import CANARY, Cast, SignIn

pytestmark = pytest.mark.usefixtures("db")
LISTS = ("admin:index", "admin:runs_run_changelist", "console-approvals", "console-questions", "console-in-doubt", "console-workers")


def ask(browser: SignIn, address: str, etag: str = "", reader: str = "") -> Any:
    page = browser.get(address).content.decode()
    found = re.search(r'data-aos-reader="(\w+)"', page)
    assert found is not None
    return browser.get(address, headers={"AOS-Live": reader or found[1], "If-None-Match": etag})


def set_status(cast: Cast, status: str) -> None:
    Run.objects.filter(tenant=cast.acme).update(status=status, failure_code="")


@pytest.mark.parametrize("name", LISTS)
def test_a_page_answers_with_its_cells_alone_and_then_that_nothing_changed(name: str, cast: Cast) -> None:
    browser = SignIn("tenant_admin")
    first = ask(browser, reverse(name))
    shown = first.content.decode()
    assert first.status_code == 200
    assert shown.startswith('<div class="aos-cell" data-aos-cell="')
    assert "<html" not in shown and "nav-sidebar" not in shown and CANARY not in shown
    assert first["Cache-Control"] == "no-store"
    if name == "console-workers":
        return  # it says how long ago each worker was heard
    again = ask(browser, reverse(name), first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    # What the page itself shows bears the same marks: a browser builds its If-None-Match from them.
    marks = re.findall(r'data-aos-is="([\w-]+)"', browser.get(reverse(name)).content.decode())
    assert f'"{".".join(marks)}"' == first["ETag"]


def test_a_cell_that_changed_is_told_with_its_new_state(cast: Cast) -> None:
    browser, address = SignIn("viewer"), reverse("admin:runs_run_changelist")
    set_status(cast, RunStatus.CANCELLED)
    before = ask(browser, address)
    assert "data-aos-unfinished" not in before.content.decode()
    set_status(cast, RunStatus.QUEUED)
    after = ask(browser, address, before["ETag"])
    run = Run.objects.get(tenant=cast.acme)
    assert after.status_code == 200
    assert f'data-aos-of="run {run.public_id}" data-aos-now="queued"' in after.content.decode()
    assert "data-aos-unfinished" in after.content.decode()


def test_only_ones_own_runs_keep_a_page_asking(cast: Cast) -> None:
    Run.objects.filter(tenant=cast.rival).update(status=RunStatus.RUNNING)
    assert "data-aos-unfinished" not in SignIn("viewer").get(reverse("admin:runs_run_changelist")).content.decode()


@pytest.mark.parametrize("name", LISTS)
def test_asking_again_costs_no_more_than_the_page(name: str, cast: Cast, django_assert_max_num_queries: Any) -> None:
    browser = SignIn("tenant_admin")
    Run.objects.bulk_create(Run(tenant=cast.acme, agent=cast.run_of(cast.acme).agent, goal="g", status="queued") for _ in range(40))
    with django_assert_max_num_queries(60) as of_the_page:
        page = browser.get(reverse(name))
    reader = re.search(r'data-aos-reader="(\w+)"', page.content.decode())
    assert reader is not None
    with django_assert_max_num_queries(len(of_the_page)):
        assert browser.get(reverse(name), headers={"AOS-Live": reader[1]}).status_code == 200


def test_a_session_that_ended_and_rights_that_changed_are_told_apart(cast: Cast) -> None:
    browser, address = SignIn("operator"), reverse("console-in-doubt")
    request = RequestFactory().get("/")
    request.user = User.objects.get(username="operator")
    reader = reader_of(request)
    assert ask(browser, address, reader=reader).status_code == 200
    member = Membership.objects.get(user=request.user)
    Membership.objects.filter(pk=member.pk).update(role=Role.VIEWER)
    for page in (address, reverse("admin:index"), reverse("admin:runs_run_changelist")):
        answer = browser.get(page, headers={"AOS-Live": reader})
        assert (answer.status_code, answer.content) == (403, b"")
    browser.logout()
    answer = browser.get(address, headers={"AOS-Live": reader})
    assert (answer.status_code, answer.content) == (401, b"")


def test_what_is_gone_and_what_leads_elsewhere_shows_no_other_page(cast: Cast) -> None:
    browser = SignIn("tenant_admin")
    reader = ask(browser, reverse("admin:index")).wsgi_request.headers["AOS-Live"]
    for address in (reverse("admin:runs_run_change", args=["run_" + "0" * 32]), "/admin/runs/run"):
        answer = browser.get(address, headers={"AOS-Live": reader})
        assert (answer.status_code, answer.content) == (404, b"")
