"""What aos-sdk 0.1.0 sends: read as today's words, refused where it makes no sense, and nowhere else taken."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent
from agents.services import create_agent
from agents.tenancy import SCOPES
from runs.models import Run
from tests.api.cast import NO_RUN, Caller, make_caller
from tests.api.described import described

pytestmark = pytest.mark.django_db

STEP = {"skill": "json_transform", "params": {"input": {"x": 1}}}
ROUTES = [
    ("POST", "/agents", {"name": "scout"}),
    ("POST", "/agents/worker/goals", {"goal": "Fetch http://example.com"}),
    ("GET", f"/agents/worker/runs/{NO_RUN}", None),
    ("GET", "/agents/worker/recall?query=price", None),
]


@pytest.fixture
def run_id(alice: Caller, agent: Agent) -> str:
    accepted: str = alice.post("/api/v1/runs", {"agent_id": agent.public_id, "goal": "take it", "plan": [STEP, STEP]}).json()["run_id"]
    return accepted


# bodies in the old words


def test_it_takes_a_list_of_steps_as_a_plan_with_ids(alice: Caller, agent: Agent, run_id: str) -> None:
    assert Run.objects.get().goal == "take it"
    told = alice.post("/api/v1/runtime/simulate", {"plan": [{"step_id": "s1", **STEP}, STEP, STEP], "budget_cents": 10}).json()
    assert [step["step_id"] for step in told["steps"]] == ["s1", "s2", "s3"]
    assert (told["feasible"], told["estimated_cost_cents"], told["reason"]) == (True, 0.0, None)


def test_it_says_why_a_plan_is_not_feasible(alice: Caller, agent: Agent) -> None:
    told = alice.post("/api/v1/runtime/simulate", {"plan": [{"skill": "time_travel", "params": {}}]}).json()
    assert told["feasible"] is False
    assert told["reason"] == told["blockers"][0]["detail"]


def test_it_leaves_a_goal_without_a_plan_to_the_planner(alice: Caller, agent: Agent) -> None:
    assert alice.post("/api/v1/runs", {"agent_id": "worker", "goal": "Fetch http://example.com"}).status_code == 202
    assert Run.objects.get().planner == "stub"


@pytest.mark.parametrize("named", ["public_id", "slug"])
def test_it_takes_the_keys_own_tenant_and_no_other(alice: Caller, agent: Agent, rival: Any, named: str, assert_problem: Any) -> None:
    body = {"plan": [STEP], "tenant_id": getattr(alice.tenant, named)}
    assert alice.post("/api/v1/runtime/simulate", body).status_code == 200
    assert alice.get(f"/api/v1/runtime/capabilities?tenant_id={body['tenant_id']}").status_code == 200
    for other in (getattr(rival, named), "nobody"):
        assert_problem(alice.post("/api/v1/runtime/simulate", body | {"tenant_id": other}), 404, "NOT_FOUND")
        assert_problem(alice.get(f"/api/v1/runtime/capabilities?tenant_id={other}"), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/api/v1/runs", {"agent_id": "worker", "goal": "x", "agent": "worker"}, "/agent"),
        ("/api/v1/runs", {"agent_id": "worker"}, "/goal"),
        ("/api/v1/runs", {"agent_id": "worker", "goal": "x", "plan": "no list"}, "/plan"),
        ("/api/v1/runs", {"agent_id": "worker", "goal": "x", "plan": ["no step"]}, "/plan/0"),
        ("/api/v1/runs", {"agent": "worker", "plan": [STEP]}, "/plan"),
        ("/api/v1/runs", {"agent": "worker", "goal": "x", "tenant_id": "acme"}, "/tenant_id"),
        ("/api/v1/runtime/simulate", {"plan": [STEP], "agent": "worker"}, "/agent"),
        ("/api/v1/runtime/simulate", {"agent_id": "worker"}, "/plan"),
        ("/api/v1/runtime/simulate", {"plan": [STEP], "budget_cents": -1}, "/budget_cents"),
        ("/api/v1/runtime/query", {"query_type": "allowed_skills", "what": "allowed_skills"}, "/what"),
        ("/api/v1/runtime/query", {"query_type": "allowed_skills", "filters": {}}, "/filters"),
        ("/agents", {"name": "No Name"}, "/name"),
        ("/agents", {"name": "a", "profile": {}}, "/profile"),
        ("/agents/worker/goals", {"goal": ""}, "/goal"),
        ("/agents/worker/goals", {"goal": "say it", "force_skill": "http_call"}, "/goal"),
    ],
)
def test_it_refuses_what_is_neither_the_old_way_nor_todays(
    alice: Caller, agent: Agent, assert_problem: Any, path: str, body: Any, pointer: str
) -> None:
    response = alice.post(path, body)
    assert response.status_code == 422, response.json()
    problem = assert_problem(response, 422, response.json()["code"])
    assert pointer in [fault["pointer"] for fault in problem["errors"]]
    assert Run.objects.count() == 0


@pytest.mark.parametrize("body", [[], "text", None, 7])
@pytest.mark.parametrize("path", ["/api/v1/runs", "/api/v1/runtime/simulate", "/api/v1/runtime/query", "/agents", "/agents/worker/goals"])
def test_it_refuses_what_is_no_object(alice: Caller, agent: Agent, path: str, body: Any) -> None:
    assert alice.send("POST", path, body, raw=b"null" if body is None else None).status_code == 422


# questions


def test_it_answers_the_questions_of_the_first_sdk(alice: Caller, agent: Agent, run_id: str) -> None:
    def ask(query_type: str, **more: Any) -> Any:
        answer = alice.post("/api/v1/runtime/query", {"query_type": query_type, "params": {}, **more})
        assert answer.status_code == 200, answer.json()
        told = described("runtime_query", answer)
        assert told["query_type"] == query_type
        return told

    assert ask("remaining_budget_cents")["remaining_budget_cents"] == 100.0
    assert ask("remaining_budget_cents", run_id=run_id)["remaining_budget_cents"] == 100.0
    assert ask("remaining_budget_cents", agent_id="worker")["agent"] == "worker"
    assert ask("what_did_i_try_already", run_id=run_id) == ask("what_did_i_try_already")
    assert ask("last_step_outcome")["run_id"] == run_id
    assert "json_transform" in ask("allowed_skills", agent_id="worker")["skills"]
    found = ask("skills_available_for_goal", params={"goal": "call a URL"})["skills"]
    assert found[0]["skill"] == "http_call"
    assert ask("state", run_id=run_id)["run"]["run_id"] == run_id


def test_it_answers_before_there_was_any_run(alice: Caller, agent: Agent) -> None:
    for query_type in ("what_did_i_try_already", "last_step_outcome"):
        assert alice.post("/api/v1/runtime/query", {"query_type": query_type, "params": {}}).json()["run_id"] is None
        assert alice.post("/api/v1/runtime/query", {"query_type": query_type, "agent_id": "nobody"}).status_code == 404


def test_it_points_at_its_own_words_in_a_question(alice: Caller, agent: Agent, assert_problem: Any) -> None:
    missing = alice.post("/api/v1/runtime/query", {"query_type": "skills_available_for_goal", "params": {}})
    assert [fault["pointer"] for fault in missing.json()["errors"]] == ["/params/goal"]
    unknown = assert_problem(alice.post("/api/v1/runtime/query", {"query_type": "the_weather"}), 400, "INVALID_INPUT")
    assert [fault["pointer"] for fault in unknown["errors"]] == ["/query_type"]


def test_it_answers_no_question_about_another_tenants_run(charlie: Caller, run_id: str, assert_problem: Any) -> None:
    for query_type in ("remaining_budget_cents", "what_did_i_try_already", "last_step_outcome", "state"):
        for ref in (run_id, "run_x"):
            body = {"query_type": query_type, "params": {}, "run_id": ref}
            assert_problem(charlie.post("/api/v1/runtime/query", body), 404, "NOT_FOUND")


# what answers hold beside today's


def test_it_lists_skills_by_a_line_each(bob: Caller) -> None:
    told = bob.get("/api/v1/runtime/skills").json()
    assert told["count"] == len(told["skills"]) == len(told["data"])
    assert all(line["name"] and line["description"] for line in told["skills"])


def test_it_tells_capabilities_of_an_agent(alice: Caller, acme: Any, agent: Agent) -> None:
    create_agent(tenant=acme, name="narrow", profile={"allowed_skills": ["http_call"], "budget": {"per_run_micro_usd": None}})
    told = alice.get("/api/v1/runtime/capabilities?agent_id=narrow").json()
    assert (told["skills_available"], told["budget_remaining_cents"]) == (["http_call"], None)
    assert alice.get("/api/v1/runtime/capabilities").json()["agent"] == "worker"
    assert alice.get("/api/v1/runtime/capabilities?agent_id=nobody").status_code == 404


def test_it_tells_no_money_to_a_key_that_may_not_read_runs(acme: Any, agent: Agent) -> None:
    reader = make_caller(acme, "reader", ("skills:read",))
    told = reader.get("/api/v1/runtime/capabilities").json()
    assert told["permissions"] == ["skills:read"]
    assert told.keys().isdisjoint({"budget_remaining_cents", "rate_limits"})


# the routes at the root


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_it_needs_a_key_with_the_scope(
    agent: Agent, acme: Any, stranger: Caller, assert_problem: Any, method: str, path: str, body: Any
) -> None:
    assert_problem(stranger.send(method, path, body), 401, "PERMISSION_DENIED")
    assert_problem(make_caller(acme, "nobody", ()).send(method, path, body), 403, "PERMISSION_DENIED")


@pytest.mark.parametrize(("method", "path", "body"), ROUTES[1:])
def test_it_finds_nothing_of_another_tenant(agent: Agent, charlie: Caller, assert_problem: Any, method: str, path: str, body: Any) -> None:
    for name in (agent.name, agent.public_id):
        assert_problem(charlie.send(method, path.replace("worker", name), body), 404, "NOT_FOUND")
    assert Run.objects.count() == 0


def test_it_makes_an_agent_once(alice: Caller, charlie: Caller, agent: Agent) -> None:
    made = alice.post("/agents", {"name": "scout"})
    assert made.status_code == 201
    assert alice.post("/agents", {"name": "scout"}).json() == made.json()
    assert charlie.post("/agents", {"name": "scout"}).json()["agent_id"] != made.json()["agent_id"]
    assert Agent.objects.filter(name="scout").count() == 2


@pytest.mark.parametrize(
    ("skill", "goal", "params"),
    [
        ("http_call", "Please fetch http://example.com/${a}.", {"url": "http://example.com/$${a}"}),
        ("llm_invoke", "Say ${hello}", {"prompt": "Say $${hello}"}),
        ("json_transform", "as it is", {"input": "as it is"}),
    ],
)
def test_it_hands_a_goal_to_the_skill_that_is_forced(alice: Caller, agent: Agent, skill: str, goal: str, params: Any) -> None:
    run_id = alice.post("/agents/worker/goals", {"goal": goal, "force_skill": skill}).json()["run_id"]
    accepted = alice.get(f"/api/v1/runs/{run_id}/events").json()["data"][0]["data"]
    [step] = accepted["plan"]["steps"]
    assert (step["skill"], step["params"], accepted["goal"]) == (skill, params, goal)


def test_it_refuses_to_force_a_skill_that_is_not_there(alice: Caller, agent: Agent) -> None:
    assert alice.post("/agents/worker/goals", {"goal": "x", "force_skill": "none"}).json()["code"] == "SKILL_NOT_FOUND"


def test_it_tells_a_run_to_its_own_agent_alone(alice: Caller, acme: Any, agent: Agent, run_id: str, assert_problem: Any) -> None:
    create_agent(tenant=acme, name="other")
    told = alice.get(f"/agents/{agent.public_id}/runs/{run_id}").json()
    assert (told["run_id"], told["status"], told["outcome"]) == (run_id, "queued", None)
    assert_problem(alice.get(f"/agents/other/runs/{run_id}"), 404, "NOT_FOUND")


def test_it_recalls_runs_by_their_words(alice: Caller, bob: Caller, acme: Any, agent: Agent) -> None:
    other = create_agent(tenant=acme, name="other")
    for who, goal, summary in (
        (agent, "the price of Bitcoin", "Succeeded"),
        (agent, "a walk in the park", "It rained"),
        (agent, "the price of tea", "bitcoin was not asked for"),
        (agent, "the price of Gold", ""),
        (other, "the price of Bitcoin", ""),
    ):
        Run.objects.create(tenant=acme, agent=who, goal=goal, summary=summary)
    told = bob.get("/agents/worker/recall?query=BITCOIN%20price&k=3").json()
    assert [each["goal"] for each in told["memories"]] == ["the price of tea", "the price of Bitcoin", "the price of Gold"]
    assert told["memories"][0]["words_in_common"] == ["bitcoin", "price"]
    assert told["count"] == 3
    assert bob.get("/agents/worker/recall?query=of").json()["memories"] == []


def test_it_looks_through_so_many_runs_only(
    bob: Caller, acme: Any, agent: Agent, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr("runs.api.first_sdk.RECALLED_RUNS", 2)
    for goal in ("the oldest price", "nothing", "nothing"):
        Run.objects.create(tenant=acme, agent=agent, goal=goal)
    with django_assert_max_num_queries(6):
        assert bob.get("/agents/worker/recall?query=price").json()["memories"] == []


@pytest.mark.parametrize("query", ["", "query=a&k=0", "query=a&k=101", "query=a&k=x", "query=a&more=1"])
def test_it_refuses_a_recall_that_makes_no_sense(bob: Caller, agent: Agent, assert_problem: Any, query: str) -> None:
    assert bob.get(f"/agents/worker/recall?{query}").status_code == 400


def test_it_answers_other_methods_as_the_api_does(alice: Caller, agent: Agent) -> None:
    for path in ("/agents", "/agents/worker/goals"):
        response = alice.get(path)
        assert (response.status_code, response.headers["Content-Type"]) == (405, "application/problem+json")


def test_it_is_well_without_a_key(stranger: Caller, client: Any) -> None:
    assert client.get("/health").json() == {"status": "ok"}


def test_it_is_open_to_every_scope_it_needs(acme: Any, agent: Agent) -> None:
    for scope in SCOPES:
        caller = make_caller(acme, f"only-{scope.replace(':', '-')}", (scope,))
        assert (caller.post("/agents", {"name": "one"}).status_code != 403) == (scope in ("agents:write", "admin"))
