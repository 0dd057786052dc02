"""Approvals by the API: what is shown, who may decide, that the word binds to the action, and that it is given once."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Tenant
from agents.tenancy import SCOPES
from runs.models import Run, Signal
from runs.shell.reading.history import read_state
from tests.api.cast import Caller, make_caller
from tests.api.described import described
from tests.integration.workshop import a_worker, over, parked

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/api/v1/approvals"
PLAN = {"goal": "pay", "steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}, "approval": "always"}]}


@pytest.fixture
def waiting(transactional_db: None) -> tuple[Caller, Caller, Run]:
    acme = Tenant.objects.create(slug="acme", name="Acme")
    alice, bob = (make_caller(acme, name, SCOPES) for name in ("alice", "bob"))
    alice.post("/api/v1/agents", {"name": "worker"})
    run_id = alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}).json()["run_id"]
    with a_worker():
        run = parked(Run.objects.get(public_id=run_id), "approval")
    return alice, bob, run


def test_it_shows_what_waits_and_lets_it_happen(waiting: tuple[Caller, Caller, Run], assert_problem: Any) -> None:
    alice, bob, run = waiting
    (shown,) = described("approvals_list", bob.get(PATH))["data"]
    assert shown == described("approvals_get", bob.get(f"{PATH}/{run.public_id}/a"))
    assert (shown["skill"], shown["params"]["input"], shown["goal"]) == ("json_transform", {"x": 1}, "pay")
    one = f"{PATH}/{run.public_id}/a"
    body = {"action_hash": shown["action_hash"], "reason": "checked"}
    assert_problem(alice.post(f"{one}/approve", body), 403, "PERMISSION_DENIED")
    assert_problem(bob.post(f"{one}/approve", {"action_hash": "0" * 64}), 409, "INVALID_INPUT")
    assert_problem(bob.post(f"{one}/approve", {}), 422, "MISSING_REQUIRED_FIELD")
    assert not Signal.objects.exists()
    assert described("approvals_approve", bob.post(f"{one}/approve", body)) == {
        "run_id": run.public_id,
        "step_id": "a",
        "requested": "approve",
    }
    assert_problem(bob.post(f"{one}/reject", body), 409, "INVALID_INPUT")
    with a_worker():
        assert over(run).status == "succeeded"
    assert bob.get(PATH).json()["data"] == []
    assert_problem(bob.get(one), 404, "NOT_FOUND")
    assert_problem(bob.post(f"{one}/approve", body), 404, "NOT_FOUND")


NO = {"approvals_reject": ("approvals/{}/a/reject", {}), "runs_decide": ("runs/{}/decide", {"step_id": "a", "verdict": "reject"})}


@pytest.mark.parametrize("operation_id", NO)
def test_a_no_ends_the_step(operation_id: str, waiting: tuple[Caller, Caller, Run]) -> None:
    _, bob, run = waiting
    (shown,) = bob.get(PATH).json()["data"]
    path, body = NO[operation_id]
    answered = bob.post(f"/api/v1/{path.format(run.public_id)}", body | {"action_hash": shown["action_hash"], "reason": "far too dear"})
    assert described(operation_id, answered) == {"run_id": run.public_id, "step_id": "a", "requested": "reject"}
    with a_worker():
        ended = over(run)
    assert (ended.status, ended.failure_code) == ("failed", "APPROVAL_REJECTED")


def test_another_tenant_sees_and_decides_nothing(waiting: tuple[Caller, Caller, Run], assert_problem: Any) -> None:
    _, _, run = waiting
    charlie = make_caller(Tenant.objects.create(slug="rival", name="Rival"), "charlie", SCOPES)
    assert charlie.get(PATH).json()["data"] == []
    for method, path in (("GET", ""), ("POST", "/approve"), ("POST", "/reject")):
        assert_problem(charlie.send(method, f"{PATH}/{run.public_id}/a{path}", {"action_hash": "0" * 64}), 404, "NOT_FOUND")
    assert not Signal.objects.exists()


# With other parameters


def test_it_shows_an_edit_and_approves_exactly_that(waiting: tuple[Caller, Caller, Run], assert_problem: Any) -> None:
    alice, bob, run = waiting
    one = f"{PATH}/{run.public_id}/a"
    action = bob.get(one).json()["action_hash"]
    params = {"input": {"x": 2}}
    edited = described("approvals_edit", bob.post(f"{one}/edit", {"action_hash": action, "params": params}))
    assert edited["changes"] == [{"pointer": "/input/x", "was": 1, "now": 2}]
    assert edited["action_hash"] != action
    broken = bob.post(f"{one}/edit", {"action_hash": action, "params": {"input": {}, "more": 1}})
    assert_problem(broken, 422, "SCHEMA_VALIDATION_FAILED")
    assert broken.json()["errors"][0]["pointer"] == "/params/more"
    assert_problem(bob.post(f"{one}/edit", {"action_hash": "0" * 64, "params": params}), 409, "INVALID_INPUT")
    word = {"action_hash": action, "params": params, "edited_hash": edited["action_hash"], "reason": "it is two, not one"}
    assert_problem(alice.post(f"{one}/approve", word), 403, "PERMISSION_DENIED")
    assert_problem(bob.post(f"{one}/approve", word | {"edited_hash": action}), 409, "INVALID_INPUT")
    assert_problem(bob.post(f"{one}/approve", {"action_hash": action, "params": params}), 422, "SCHEMA_VALIDATION_FAILED")
    assert not Signal.objects.exists()
    described("approvals_approve", bob.post(f"{one}/approve", word))
    with a_worker():
        assert over(run).status == "succeeded"
    assert read_state(run).steps["a"].params == params


# Given in advance


def test_a_grant_is_given_seen_and_taken_back(waiting: tuple[Caller, Caller, Run], assert_problem: Any) -> None:
    _, bob, run = waiting
    grants, wanted = f"{PATH}/grants", {"skill": "json_transform", "max_uses": 1, "reason": "the sums are checked elsewhere"}
    assert_problem(bob.post(grants, wanted | {"max_uses": None}), 422, "INVALID_INPUT")
    assert_problem(bob.post(grants, wanted | {"max_uses": 1.5}), 422, "SCHEMA_VALIDATION_FAILED")
    assert_problem(bob.post(grants, wanted | {"granted_by": "alice"}), 422, "SCHEMA_VALIDATION_FAILED")
    given = described("grants_create", bob.post(grants, wanted, Idempotency_Key="one"))
    assert bob.post(grants, wanted, Idempotency_Key="one").json() == given
    assert [each["grant_id"] for each in described("grants_list", bob.get(grants))["data"]] == [given["grant_id"]]
    one = f"{grants}/{given['grant_id']}"
    assert described("grants_get", bob.get(one)) == given
    assert described("grant_uses_list", bob.get(f"{one}/uses"))["data"] == []
    charlie = make_caller(Tenant.objects.create(slug="rival", name="Rival"), "charlie", SCOPES)
    for method, path in (("GET", one), ("GET", f"{one}/uses"), ("POST", f"{one}/revoke")):
        assert_problem(charlie.send(method, path, {"reason": "it is none of mine"}), 404, "NOT_FOUND")
    revoked = described("grants_revoke", bob.post(f"{one}/revoke", {"reason": "the sale is over"}))
    assert (revoked["state"], revoked["revoked_by"]) == ("revoked", given["granted_by"])
    assert_problem(bob.post(f"{one}/revoke", {"reason": "the sale is over"}), 409, "INVALID_INPUT")
    assert bob.get(f"{grants}?state=in_force").json()["data"] == []
    assert run.status == "waiting"
