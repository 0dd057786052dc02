"""Plans that break the rules: refused with a pointer to the fault, and nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent
from runs.models import Run

pytestmark = pytest.mark.django_db


def step(step_id: str, **fields: Any) -> dict[str, Any]:
    return {"step_id": step_id, "skill": "json_transform", "params": {"input": 1}, **fields}


PLANS: dict[str, tuple[list[dict[str, Any]], str, str]] = {
    "a cycle": ([step("a", depends_on=["b"]), step("b", depends_on=["a"])], "/plan/steps/0/depends_on", "PLAN_INVALID"),
    "a cycle by reference": (
        [step("a", params={"input": "${steps.b.result.value}"}), step("b", params={"input": "${steps.a.result.value}"})],
        "/plan/steps/0/depends_on",
        "PLAN_INVALID",
    ),
    "a step that waits for itself": ([step("a", depends_on=["a"])], "/plan/steps/0/depends_on", "PLAN_INVALID"),
    "an unknown skill": ([step("a", skill="no_such_skill")], "/plan/steps/0/skill", "SKILL_NOT_FOUND"),
    "an unknown version": ([step("a", version="99")], "/plan/steps/0/skill", "SKILL_NOT_FOUND"),
    "no version at all": ([step("a", version="latest")], "/plan/steps/0/version", "PLAN_INVALID"),
    "a reference to nothing": ([step("a", params={"input": "${steps.none.result}"})], "/plan/steps/0/params/input", "INVALID_REFERENCE"),
    "an unreadable reference": ([step("a", params={"input": "${steps.}"})], "/plan/steps/0/params/input", "INVALID_REFERENCE"),
    "a dependency on nothing": ([step("a", depends_on=["none"])], "/plan/steps/0/depends_on/0", "INVALID_REFERENCE"),
    "an unparsable condition": ([step("a", condition="1 +")], "/plan/steps/0/condition", "CONDITION_INVALID"),
    "a condition that is no truth value": ([step("a", condition="1 + 1")], "/plan/steps/0/condition", "CONDITION_INVALID"),
    "a name used twice": ([step("a"), step("a")], "/plan/steps/0/step_id", "PLAN_INVALID"),
    "parameters the skill does not know": ([step("a", params={"inptu": 1})], "/plan/steps/0/params", "SCHEMA_VALIDATION_FAILED"),
    "a fallback without on_error": ([step("a", fallback_skill="json_transform")], "/plan/steps/0/fallback_skill", "PLAN_INVALID"),
    "no steps": ([], "/plan/steps", "too_short"),
    "201 steps": ([step(f"s{n}") for n in range(201)], "/plan/steps", "too_long"),
    "an unknown field": ([step("a", on_eror="abort")], "/plan/steps/0/on_eror", "extra_forbidden"),
}


@pytest.mark.parametrize(("steps", "pointer", "code"), PLANS.values(), ids=PLANS.keys())
@pytest.mark.parametrize("route", ["/api/v1/runs", "/api/v1/plans:validate"])
def test_it_refuses_the_plan(
    alice: Any, agent: Agent, assert_problem: Any, route: str, steps: list[dict[str, Any]], pointer: str, code: str
) -> None:
    body = {"plan": {"steps": steps}} | ({"agent": "worker"} if route.endswith("runs") else {})
    problem = assert_problem(alice.post(route, body), 422, "PLAN_INVALID")
    assert (pointer, code) in [(fault["pointer"], fault["code"]) for fault in problem["errors"]]
    assert Run.objects.count() == 0


def test_it_names_every_fault_at_once(alice: Any, assert_problem: Any) -> None:
    steps = [step("a", skill="no_such_skill", depends_on=["none"]), step("b", condition="1 +")]
    problem = assert_problem(alice.post("/api/v1/plans:validate", {"plan": {"steps": steps}}), 422, "PLAN_INVALID")
    pointers = {fault["pointer"] for fault in problem["errors"]}
    assert pointers == {"/plan/steps/0/skill", "/plan/steps/0/depends_on/0", "/plan/steps/1/condition"}


def test_it_says_yes_to_a_good_plan_with_its_hash(bob: Any) -> None:
    answers = [bob.post("/api/v1/plans:validate", {"plan": {"steps": [step("a")]}}).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0]["valid"], len(answers[0]["plan_hash"])) == (True, 64)


def test_it_refuses_a_plan_of_2_mib(alice: Any, agent: Agent, assert_problem: Any) -> None:
    body = {"agent": "worker", "plan": {"steps": [step("a", params={"input": "x" * 2_097_152})]}}
    assert_problem(alice.post("/api/v1/runs", body), 413, "CONTENT_TOO_LARGE")
    assert Run.objects.count() == 0


SUBMISSIONS: dict[str, tuple[dict[str, Any], str]] = {
    "neither plan nor goal": ({}, ""),
    "plan and goal": ({"plan": {}, "goal": "x"}, ""),
    "an empty goal": ({"goal": ""}, "/goal"),
    "a goal of blanks": ({"goal": " \t\n"}, "/goal"),
    "a goal beyond measure": ({"goal": "x" * 10_001}, "/goal"),
    "no agent": ({"goal": "x", "agent": None}, "/agent"),
    "an agent that is no name": ({"goal": "x", "agent": "../etc"}, "/agent"),
    "two budgets": ({"goal": "x", "budget_cents": 1, "budget_micro_usd": 1}, ""),
    "a negative budget": ({"goal": "x", "budget_micro_usd": -1}, "/budget_micro_usd"),
    "a budget finer than a micro-dollar": ({"goal": "x", "budget_cents": 0.00001}, "/budget_cents"),
    "a budget of half a micro-dollar": ({"goal": "x", "budget_micro_usd": 0.5}, "/budget_micro_usd"),
    "a budget of micro-dollars in a text": ({"goal": "x", "budget_micro_usd": "5"}, "/budget_micro_usd"),
    "a budget beyond exact numbers": ({"goal": "x", "budget_micro_usd": 2**53}, "/budget_micro_usd"),
    "a budget beyond measure": ({"goal": "x", "budget_cents": 1e300}, "/budget_cents"),
    "a budget in a text that is no plain number": ({"goal": "x", "budget_cents": " 5e3"}, "/budget_cents"),
    "a budget in words": ({"goal": "x", "budget_micro_usd": "much"}, "/budget_micro_usd"),
    "no time at all": ({"goal": "x", "deadline_ms": 0}, "/deadline_ms"),
    "a priority out of bounds": ({"goal": "x", "priority": 40_000}, "/priority"),
    "inputs that are a list": ({"goal": "x", "inputs": []}, "/inputs"),
    "an integer no hash can hold": ({"goal": "x", "inputs": {"a/b": [2**53]}}, "/inputs/a~1b/0"),
    "an unknown field": ({"goal": "x", "gaol": "y"}, "/gaol"),
}


@pytest.mark.parametrize(("body", "pointer"), SUBMISSIONS.values(), ids=SUBMISSIONS.keys())
def test_it_refuses_the_submission(alice: Any, agent: Agent, assert_problem: Any, body: dict[str, Any], pointer: str) -> None:
    problem = assert_problem(alice.post("/api/v1/runs", {"agent": "worker"} | body), 422, "SCHEMA_VALIDATION_FAILED")
    assert pointer in [fault["pointer"] for fault in problem["errors"]]
    assert Run.objects.count() == 0


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "two words", "é"])
def test_it_refuses_an_idempotency_key_that_is_none(alice: Any, agent: Agent, assert_problem: Any, key: str) -> None:
    response = alice.post("/api/v1/goals", {"agent": "worker", "goal": "x"}, Idempotency_Key=key)
    problem = assert_problem(response, 400, "INVALID_INPUT")
    assert problem["errors"][0]["pointer"] == "/Idempotency-Key"
    assert Run.objects.count() == 0
