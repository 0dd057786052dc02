"""Agents over REST: made, read, changed, deleted, each within its tenant, with a profile that is checked whole."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent
from runs.models import Run

pytestmark = pytest.mark.django_db


def test_it_creates_an_agent_with_its_defaults_filled_in(alice: Any) -> None:
    response = alice.post("/api/v1/agents", {"name": "scout", "profile": {"allowed_skills": ["http_call"]}})
    assert response.status_code == 201
    made = response.json()
    assert response.headers["Location"] == f"/api/v1/agents/{made['agent_id']}"
    assert (made["name"], made["status"], made["version"]) == ("scout", "active", 1)
    assert made["profile"]["allowed_skills"] == ["http_call"]
    assert made["profile"]["budget"] == {"per_run_micro_usd": 1_000_000, "per_step_max_micro_usd": None, "on_exhausted": "pause"}
    assert alice.get(response.headers["Location"]).json() == made


def test_it_finds_an_agent_by_id_and_by_name(bob: Any, agent: Agent) -> None:
    assert bob.get(f"/api/v1/agents/{agent.public_id}").json() == bob.get("/api/v1/agents/worker").json()


PROFILES: dict[str, tuple[Any, str]] = {
    "a misspelt field": ({"alowed_skills": []}, "/profile/alowed_skills"),
    "no object": ([], "/profile"),
    "a planner that does not exist": ({"planner": {"name": "magic"}}, "/profile/planner/name"),
    "a negative budget": ({"budget": {"per_run_micro_usd": -1}}, "/profile/budget/per_run_micro_usd"),
    "an unknown skill": ({"allowed_skills": ["json_transform", "no_such_skill"]}, "/profile/allowed_skills/1"),
    "an unknown blocked skill": ({"blocked_skills": ["no_such_skill"]}, "/profile/blocked_skills/0"),
    "settings of an unknown skill": ({"skill_config": {"no_such_skill": {}}}, "/profile/skill_config/no_such_skill"),
    "settings a skill does not know": ({"skill_config": {"json_transform": {"nope": 1}}}, "/profile/skill_config/json_transform/nope"),
    "an option a planner does not know": ({"planner": {"name": "claude", "options": {"x": 1}}}, "/profile/planner/options/x"),
    "an option that makes no sense": ({"planner": {"options": {"price_url": "ftp://x"}}}, "/profile/planner/options/price_url"),
    "a host with a path": ({"allowed_hosts": ["example.com/x"]}, "/profile/allowed_hosts/0"),
}


@pytest.mark.parametrize(("profile", "pointer"), PROFILES.values(), ids=PROFILES.keys())
def test_it_points_at_what_is_wrong_in_a_profile(alice: Any, assert_problem: Any, agent: Agent, profile: Any, pointer: str) -> None:
    made = alice.post("/api/v1/agents", {"name": "scout", "profile": profile})
    changed = alice.send("PATCH", f"/api/v1/agents/{agent.public_id}", {"profile": profile})
    for response in (made, changed):
        problem = assert_problem(response, 422, "SCHEMA_VALIDATION_FAILED")
        assert pointer in [fault["pointer"] for fault in problem["errors"]]
    assert Agent.objects.get().version == 1


RESERVED: dict[str, tuple[Any, str]] = {
    "where a model's texts go": (
        {"skill_config": {"llm_invoke": {"base_url": "http://x.example"}}},
        "/profile/skill_config/llm_invoke/base_url",
    ),
    "which key it uses": ({"skill_config": {"llm_invoke": {"api_key_secret": "K"}}}, "/profile/skill_config/llm_invoke/api_key_secret"),
    "what a planner's model costs": (
        {"planner": {"name": "claude", "options": {"price": {"input": 0, "output": 0}}}},
        "/profile/planner/options/price",
    ),
}


@pytest.mark.parametrize(("profile", "pointer"), RESERVED.values(), ids=RESERVED.keys())
def test_it_leaves_to_the_operator(alice: Any, assert_problem: Any, profile: Any, pointer: str) -> None:
    problem = assert_problem(alice.post("/api/v1/agents", {"name": "scout", "profile": profile}), 403, "PERMISSION_DENIED")
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


@pytest.mark.parametrize("name", ["", "Capital", "with space", "x" * 65, "a/b", 7, None, "agt_" + "0" * 32])
def test_it_refuses_a_name_that_is_none(alice: Any, assert_problem: Any, name: Any) -> None:
    problem = assert_problem(alice.post("/api/v1/agents", {"name": name}), 422, "SCHEMA_VALIDATION_FAILED")
    fault = problem["errors"][0]
    assert fault["pointer"] == "/name"
    if fault["code"] == "string_pattern_mismatch":
        assert fault["detail"] == "Should be 1 to 64 characters: lower-case letters, digits, - and _"


def test_it_refuses_a_name_that_is_taken(alice: Any, charlie: Any, agent: Agent, assert_problem: Any) -> None:
    assert_problem(alice.post("/api/v1/agents", {"name": "worker"}), 409, "INVALID_INPUT")
    other = alice.post("/api/v1/agents", {"name": "other"}).json()["agent_id"]
    assert_problem(alice.send("PATCH", f"/api/v1/agents/{other}", {"name": "worker"}), 409, "INVALID_INPUT")
    # Another tenant's names are its own business.
    assert charlie.post("/api/v1/agents", {"name": "worker"}).status_code == 201


def test_it_changes_what_is_given_and_counts_versions_of_the_profile(alice: Any, agent: Agent) -> None:
    path = f"/api/v1/agents/{agent.public_id}"
    assert alice.send("PATCH", path, {}).json()["version"] == 1
    paused = alice.send("PATCH", path, {"status": "paused", "description": "rests"}).json()
    assert (paused["status"], paused["description"], paused["version"]) == ("paused", "rests", 1)
    changed = alice.send("PATCH", path, {"profile": {"max_parallel_steps": 2}}).json()
    assert (changed["version"], changed["profile"]["max_parallel_steps"], changed["status"]) == (2, 2, "paused")
    # The same profile again is no change.
    assert alice.send("PATCH", path, {"profile": {"max_parallel_steps": 2}}).json()["version"] == 2


@pytest.mark.parametrize("field", ["name", "description", "status", "profile"])
def test_it_does_not_take_null_for_no_change(alice: Any, agent: Agent, assert_problem: Any, field: str) -> None:
    problem = assert_problem(alice.send("PATCH", f"/api/v1/agents/{agent.public_id}", {field: None}), 422, "SCHEMA_VALIDATION_FAILED")
    assert problem["errors"][0]["pointer"] == f"/{field}"


def test_it_deletes_an_agent_that_never_ran(alice: Any, agent: Agent, assert_problem: Any) -> None:
    path = f"/api/v1/agents/{agent.public_id}"
    assert alice.send("DELETE", path).status_code == 204
    assert_problem(alice.get(path), 404, "NOT_FOUND")
    assert_problem(alice.send("DELETE", path), 404, "NOT_FOUND")


def test_it_keeps_an_agent_whose_runs_are_on_record(alice: Any, agent: Agent, assert_problem: Any) -> None:
    Run.objects.create(tenant=agent.tenant, agent=agent)
    problem = assert_problem(alice.send("DELETE", f"/api/v1/agents/{agent.public_id}"), 409, "INVALID_INPUT")
    assert "disabled" in problem["suggestions"][0]
    assert Agent.objects.count() == 1


def test_it_filters_the_list_by_status(alice: Any, agent: Agent) -> None:
    alice.post("/api/v1/agents", {"name": "idle", "status": "paused"})
    names = [row["name"] for row in alice.get("/api/v1/agents?status=paused").json()["data"]]
    assert names == ["idle"]


def test_it_keeps_who_saved_which_version_when_and_why(alice: Any, bob: Any, charlie: Any, agent: Agent, assert_problem: Any) -> None:
    path = f"/api/v1/agents/{agent.public_id}"
    for steps, reason in ((2, "it was too fast"), (3, "")):
        alice.send("PATCH", path, {"profile": {"max_parallel_steps": steps}, "reason": reason})
    alice.send("PATCH", path, {"status": "paused", "reason": "the night shift"})
    first = bob.get(f"{path}/versions?limit=2").json()
    rest = bob.get(f"{path}/versions?limit=2&cursor={first['next_cursor']}").json()
    found = [
        (row["version"], row["is_current"], row["reason"], row["profile"]["max_parallel_steps"]) for row in (*first["data"], *rest["data"])
    ]
    assert found == [(3, True, "", 3), (2, False, "it was too fast", 2), (1, False, "", 8)]
    assert {row["saved_by"].split(":")[1] for row in first["data"]} == {"alice"}
    assert bob.get(f"/api/v1/agents/{agent.name}/versions/2").json() == first["data"][1]
    for missing in ("0", "4", "x", "99999999999999999999", "-1", "1.0"):
        assert_problem(bob.get(f"{path}/versions/{missing}"), 404, "NOT_FOUND")
    for answer in (charlie.get(f"{path}/versions"), charlie.get(f"{path}/versions/1")):
        assert_problem(answer, 404, "NOT_FOUND")
    assert_problem(bob.get(f"{path}/versions?cursor=x"), 400, "INVALID_INPUT")


def test_it_changes_nothing_that_somebody_else_changed_meanwhile(alice: Any, agent: Agent, assert_problem: Any) -> None:
    path = f"/api/v1/agents/{agent.public_id}"
    alice.send("PATCH", path, {"profile": {"max_parallel_steps": 2}, "expected_version": 1})
    stale = {"profile": {"max_parallel_steps": 3}, "description": "changed", "expected_version": 1}
    problem = assert_problem(alice.send("PATCH", path, stale), 409, "INVALID_INPUT")
    assert problem["errors"] == [{"pointer": "/expected_version", "code": "stale", "detail": "the agent is at version 2 by now"}]
    now = alice.get(path).json()
    assert (now["version"], now["profile"]["max_parallel_steps"], now["description"]) == (2, 2, agent.description)
    for wrong in ({"expected_version": 0}, {"expected_version": None}, {"expected_version": 2**31}, {"reason": "x" * 501}, {"reason": 1}):
        assert_problem(alice.send("PATCH", path, wrong), 422, "SCHEMA_VALIDATION_FAILED")
