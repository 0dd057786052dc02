"""The banner of the console: every page says so when nothing is being worked on, and asks the database about it once in a while."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.urls import reverse

from runs.console.operation import heartbeat
from runs.console.operation.heartbeat import Heard, Watch, read_heard
from runs.models import Session
from runs.shell.clock import now_ms
from tests.console.conftest import Cast, SignIn

SAYS = "Nothing is being worked on"
PAGES = ("admin:index", "admin:runs_run_changelist", "console-failures", "console-recovery", "console-dead-letters")


@pytest.fixture(autouse=True)
def fresh(cast: Cast) -> Iterator[None]:
    Session.objects.all().delete()
    heartbeat.watch.forget()
    yield
    heartbeat.watch.forget()


def a_session(state: str, left_ms: int) -> Session:
    return Session.objects.create(host="worker-1", pid=4, state=state, started_at_ms=1, lease_until_ms=now_ms() + left_ms)


@pytest.mark.parametrize("role", ["viewer", "operator", "root", "stranger"])
def test_every_page_says_that_no_worker_was_heard(role: str) -> None:
    browser = SignIn(role)
    for name in PAGES:
        page = browser.get(reverse(name))
        if page.status_code == 200:
            shown = page.content.decode()
            assert f"{SAYS}: no worker has been heard yet" in shown, name
            assert (f'<a href="{reverse("console-workers")}">Workers' in shown) == (role in ("operator", "root"))
            assert "worker-1" not in shown


def test_it_says_nothing_while_a_lease_runs_and_for_half_a_minute_after(settings: LazySettings) -> None:
    settings.LEASE_MS = 30_000
    for state, left_ms, silent in (
        ("live", 20_000, False),
        ("live", -1_000, True),
        ("ended", 5_000, False),
        ("dead", -90_000, True),
        ("dead", 10_000, False),
    ):
        Session.objects.all().delete()
        a_session(state, left_ms)
        heartbeat.watch.forget()
        assert (SAYS in SignIn("viewer").get(reverse("admin:index")).content.decode()) == silent, (state, left_ms)


def test_it_goes_by_who_was_heard_last(settings: LazySettings) -> None:
    settings.LEASE_MS = 30_000
    a_session("live", 25_000)
    for _ in range(heartbeat.NEWEST + 5):
        a_session("dead", -3_600_000)
    assert read_heard().lease_runs, "however many began after it"
    Session.objects.filter(state="live").update(state="dead")
    heard = read_heard()
    assert not heard.lease_runs
    assert heard.silent_ms is not None
    Session.objects.all().delete()
    assert read_heard() == Heard(None, lease_runs=False)


def test_a_long_lease_that_runs_is_a_worker_however_long_ago_it_was_heard() -> None:
    assert not Heard(50_000, lease_runs=True).is_silent
    assert Heard(30_000, lease_runs=False).is_silent
    assert not Heard(29_999, lease_runs=False).is_silent


def test_it_asks_once_in_five_seconds(django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(heartbeat, "READ_SECONDS", 5.0)
    monkeypatch.setattr(heartbeat, "monotonic", lambda: now[0])
    watch = Watch()
    with django_assert_num_queries(1):
        for _ in range(20):
            watch.heard()
            now[0] += 0.2
    now[0] += 5.0
    with django_assert_num_queries(1):
        watch.heard()


def test_who_is_not_signed_in_hears_nothing(client: Any) -> None:
    assert SAYS not in client.get(reverse("admin:login")).content.decode()
