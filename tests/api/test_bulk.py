"""Many runs at once by REST: look first, begin once per key, follow, stop."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent, Tenant
from agents.services import create_agent
from runs.bulk.carrying_on import carry_on
from runs.models import BulkOperation, Run, Signal
from tests.api.cast import Caller
from tests.api.described import described

pytestmark = pytest.mark.django_db

PLAN = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}
BULK = "/api/v1/bulk-operations"
BODY: dict[str, Any] = {"action": "cancel", "filter": {"status": "queued"}, "reason": "the order was withdrawn"}


@pytest.fixture
def runs(alice: Caller, agent: Agent) -> list[str]:
    return [alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN, "budget_cents": 5}).json()["run_id"] for _ in range(3)]


def test_it_is_looked_at_begun_followed_and_listed(alice: Caller, runs: list[str]) -> None:
    seen = described("bulk_preview", alice.post(f"{BULK}/preview", {"action": "cancel", "filter": BODY["filter"]}))
    assert (seen["total"], seen["refused"], [first["run_id"] for first in seen["first"]]) == (3, 0, runs)
    begun = alice.post(BULK, {**BODY, "filter": seen["filter"], "expected": seen["total"]})
    assert begun.status_code == 202
    told = described("bulk_begin", begun)
    assert (told["state"], told["total"], told["left"], told["created_by"].split(":")[1]) == ("running", 3, 3, "alice")
    assert begun.headers["Location"] == f"{BULK}/{told['bulk_id']}"
    carry_on()
    found = described("bulk_get", alice.get(f"{BULK}/{told['bulk_id']}"))
    assert (found["state"], found["succeeded"], found["left"], found["faults"]) == ("finished", 3, 0, [])
    assert [row["bulk_id"] for row in described("bulk_list", alice.get(f"{BULK}?state=finished"))["data"]] == [told["bulk_id"]]
    assert alice.get(f"{BULK}?state=running").json()["data"] == []


def test_the_same_key_begins_one(alice: Caller, runs: list[str]) -> None:
    first, again = (alice.post(BULK, BODY, Idempotency_Key="one") for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert BulkOperation.objects.count() == 1


def test_later_runs_are_left_out_of_what_was_looked_at(alice: Caller, runs: list[str]) -> None:
    seen = alice.post(f"{BULK}/preview", {"action": "cancel", "filter": BODY["filter"]}).json()
    alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN})
    assert alice.post(BULK, {**BODY, "filter": seen["filter"], "expected": 3}).json()["total"] == 3


def test_one_is_stopped(alice: Caller, runs: list[str], assert_problem: Any) -> None:
    bulk_id = alice.post(BULK, BODY).json()["bulk_id"]
    for _ in range(2):
        stopped = alice.post(f"{BULK}/{bulk_id}/abort")
        assert stopped.status_code == 202
        assert described("bulk_abort", stopped)["state"] == "aborted"
    carry_on()
    assert not Signal.objects.exists()
    Run.objects.update(status="queued")
    over = alice.post(BULK, BODY).json()["bulk_id"]
    carry_on()
    assert_problem(alice.post(f"{BULK}/{over}/abort"), 409, "INVALID_INPUT")


BAD: dict[str, tuple[dict[str, Any], int, str]] = {
    "an empty filter": ({"filter": {}}, 422, "/filter"),
    "all until now": ({"filter": {"created_before": "2099-01-01T00:00:00Z"}}, 422, "/filter"),
    "no run": ({"filter": {"status": "failed"}}, 422, "/filter"),
    "a short reason": ({"reason": "because"}, 422, "/reason"),
    "an action nobody knows": ({"action": "delete"}, 422, "/action"),
    "a filter nobody knows": ({"filter": {"goal": "x"}}, 422, "/filter/goal"),
    "a time without a zone": ({"filter": {"created_after": "2027-01-01T00:00:00"}}, 422, "/filter/created_after"),
    "no run's id": ({"filter": {"run_ids": ["run_1"]}}, 422, "/filter/run_ids/0"),
    "fewer than there are": ({"expected": 2}, 409, "/expected"),
    "none": ({"expected": 0}, 422, "/expected"),
}


@pytest.mark.parametrize(("change", "status", "pointer"), BAD.values(), ids=BAD.keys())
def test_it_points_at_what_makes_no_sense(
    alice: Caller, runs: list[str], assert_problem: Any, change: dict[str, Any], status: int, pointer: str
) -> None:
    answer = alice.post(BULK, {**BODY, **change})
    problem = assert_problem(answer, status, answer.json()["code"])
    assert pointer in [fault["pointer"] for fault in problem["errors"]]
    assert not BulkOperation.objects.exists()


def test_more_than_the_cap_is_refused_with_a_way_to_narrow(alice: Caller, runs: list[str], assert_problem: Any, settings: Any) -> None:
    settings.BULK_MOST_RUNS = 2
    for answer in (alice.post(BULK, BODY), alice.post(f"{BULK}/preview", {"action": "cancel", "filter": BODY["filter"]})):
        problem = assert_problem(answer, 422, "INVALID_INPUT")
        assert "more than 2 runs" in problem["detail"]
        assert "Narrow it" in problem["suggestions"][0]


def test_a_rivals_runs_are_never_in_it_and_its_operations_are_not_there(
    alice: Caller, charlie: Caller, rival: Tenant, runs: list[str], assert_problem: Any
) -> None:
    create_agent(tenant=rival, name="worker")
    theirs = charlie.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}).json()["run_id"]
    told = alice.post(BULK, {**BODY, "filter": {"run_ids": [*runs, theirs]}}).json()
    assert told["total"] == 3
    for answer in (charlie.get(f"{BULK}/{told['bulk_id']}"), charlie.post(f"{BULK}/{told['bulk_id']}/abort")):
        assert_problem(answer, 404, "NOT_FOUND")
    assert charlie.get(BULK).json()["data"] == []
    carry_on()
    assert Signal.objects.filter(run__public_id=theirs).count() == 0


def test_who_may_only_read_looks_and_begins_nothing(alice: Caller, bob: Caller, runs: list[str], assert_problem: Any) -> None:
    assert bob.post(f"{BULK}/preview", {"action": "cancel", "filter": BODY["filter"]}).status_code == 200
    assert_problem(bob.post(BULK, BODY), 403, "PERMISSION_DENIED")
    bulk_id = alice.post(BULK, BODY).json()["bulk_id"]
    assert bob.get(f"{BULK}/{bulk_id}").status_code == 200
    assert_problem(bob.post(f"{BULK}/{bulk_id}/abort"), 403, "PERMISSION_DENIED")
