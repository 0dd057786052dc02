"""Submitting a run: 202 with an address, once per idempotency key, waiting as long as the caller prefers."""

from __future__ import annotations

import time
from typing import Any

import pytest

from agents.models import Agent
from runs.models import Run
from runs.waiting import wait_preferred, wait_until
from tests.api.cast import Caller

PLAN = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}


@pytest.mark.django_db
@pytest.mark.parametrize("task", [{"plan": PLAN}, {"goal": "say hello"}], ids=["plan", "goal"])
def test_it_takes_a_run_and_says_where_it_is(alice: Caller, agent: Agent, task: dict[str, Any]) -> None:
    response = alice.post("/api/v1/runs", {"agent": "worker", **task})
    assert response.status_code == 202
    run = Run.objects.get()
    assert response.headers["Location"] == f"/api/v1/runs/{run.public_id}"
    assert (response.json()["run_id"], response.json()["status"]) == (run.public_id, "queued")
    assert alice.get(response.headers["Location"]).json()["run_id"] == run.public_id
    assert len(run.trace_id) == 32


@pytest.mark.django_db
def test_it_takes_a_goal_by_its_own_route_and_an_agent_by_id(alice: Caller, agent: Agent) -> None:
    assert alice.post("/api/v1/goals", {"agent": agent.public_id, "goal": "say hello", "budget_cents": 12.5}).status_code == 202


@pytest.mark.django_db
@pytest.mark.parametrize("second", ['"one"', "one"], ids=["quoted", "bare"])
def test_it_makes_one_run_per_idempotency_key(alice: Caller, agent: Agent, second: str) -> None:
    body = {"agent": "worker", "plan": PLAN}
    first = alice.post("/api/v1/runs", body, Idempotency_Key="one")
    again = alice.post("/api/v1/runs", dict(reversed(body.items())), Idempotency_Key=second)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Run.objects.count() == 1


@pytest.mark.django_db
def test_it_refuses_another_request_under_the_same_key(alice: Caller, agent: Agent, assert_problem: Any) -> None:
    alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}, Idempotency_Key="one")
    other = alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN, "inputs": {"x": 1}}, Idempotency_Key="one")
    assert other.status_code == 422
    assert_problem(other, 422, other.json()["code"])
    assert Run.objects.count() == 1


@pytest.mark.django_db
def test_a_key_is_good_for_its_route_alone(alice: Caller, agent: Agent) -> None:
    of_a_goal = {"agent": "worker", "goal": "say hello"}
    first = alice.post("/api/v1/runs", of_a_goal, Idempotency_Key="one").json()["run_id"]
    others = (("/api/v1/goals", of_a_goal), (f"/api/v1/runs/{first}/rerun", {}))
    for round_number in range(2):
        for path, body in others:
            answer = alice.post(path, body, Idempotency_Key="one")
            assert (answer.status_code, answer.json()["run_id"] == first) == (202, False), path
            assert ("Idempotency-Replayed" in answer.headers) == bool(round_number), path
    assert Run.objects.count() == 3


@pytest.mark.django_db
def test_it_stores_nothing_under_a_key_when_it_refuses(alice: Caller, agent: Agent) -> None:
    assert alice.post("/api/v1/runs", {"agent": "worker", "plan": {}}, Idempotency_Key="one").status_code == 422
    assert alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}, Idempotency_Key="one").status_code == 202


@pytest.mark.django_db
def test_it_answers_with_the_state_as_it_is_when_the_wait_is_over(alice: Caller, agent: Agent) -> None:
    started = time.monotonic()
    response = alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}, Prefer="wait=1")
    assert 0.9 < time.monotonic() - started < 10
    assert (response.status_code, response.json()["status"]) == (202, "queued")
    assert response.headers["Preference-Applied"] == "wait=1"


@pytest.mark.django_db
def test_it_filters_the_list_by_status_and_agent(alice: Caller, agent: Agent) -> None:
    alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN})
    assert len(alice.get("/api/v1/runs?status=queued&agent=worker").json()["data"]) == 1
    assert alice.get("/api/v1/runs?status=failed").json()["data"] == []
    assert alice.get("/api/v1/runs?status=asleep").status_code == 400


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("wait=20", 20),
        ("respond-async, wait=5", 5),
        ("wait = 7", 7),
        ('wait="8"', 8),
        ("wait=9999", 60),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("await=5", 0),
        ("return=minimal; wait=3", 3),
        ("wait=" + "9" * 400, 0),
    ],
)
def test_it_reads_the_prefer_header(header: str | None, seconds: int) -> None:
    assert wait_preferred(header) == seconds


def test_it_stops_waiting_as_soon_as_there_is_something() -> None:
    answers = iter([0, 0, 1])
    assert wait_until(lambda: next(answers), bool, seconds=10) == 1


def test_it_reads_once_when_there_is_no_time_to_wait() -> None:
    answers = iter([0])
    assert wait_until(lambda: next(answers), bool, seconds=0) == 0
