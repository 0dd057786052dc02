"""Simulations over REST: what is answered obeys its schema, is kept, and can be submitted as a run by whoever may."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from django.utils import timezone

from agents.models import Agent
from runs.history.measured import History, Sample, Seen
from runs.models import Run, SkillHistory, StoredSimulation
from tests.api.cast import Caller

pytestmark = pytest.mark.django_db

PLAN = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}
DEAR = {"steps": [{"step_id": "a", "skill": "llm_invoke", "params": {"prompt": "hello"}, "approval": "always"}]}


def simulate(caller: Caller, plan: Any = None, **more: Any) -> dict[str, Any]:
    response = caller.post("/api/v1/runtime/simulate", {"plan": plan or PLAN, "agent": "worker", **more})
    assert response.status_code == 200, response.json()
    found: dict[str, Any] = response.json()
    return found


def priced(agent: Agent) -> None:
    agent.profile = {
        **agent.profile,
        "skill_config": {"llm_invoke": {"provider": "anthropic", "model": "claude-opus-4-5"}},
        "rate_limit_per_minute": 9,
    }
    agent.save()


@pytest.mark.parametrize("budget", [None, 1, 10_000_000])
def test_it_answers_by_its_schema_whatever_there_is_to_say(bob: Caller, agent: Agent, budget: int | None) -> None:
    priced(agent)
    history = History()
    history.fold(Seen([Sample(900, 90)] * 40, calls=80, failed=40), 0.0)
    SkillHistory.objects.create(
        tenant=agent.tenant, skill="llm_invoke", version="1.0.0", known=history.to_text(), learned_at=timezone.now()
    )
    found = simulate(bob, DEAR, budget_micro_usd=budget)
    jsonschema_rs.validate(bob.get("/api/v1/schemas/Simulation").json(), found)
    assert found["steps"][0]["source"].startswith("history(")
    assert found["approvals"] and found["alternatives"] and found["risks"] and found["rate_limits"] and found["scopes"]


def test_it_submits_a_simulation_as_a_run(alice: Caller, agent: Agent) -> None:
    found = simulate(alice)
    response = alice.post("/api/v1/runs", {"simulation_id": found["simulation_id"], "agent": "worker"})
    assert response.status_code == 202
    run = Run.objects.get(public_id=response.json()["run_id"])
    assert response.headers["Location"] == f"/api/v1/runs/{run.public_id}"
    assert run.planner == "manual"


def test_it_repeats_no_run_under_the_same_key(alice: Caller, agent: Agent) -> None:
    body = {"simulation_id": simulate(alice)["simulation_id"], "agent": "worker"}
    first, again = (alice.post("/api/v1/runs", body, Idempotency_Key="k") for _ in range(2))
    assert first.json()["run_id"] == again.json()["run_id"]
    assert again.headers["Idempotency-Replayed"] == "true"


def test_it_needs_the_right_to_make_runs(bob: Caller, agent: Agent, assert_problem: Any) -> None:
    body = {"simulation_id": simulate(bob)["simulation_id"], "agent": "worker"}
    assert_problem(bob.post("/api/v1/runs", body), 403, "PERMISSION_DENIED")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"simulation_id": "sim_1", "plan": PLAN}, id="simulation and plan"),
        pytest.param({"simulation_id": "sim_1", "goal": "do it"}, id="simulation and goal"),
        pytest.param({}, id="nothing"),
        pytest.param({"simulation_id": 5}, id="a number"),
        pytest.param({"simulation_id": "s" * 65}, id="far too long"),
    ],
)
def test_it_refuses_what_makes_no_sense(alice: Caller, agent: Agent, assert_problem: Any, body: dict[str, Any]) -> None:
    assert_problem(alice.post("/api/v1/runs", {"agent": "worker", **body}), 422, "SCHEMA_VALIDATION_FAILED")


def test_it_knows_no_simulation_of_another_tenant(alice: Caller, charlie: Caller, agent: Agent, assert_problem: Any) -> None:
    found = simulate(alice)["simulation_id"]
    theirs = charlie.post("/api/v1/agents", {"name": "worker"})
    assert theirs.status_code == 201
    missing = assert_problem(charlie.post("/api/v1/runs", {"simulation_id": "sim_" + "0" * 32, "agent": "worker"}), 404, "NOT_FOUND")
    others = assert_problem(charlie.post("/api/v1/runs", {"simulation_id": found, "agent": "worker"}), 404, "NOT_FOUND")
    assert {**others, "trace_id": ""} == {**missing, "trace_id": ""}


def test_it_is_refused_with_what_changed(alice: Caller, agent: Agent, assert_problem: Any) -> None:
    found = simulate(alice)["simulation_id"]
    alice.send("PATCH", f"/api/v1/agents/{agent.public_id}", {"profile": {"max_parallel_steps": 3}})
    problem = assert_problem(alice.post("/api/v1/runs", {"simulation_id": found, "agent": "worker"}), 409, "INVALID_INPUT")
    assert [fault["pointer"] for fault in problem["errors"]] == ["/agent"]


def test_it_answers_two_hundred_unknown_skills_in_full_and_keeps_nothing(bob: Caller, agent: Agent) -> None:
    steps = [{"step_id": f"s{number}", "skill": f"nope_{number}", "params": {"deep": [[[number]]]}} for number in range(200)]
    found = simulate(bob, {"steps": steps})
    assert (found["verdict"], len(found["blockers"])) == ("skill_unavailable", 200)
    assert not StoredSimulation.objects.exists()


def test_it_answers_for_more_calls_than_can_be_played_one_by_one(bob: Caller, agent: Agent) -> None:
    loop = {"skill": "json_transform", "params": {"input": "${item}"}, "for_each": "${inputs.list}", "max_items": 1_000}
    plan = {"steps": [{"step_id": f"s{number}", **loop} for number in range(200)]}
    found = simulate(bob, plan, inputs={"list": list(range(1_000))})
    assert found["verdict"] == "feasible"
    assert found["steps"][0]["duration"]["expected_ms"] > 0


@pytest.mark.parametrize("deadline", [0, -5, 1.5, "soon", 10**12])
def test_it_refuses_a_deadline_that_is_none(bob: Caller, agent: Agent, assert_problem: Any, deadline: Any) -> None:
    problem = assert_problem(bob.post("/api/v1/runtime/simulate", {"plan": PLAN, "deadline_ms": deadline}), 422, "SCHEMA_VALIDATION_FAILED")
    assert problem["errors"][0]["pointer"] == "/deadline_ms"


def test_it_describes_skills_with_what_was_measured_for_the_tenant_who_asks(bob: Caller, charlie: Caller, agent: Agent) -> None:
    history = History()
    history.fold(Seen([Sample(900, 90)] * 40, calls=50, failed=10), 0.0)
    SkillHistory.objects.create(tenant=agent.tenant, skill="http_call", version="1.1.0", known=history.to_text(), learned_at=timezone.now())
    for path in ("/api/v1/skills/http_call", "/api/v1/runtime/skills/http_call"):
        mine, theirs = bob.get(path).json(), charlie.get(path).json()
        assert (mine["measured_latency"]["p50_ms"], mine["measured_failures"]) == (900, {"rate": 0.2, "n": 50})
        assert theirs["measured_latency"] is None
        jsonschema_rs.validate(bob.get("/api/v1/schemas/SkillMetadata").json(), mine)
    listed = {each["name"]: each for each in bob.get("/api/v1/skills").json()["data"]}
    assert listed["http_call"]["measured_latency"]["n"] == 40
    assert listed["json_transform"]["measured_latency"] is None
