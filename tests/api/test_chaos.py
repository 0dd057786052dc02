"""Faults over REST: tried on a plan by whoever may read, injected into a run where the tenant allows it; bad input is refused."""

from __future__ import annotations

import time
from typing import Any

import jsonschema_rs
import pytest

from agents.models import Agent, Tenant
from runs.faults.trials import MOST_CALLS
from runs.models import Run
from tests.api.cast import Caller

pytestmark = pytest.mark.django_db

PAY = {"step_id": "pay", "skill": "http_call", "params": {"url": "https://example.com/pay", "method": "POST"}}
PLAN = {"steps": [{"step_id": "look", "skill": "http_call", "params": {"url": "https://example.com/"}}, PAY]}
FREE = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}


def chaos(caller: Caller, **body: Any) -> dict[str, Any]:
    response = caller.post("/api/v1/chaos", {"plan": PLAN, "agent": "worker", **body})
    assert response.status_code == 200, response.json()
    found: dict[str, Any] = response.json()
    return found


def test_it_reports_by_its_schema_and_makes_nothing(bob: Caller, agent: Agent) -> None:
    told = chaos(bob)
    jsonschema_rs.validate(bob.get("/api/v1/schemas/ChaosReport").json(), told)
    assert (told["passed"], told["agent"], len(told["faults"])) == (True, "worker", 10)
    assert told["sentence"] == "this plan duplicates its effect in 0 of 10 faults"
    assert chaos(bob) == told
    assert not Run.objects.exists()


def test_the_agents_policy_and_skills_that_ignore_keys_count(bob: Caller, agent: Agent) -> None:
    agent.profile = {**agent.profile, "in_doubt_policy": "assume_not"}
    agent.save()
    told = chaos(bob, faults=["timeout", "dns"], pairs=False)
    assert (told["passed"], told["pairs"]) == (False, None)
    assert told["sentence"] == "this plan duplicates its effect in 1 of 2 faults"
    put = {"steps": [{**PAY, "params": {**PAY["params"], "method": "PUT"}}]}
    assert chaos(bob, plan=put)["passed"]
    assert not chaos(bob, plan=put, ignoring_keys=["http_call"])["passed"]


def test_a_goal_is_tried_as_it_would_be_planned(bob: Caller, agent: Agent) -> None:
    response = bob.post("/api/v1/chaos", {"goal": "Fetch https://example.com/ and summarize it", "agent": "worker", "pairs": False})
    assert response.status_code == 200, response.json()
    assert response.json()["passed"]
    assert bob.post("/api/v1/chaos", {"agent": "worker"}).status_code == 422


def test_a_large_plan_is_cut_short_and_says_so(bob: Caller, agent: Agent) -> None:
    steps = [{**PAY, "step_id": f"s{number}"} for number in range(200)]
    told = chaos(bob, plan={"steps": steps})
    assert told["limited"]["played"] <= MOST_CALLS / 200 < told["limited"]["cases"]
    assert "name a step" in told["limited"]["detail"]


@pytest.mark.parametrize("large", [["x"] * 200_000, "x" * 900_000], ids=["many values", "a long text"])
def test_parameters_too_large_to_play_are_refused_at_once(bob: Caller, agent: Agent, assert_problem: Any, large: Any) -> None:
    steps = [{**PAY, "step_id": f"s{number}", "params": {**PAY["params"], "body": "${inputs.large}"}} for number in range(200)]
    begun = time.process_time()
    response = bob.post("/api/v1/chaos", {"plan": {"steps": steps}, "inputs": {"large": large}, "agent": "worker"})
    assert_problem(response, 413, "CONTENT_TOO_LARGE")
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"faults": ["meteor"]}, 422, "SCHEMA_VALIDATION_FAILED", "/faults/0"),
        ({"faults": []}, 422, "SCHEMA_VALIDATION_FAILED", "/faults"),
        ({"faults": "dns"}, 422, "SCHEMA_VALIDATION_FAILED", "/faults"),
        ({"step": "nowhere"}, 422, "INVALID_REFERENCE", "/step"),
        ({"ignoring_keys": ["llm_invoke"]}, 422, "INVALID_REFERENCE", "/ignoring_keys/0"),
        ({"plan": {"steps": [{"step_id": "a", "skill": "nope"}]}}, 422, "PLAN_INVALID", "/plan/steps/0/skill"),
        ({"plan": {}}, 422, "PLAN_INVALID", "/plan/steps"),
        ({"goal": "and a goal"}, 422, "SCHEMA_VALIDATION_FAILED", ""),
        ({"seed": ""}, 422, "SCHEMA_VALIDATION_FAILED", "/seed"),
        ({"also": 1}, 422, "SCHEMA_VALIDATION_FAILED", "/also"),
        ({"agent": "nobody"}, 404, "NOT_FOUND", None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_it_refuses_with_a_pointer(
    bob: Caller, agent: Agent, assert_problem: Any, body: dict[str, Any], status: int, code: str, pointer: str | None
) -> None:
    response = bob.post("/api/v1/chaos", {"plan": PLAN, "agent": "worker", **body})
    assert_problem(response, status, code)
    assert pointer is None or pointer in [fault["pointer"] for fault in response.json()["errors"]]


def test_a_skill_the_agent_may_not_use_is_named(bob: Caller, agent: Agent, assert_problem: Any) -> None:
    agent.profile = {**agent.profile, "blocked_skills": ["http_call"]}
    agent.save()
    response = bob.post("/api/v1/chaos", {"plan": PLAN, "agent": "worker"})
    assert_problem(response, 403, "SKILL_NOT_ALLOWED")
    assert [fault["pointer"] for fault in response.json()["errors"]] == ["/plan/steps/0/skill", "/plan/steps/1/skill"]


# On a run


def submit(caller: Caller, *faults: Any, **body: Any) -> Any:
    return caller.post("/api/v1/runs", {"plan": FREE, "agent": "worker", "faults": list(faults), **body})


def test_a_run_takes_faults_only_where_its_tenant_allows_them(alice: Caller, agent: Agent, assert_problem: Any) -> None:
    refused = submit(alice, {"kind": "dns"})
    assert_problem(refused, 403, "PERMISSION_DENIED")
    assert refused.json()["errors"][0]["pointer"] == "/faults"
    assert "administrator" in refused.json()["suggestions"][0]
    Tenant.objects.filter(pk=alice.tenant.pk).update(allow_faults=True)
    accepted = submit(alice, {"kind": "dns", "step": "a"}, {"kind": "slow", "after_ms": 5, "attempt": 2})
    assert (accepted.status_code, accepted.json()["faults"]) == (202, 2)
    assert alice.get("/api/v1/runs").json()["data"][0]["faults"] == 2
    plain = alice.post("/api/v1/runs", {"plan": FREE, "agent": "worker"})
    assert (plain.status_code, plain.json()["faults"]) == (202, 0)


def test_a_goal_takes_faults_that_name_no_step(alice: Caller, agent: Agent, assert_problem: Any) -> None:
    Tenant.objects.filter(pk=alice.tenant.pk).update(allow_faults=True)
    goal = {"goal": "Say hello", "agent": "worker"}
    assert alice.post("/api/v1/goals", {**goal, "faults": [{"kind": "dns"}]}).json()["faults"] == 1
    refused = alice.post("/api/v1/goals", {**goal, "faults": [{"kind": "dns", "step": "a"}]})
    assert_problem(refused, 422, "INVALID_REFERENCE")


@pytest.mark.parametrize(
    ("fault", "pointer"),
    [
        ({"kind": "meteor"}, "/faults/0/kind"),
        ({}, "/faults/0/kind"),
        ({"kind": "dns", "step": "nowhere"}, "/faults/0/step"),
        ({"kind": "dns", "step": "No Name"}, "/faults/0/step"),
        ({"kind": "dns", "attempt": 0}, "/faults/0/attempt"),
        ({"kind": "dns", "attempt": "1"}, "/faults/0/attempt"),
        ({"kind": "dns", "count": 1.5}, "/faults/0/count"),
        ({"kind": "slow", "after_ms": -1}, "/faults/0/after_ms"),
        ({"kind": "slow", "after_ms": 2**60}, "/faults/0/after_ms"),
        ({"kind": "dns", "retry_after_ms": 5}, "/faults/0"),
        ({"kind": "dns", "also": 1}, "/faults/0/also"),
        ("dns", "/faults/0"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_fault_that_makes_no_sense_is_refused_where_it_stands(alice: Caller, agent: Agent, fault: Any, pointer: str) -> None:
    Tenant.objects.filter(pk=alice.tenant.pk).update(allow_faults=True)
    response = submit(alice, fault)
    assert response.status_code == 422
    assert pointer in [found["pointer"] for found in response.json()["errors"]]


def test_more_faults_than_a_run_may_have_are_refused(alice: Caller, agent: Agent) -> None:
    assert submit(alice, *[{"kind": "dns"}] * 51).status_code == 422


def test_another_tenants_leave_is_not_mine(alice: Caller, agent: Agent, assert_problem: Any) -> None:
    Tenant.objects.exclude(pk=alice.tenant.pk).update(allow_faults=True)
    assert_problem(submit(alice, {"kind": "dns"}), 403, "PERMISSION_DENIED")
