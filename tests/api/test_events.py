"""Following a run: events by sequence number, once each, waiting for the next when there is none yet."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from agents.models import Agent
from runs.models import Run, RunEvent
from tests.api.cast import Caller

PLAN = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}


@pytest.fixture
def run_id(alice: Caller, agent: Agent) -> str:
    accepted: str = alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}).json()["run_id"]
    return accepted


@pytest.mark.django_db
def test_it_gives_the_events_after_a_sequence_number(bob: Caller, run_id: str) -> None:
    page = bob.get(f"/api/v1/runs/{run_id}/events").json()
    assert [event["seq"] for event in page["data"]] == [1]
    assert (page["next_after"], page["terminal"]) == (1, False)
    assert bob.get(f"/api/v1/runs/{run_id}/events?after=1").json() == {"data": [], "next_after": 1, "terminal": False, "removed": False}


@pytest.mark.django_db
def test_it_waits_no_longer_than_asked(bob: Caller, run_id: str) -> None:
    started = time.monotonic()
    response = bob.get(f"/api/v1/runs/{run_id}/events?after=1&wait=1")
    assert (response.status_code, response.json()["data"]) == (200, [])
    assert response.headers["Cache-Control"] == "no-store"
    assert 0.9 < time.monotonic() - started < 10


@pytest.fixture
def a_moment_later(transactional_db: None) -> Iterator[Any]:
    """Return a function that does something from another connection while the test waits."""
    started: list[threading.Thread] = []

    def later(act: Any) -> None:
        def work() -> None:
            time.sleep(0.3)
            act()
            connection.close()

        started.append(threading.Thread(target=work))
        started[-1].start()

    yield later
    for thread in started:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_it_answers_as_soon_as_there_is_an_event(bob: Caller, run_id: str, a_moment_later: Any) -> None:
    def append() -> None:
        first = RunEvent.objects.get(seq=1)
        RunEvent.objects.create(run_id=first.run_id, seq=2, kind=first.kind, at_ms=first.at_ms + 1, data=first.data)
        Run.objects.update(last_seq=2)

    a_moment_later(append)
    started = time.monotonic()
    page = bob.get(f"/api/v1/runs/{run_id}/events?after=1&wait=30").json()
    assert [event["seq"] for event in page["data"]] == [2]
    assert time.monotonic() - started < 10


@pytest.mark.django_db
def test_it_does_not_wait_for_a_run_that_is_over(bob: Caller, run_id: str) -> None:
    Run.objects.update(status="succeeded")
    started = time.monotonic()
    assert bob.get(f"/api/v1/runs/{run_id}/events?after=1&wait=30").json()["terminal"] is True
    assert time.monotonic() - started < 10


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=99999999999999999999", "wait=61", "wait=-1", "limit=0", "limit=1001", "after=1.5"]
)
def test_it_refuses_bounds_that_make_no_sense(bob: Caller, run_id: str, assert_problem: Any, query: str) -> None:
    problem = assert_problem(bob.get(f"/api/v1/runs/{run_id}/events?{query}"), 400, "INVALID_INPUT")
    assert problem["errors"][0]["pointer"] == "/" + query.partition("=")[0]
