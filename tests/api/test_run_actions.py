"""What can be done to a run: each action is taken as a wish, answered at once, and refused when the run has ended."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent
from runs.models import Run, Signal
from runs.responses import RunView
from tests.api.cast import Caller
from tests.api.described import described

pytestmark = pytest.mark.django_db

PLAN = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}
ACTIONS: dict[str, dict[str, Any]] = {
    "cancel": {"reason": "no longer needed"},
    "pause": {},
    "resume": {},
    "top-up": {"amount_cents": 1.5},
}


@pytest.fixture
def run_id(alice: Caller, agent: Agent) -> str:
    accepted: str = alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN, "budget_cents": 5}).json()["run_id"]
    return accepted


@pytest.mark.parametrize(("action", "body"), ACTIONS.items(), ids=ACTIONS.keys())
def test_it_takes_the_wish(alice: Caller, run_id: str, action: str, body: dict[str, Any]) -> None:
    response = alice.post(f"/api/v1/runs/{run_id}/{action}", body)
    assert response.status_code == 202
    assert described(f"runs_{action.replace('-', '_')}", response)["run_id"] == run_id
    assert [signal.actor.rpartition(":")[0] for signal in Signal.objects.all()] == ["key:alice"]


@pytest.mark.parametrize(("action", "body"), ACTIONS.items(), ids=ACTIONS.keys())
def test_it_refuses_to_change_a_run_that_has_ended(
    alice: Caller, run_id: str, assert_problem: Any, action: str, body: dict[str, Any]
) -> None:
    Run.objects.update(status="succeeded")
    problem = assert_problem(alice.post(f"/api/v1/runs/{run_id}/{action}", body), 409, "INVALID_INPUT")
    assert problem["run_id"] == run_id
    assert Signal.objects.count() == 0


def test_it_tops_up_once_per_idempotency_key(alice: Caller, run_id: str) -> None:
    path = f"/api/v1/runs/{run_id}/top-up"
    told = [alice.post(path, {"amount_micro_usd": 10}, Idempotency_Key="one") for _ in range(2)]
    assert [answer.headers.get("Idempotency-Replayed") for answer in told] == [None, "true"]
    answers = [answer.json() for answer in told]
    assert answers[0] == answers[1]
    assert Signal.objects.count() == 1
    assert alice.post(path, {"amount_micro_usd": 10}, Idempotency_Key="two").json()["limit_micro_usd"] == answers[0]["limit_micro_usd"] + 10


def test_it_refuses_another_amount_under_the_same_idempotency_key(alice: Caller, run_id: str, assert_problem: Any) -> None:
    path = f"/api/v1/runs/{run_id}/top-up"
    alice.post(path, {"amount_micro_usd": 10}, Idempotency_Key="one")
    problem = assert_problem(alice.post(path, {"amount_micro_usd": 11}, Idempotency_Key="one"), 422, "INVALID_INPUT")
    assert problem["errors"][0]["code"] == "idempotency_mismatch"
    assert Signal.objects.count() == 1


def test_it_refuses_a_limit_beyond_exact_numbers(alice: Caller, run_id: str, assert_problem: Any) -> None:
    path = f"/api/v1/runs/{run_id}/top-up"
    assert_problem(alice.post(path, {"amount_micro_usd": 2**53 - 1}), 422, "INVALID_INPUT")
    assert Signal.objects.count() == 0
    assert alice.post(path, {"amount_micro_usd": 1}).status_code == 202, "the refused one raised nothing"


BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "a top-up of nothing": ("top-up", {}, ""),
    "a top-up in both units": ("top-up", {"amount_cents": 1, "amount_micro_usd": 1}, ""),
    "a top-up below zero": ("top-up", {"amount_micro_usd": -1}, "/amount_micro_usd"),
    "a top-up by a text that is no plain number": ("top-up", {"amount_cents": "1_000"}, "/amount_cents"),
    "a top-up by half a micro-dollar": ("top-up", {"amount_micro_usd": 0.5}, "/amount_micro_usd"),
    "a top-up of micro-dollars in a text": ("top-up", {"amount_micro_usd": "5"}, "/amount_micro_usd"),
    "a decision without a verdict": ("decide", {"step_id": "a"}, "/verdict"),
    "a decision on no step id": ("decide", {"step_id": "A B", "verdict": "approve"}, "/step_id"),
    "an approver named in the body": ("decide", {"step_id": "a", "verdict": "approve", "approver": "root"}, "/approver"),
    "a replay in no known mode": ("replay", {"mode": "backwards"}, "/mode"),
    "a reason beyond measure": ("cancel", {"reason": "x" * 501}, "/reason"),
    "a field nobody reads": ("pause", {"force": True}, "/force"),
}


@pytest.mark.parametrize(("action", "body", "pointer"), BAD.values(), ids=BAD.keys())
def test_it_points_at_what_makes_no_sense(
    alice: Caller, run_id: str, assert_problem: Any, action: str, body: dict[str, Any], pointer: str
) -> None:
    response = alice.post(f"/api/v1/runs/{run_id}/{action}", body)
    problem = assert_problem(response, 422, response.json()["code"])
    assert pointer in [fault["pointer"] for fault in problem["errors"]]
    assert Signal.objects.count() == 0


def test_it_decides_nothing_nobody_waits_for(alice: Caller, run_id: str, assert_problem: Any) -> None:
    assert_problem(alice.post(f"/api/v1/runs/{run_id}/decide", {"step_id": "a", "verdict": "approve"}), 409, "INVALID_INPUT")


def test_it_reruns_as_a_child_once_per_idempotency_key(alice: Caller, run_id: str) -> None:
    first, again = (alice.post(f"/api/v1/runs/{run_id}/rerun", Idempotency_Key="one") for _ in range(2))
    assert (first.status_code, again.status_code, again.json()["run_id"]) == (202, 202, first.json()["run_id"])
    assert [answer.headers.get("Idempotency-Replayed") for answer in (first, again)] == [None, "true"]
    assert first.headers["Location"].endswith(first.json()["run_id"])
    assert (first.json()["parent_run_id"], first.json()["relation"]) == (run_id, "rerun")
    assert Run.objects.count() == 2


def test_it_reruns_anew_without_an_idempotency_key(alice: Caller, run_id: str) -> None:
    answers = [alice.post(f"/api/v1/runs/{run_id}/rerun") for _ in range(2)]
    assert len({answer.json()["run_id"] for answer in answers}) == 2
    assert not any("Idempotency-Replayed" in answer.headers for answer in answers)


@pytest.mark.parametrize("mode", ["verify", "tape"])
def test_it_replays_what_is_on_record(alice: Caller, run_id: str, mode: str) -> None:
    report = alice.post(f"/api/v1/runs/{run_id}/replay", {"mode": mode}).json()
    assert (report["run_id"], report["mode"], report["matched"]) == (run_id, mode, True)


@pytest.mark.parametrize("view", ["", "/trace", "/explain", "/contract", "/events"])
def test_it_shows_a_run_from_every_side(bob: Caller, run_id: str, view: str) -> None:
    assert bob.get(f"/api/v1/runs/{run_id}{view}").status_code == 200


def test_it_shows_a_run_as_described(bob: Caller, run_id: str) -> None:
    shown = bob.get(f"/api/v1/runs/{run_id}").json()
    assert set(shown) == set(RunView.model_fields)
    RunView.model_validate(shown)
    assert bob.get("/api/v1/runs").json() == {"data": [shown], "next_cursor": None}
