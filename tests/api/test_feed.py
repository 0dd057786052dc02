"""A tenant's feed: all its events in an order that never changes, from any place on, and none of anybody else's."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from agents.models import Agent, Tenant
from runs.events import feed
from runs.models import Outbox
from tests.api.cast import Caller, told_to_all

pytestmark = pytest.mark.django_db
FEED = "/api/v1/events"


def tell(tenant: Tenant, *numbers: int, topic: str = "budget.alert") -> None:
    for number in numbers:
        Outbox.objects.create(tenant=tenant, topic=topic, data=json.dumps({"number": number}))


def numbers(page: dict[str, Any]) -> list[int]:
    return [event["data"]["number"] for event in page["data"]]


def settled(caller: Caller, path: str = FEED) -> dict[str, Any]:
    """Return a page. What this test's own transaction wrote is under way as far as PostgreSQL is concerned: these commit."""
    told_to_all()
    page: dict[str, Any] = caller.get(path).json()
    return page


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_from_any_place_and_repeats_nothing(alice: Caller, charlie: Caller) -> None:
    tell(alice.tenant, *range(5))
    tell(charlie.tenant, 99)
    first = settled(alice, f"{FEED}?limit=2")
    assert numbers(first) == [0, 1]
    second = settled(alice, f"{FEED}?limit=10&after={first['next_after']}")
    assert numbers(second) == [2, 3, 4]
    assert settled(alice, f"{FEED}?after={second['next_after']}") == {
        "data": [],
        "next_after": second["next_after"],
        "terminal": False,
        "reset": False,
    }
    assert numbers(settled(alice, f"{FEED}?after={first['data'][0]['cursor']}")) == [1, 2, 3, 4], "each event is a place, too"
    assert settled(alice, f"{FEED}?after=latest")["next_after"] == second["next_after"]
    assert numbers(settled(charlie)) == [99]
    assert numbers(settled(charlie, f"{FEED}?after={first['next_after']}")) in ([99], []), "another's place shows what is theirs alone"


@pytest.mark.django_db(transaction=True)
def test_it_gives_the_kinds_asked_for(alice: Caller, assert_problem: Any) -> None:
    tell(alice.tenant, 1)
    tell(alice.tenant, 2, topic="drift.detected")
    assert numbers(settled(alice, f"{FEED}?types=drift.detected")) == [2]
    assert numbers(settled(alice, f"{FEED}?types=drift.detected, budget.alert")) == [1, 2]
    none = settled(alice, f"{FEED}?types=run.failed")
    assert (none["data"], none["next_after"]) == ([], settled(alice)["next_after"]), "what is not wanted is looked at once"
    tell(alice.tenant, 3, topic="run.failed")
    assert numbers(settled(alice, f"{FEED}?types=run.failed&after={none['next_after']}")) == [3]
    assert_problem(alice.get(f"{FEED}?types=run.exploded"), 400, "INVALID_INPUT")


@pytest.mark.parametrize("after", ["1", "-1--1-1", "1-2", "x", "9" * 30 + "-1-1", "1-1-1%00", "' OR 1=1 --", "0-0-0-0"])
def test_it_refuses_what_is_no_place(alice: Caller, assert_problem: Any, after: str) -> None:
    problem = assert_problem(alice.get(f"{FEED}?after={after}"), 400, "INVALID_INPUT")
    assert problem["errors"][0]["pointer"] == "/after"


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_the_first_new_event(alice: Caller) -> None:
    def tell_soon() -> None:
        time.sleep(0.3)
        tell(alice.tenant, 7)
        connection.close()

    threading.Thread(target=tell_soon).start()
    began = time.monotonic()
    assert numbers(settled(alice, f"{FEED}?wait=30")) == [7]
    assert time.monotonic() - began < 25


def test_it_says_when_what_followed_may_be_gone(alice: Caller) -> None:
    tell(alice.tenant, 1)
    Outbox.objects.update(created_at=timezone.now() - timedelta(days=100))
    old = feed.Place(0, 0, int((timezone.now() - timedelta(days=30)).timestamp()))
    assert settled(alice, f"{FEED}?after={old}")["reset"] is True
    assert settled(alice, FEED)["reset"] is False


@pytest.mark.django_db(transaction=True)
def test_it_passes_by_no_event_whose_transaction_took_longer() -> None:
    """Two write at once, and the one that began first commits last: who follows the feed sees both, each once."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    begun, finish = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            tell(tenant, 1)
            begun.set()
            finish.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(10)
    tell(tenant, 2)
    before = feed.read_feed(tenant, feed.Place(), 10)
    assert before.data == [], "the second is not shown as long as an older transaction is under way"
    finish.set()
    thread.join()
    told_to_all()
    after = feed.read_feed(tenant, before.next_after, 10)
    assert [event["data"]["number"] for event in after.data] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_it_names_the_run_with_a_link(alice: Caller, agent: Agent, settings: Any) -> None:
    settings.PUBLIC_URL = "https://aos.example.com"
    plan = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}
    run_id = alice.post("/api/v1/runs", {"agent": "worker", "plan": plan}).json()["run_id"]
    from tests.integration.workshop import a_worker, wait_for  # noqa: PLC0415 - of this test alone

    with a_worker():
        wait_for(lambda: bool(settled(alice)["data"]), "the end of the run in the feed")
    (event,) = settled(alice)["data"]
    assert event["type"] == "run.succeeded"
    assert event["data"] == {"run_id": run_id, "status": "succeeded", "link": f"https://aos.example.com/api/v1/runs/{run_id}"}


@pytest.mark.django_db(transaction=True)
def test_a_place_of_another_database_begins_anew_and_says_so(alice: Caller) -> None:
    """As after a restore into another cluster, whose transactions count from less."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite's places are row ids, which a copy keeps")
    tell(alice.tenant, 1)
    page = settled(alice, f"{FEED}?after={2**50}-1-{int(time.time())}")
    assert (page["reset"], numbers(page)) == (True, [1])
