"""The six interfaces over REST: what they answer obeys the published schemas, and nonsense is refused."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from agents.models import Agent
from runs.models import Run
from runs.query.contracts import QuestionAnswer
from runs.query.questions import QUESTIONS
from tests.api.cast import Caller
from tests.api.described import described
from tests.integration.workshop import a_worker, over

pytestmark = pytest.mark.django_db

PLAN = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}


@pytest.fixture
def run_id(alice: Caller, agent: Agent) -> str:
    accepted: str = alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}).json()["run_id"]
    return accepted


def assert_obeys(caller: Caller, name: str, value: Any) -> None:
    jsonschema_rs.validate(caller.get(f"/api/v1/schemas/{name}").json(), value)


def test_it_simulates_a_plan_and_writes_nothing(bob: Caller, agent: Agent) -> None:
    response = bob.post("/api/v1/runtime/simulate", {"plan": PLAN, "agent": "worker", "budget_cents": 10})
    assert response.status_code == 200
    assert (response.json()["feasible"], response.json()["verdict"]) == (True, "feasible")
    assert_obeys(bob, "Simulation", response.json())
    assert Run.objects.count() == 0


def test_it_answers_for_an_invalid_plan_with_a_verdict(bob: Caller, agent: Agent) -> None:
    told = bob.post("/api/v1/runtime/simulate", {"plan": {"steps": [{"step_id": "a", "skill": "none"}]}}).json()
    assert (told["feasible"], told["verdict"]) == (False, "skill_unavailable")
    assert_obeys(bob, "Simulation", told)


def test_it_gives_the_contract_of_a_run_by_both_addresses(bob: Caller, run_id: str) -> None:
    contract = bob.get(f"/api/v1/runtime/resource-contract/{run_id}").json()
    assert contract == bob.get(f"/api/v1/runs/{run_id}/contract").json() | {"time": contract["time"]}
    assert contract["run_id"] == run_id
    assert_obeys(bob, "ResourceContract", contract)


@pytest.mark.parametrize("what", sorted(QUESTIONS))
def test_it_answers_every_question_and_says_which_filter_is_missing(bob: Caller, run_id: str, what: str, assert_problem: Any) -> None:
    filters = {"run_id": run_id, "step_id": "a", "agent": "worker", "goal": "transform json", "max_tokens": 100, "kind": "start"}
    whole = bob.post("/api/v1/runtime/query", {"what": what, "filters": {name: filters[name] for name in QUESTIONS[what][1]}})
    # The step is not known before the run was planned in: then it is said that there is none.
    assert whole.status_code in (200, 404)
    if whole.status_code == 200:
        assert described("runtime_query", whole)["what"] == what
    empty = bob.post("/api/v1/runtime/query", {"what": what})
    if empty.status_code != 200:
        assert_problem(empty, 422, "MISSING_REQUIRED_FIELD")


@pytest.mark.django_db(transaction=True)
def test_it_answers_every_question_about_a_run_that_failed(transactional_db: None, alice: Caller, agent: Agent) -> None:
    found = {"step_id": "found", "skill": "json_transform", "params": {"input": {"url": "http://127.0.0.1:1/"}}}
    fetch = {"step_id": "a", "skill": "http_call", "params": {"url": "${steps.found.result.value.url}"}, "depends_on": ["found"]}
    plan = {"steps": [found, fetch]}
    run_id = alice.post("/api/v1/runs", {"agent": "worker", "plan": plan}).json()["run_id"]
    with a_worker():
        assert over(Run.objects.get(public_id=run_id)).failure_code == "BLOCKED_TARGET"
    filters = {"run_id": run_id, "step_id": "a", "agent": "worker", "goal": "call a URL", "max_tokens": 100}
    for what, (_, known) in QUESTIONS.items():
        given = {name: filters[name] for name in known if name in filters}
        told = described("runtime_query", alice.post("/api/v1/runtime/query", {"what": what, "filters": given}))
        assert told["what"] == what
        assert set(told) <= set(QuestionAnswer.model_fields), "the description names every field"
        if what == "why_did_step_fail":
            assert [failure["code"] for failure in told["failures"]] == ["BLOCKED_TARGET"]


def test_it_lists_the_known_questions_when_asked_another(bob: Caller, assert_problem: Any) -> None:
    problem = assert_problem(bob.post("/api/v1/runtime/query", {"what": "the_weather"}), 400, "INVALID_INPUT")
    assert problem["suggestions"] == sorted(QUESTIONS)


def test_it_refuses_a_filter_a_question_does_not_take(bob: Caller, assert_problem: Any) -> None:
    body = {"what": "history", "filters": {"tenant": "rival"}}
    problem = assert_problem(bob.post("/api/v1/runtime/query", body), 400, "INVALID_INPUT")
    assert problem["errors"][0]["pointer"] == "/filters/tenant"


def test_it_tells_the_rates_of_an_agent_with_what_is_left(alice: Caller, agent: Agent, run_id: str) -> None:
    ask = {"what": "rate_limits", "filters": {"agent": "worker"}}
    assert alice.post("/api/v1/runtime/query", ask).json()["rate_limits"] == []
    alice.send("PATCH", f"/api/v1/agents/{agent.public_id}", {"profile": {"rate_limit_per_minute": 60}})
    told = alice.post("/api/v1/runtime/query", ask).json()["rate_limits"]
    assert told == [{"scope": f"agent:{agent.public_id}", "limit": 60, "remaining": 60, "resets_at": None}]
    assert alice.get(f"/api/v1/runs/{run_id}/contract").json()["rate_limits"] == [], "a run keeps what it was accepted with"


def test_it_gives_the_catalog_by_code_and_skill(bob: Caller) -> None:
    whole = bob.get("/api/v1/runtime/failure-catalog").json()["data"]
    some = bob.get("/api/v1/runtime/failure-catalog?code=TIMEOUT").json()["data"]
    assert some == [entry for entry in whole if entry["code"] == "TIMEOUT"]


@pytest.mark.parametrize("query", ["code=timeout", "code=%00", "skill=A", "cod=TIMEOUT"])
def test_it_refuses_a_filter_that_can_match_nothing(bob: Caller, assert_problem: Any, query: str) -> None:
    assert_problem(bob.get(f"/api/v1/runtime/failure-catalog?{query}"), 400, "INVALID_INPUT")


EXECUTIONS: dict[str, tuple[dict[str, Any], int]] = {
    "no skill": ({}, 422),
    "an unknown skill": ({"skill": "none"}, 422),
    "an unknown version": ({"skill": "json_transform", "version": "99", "params": {"input": 1}}, 422),
    "no version": ({"skill": "json_transform", "version": "latest", "params": {"input": 1}}, 422),
    "wrong parameters": ({"skill": "json_transform", "params": {"inptu": 1}}, 422),
    "parameters that are a list": ({"skill": "json_transform", "params": []}, 422),
    "an integer no hash can hold": ({"skill": "json_transform", "params": {"input": 2**53}}, 422),
    "an unknown agent": ({"skill": "json_transform", "params": {"input": 1}, "agent": "none"}, 404),
}


@pytest.mark.parametrize(("body", "status"), EXECUTIONS.values(), ids=EXECUTIONS.keys())
def test_it_executes_nothing_that_makes_no_sense(
    alice: Caller, agent: Agent, assert_problem: Any, body: dict[str, Any], status: int
) -> None:
    response = alice.post("/api/v1/runtime/execute", body)
    problem = assert_problem(response, status, response.json()["code"])
    assert status == 404 or problem["errors"]
    assert Run.objects.count() == 0
