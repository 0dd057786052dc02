"""Explanations and decisions over the API obey their published schemas, and bad questions get clear answers."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from agents.models import Agent, Tenant
from agents.tenancy import SCOPES
from runs.models import Run
from tests.api.cast import NO_RUN, Caller, make_caller

pytestmark = pytest.mark.django_db

PLAN = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}


@pytest.fixture
def run_id(alice: Caller, agent: Agent) -> str:
    accepted: str = alice.post("/api/v1/runs", {"agent": "worker", "plan": PLAN}).json()["run_id"]
    return accepted


def assert_obeys(caller: Caller, name: str, value: Any) -> None:
    jsonschema_rs.validate(caller.get(f"/api/v1/schemas/{name}").json(), value)


def test_an_explanation_obeys_its_schema_and_all_obstacles_have_one_shape(alice: Caller, run_id: str) -> None:
    told = alice.get(f"/api/v1/runs/{run_id}/explain")
    assert told.status_code == 200
    assert_obeys(alice, "Explanation", told.json())
    (obstacle,) = told.json()["blocked_by"]
    assert (obstacle["what"], obstacle["holder"], obstacle["eta_at"]) == ("lease", None, None)
    assert obstacle["action"]["command"] == "manage.py work"
    asked = alice.post("/api/v1/runtime/query", {"what": "blocked_by", "filters": {"run_id": run_id}}).json()
    assert_obeys(alice, "BlockedBy", {name: value for name, value in asked.items() if name != "what"})
    assert asked["blocked_by"] == told.json()["blocked_by"]


def test_decisions_come_page_by_page_with_kind_and_step(alice: Caller, run_id: str) -> None:
    page = alice.get(f"/api/v1/runs/{run_id}/decisions").json()
    (admit,) = page["data"]
    assert_obeys(alice, "DecisionRecord", admit)
    assert (admit["kind"], admit["rule"], admit["event"], admit["seq"], page["next_after"]) == (
        "admit",
        "admit_before_start",
        "run_accepted",
        1,
        None,
    )
    assert admit["words"].startswith("Before its first step")
    path = f"/api/v1/runs/{run_id}/decisions"
    assert alice.get(f"{path}?kind=retry").json() == {"data": [], "next_after": None}
    assert alice.get(f"{path}?step=$admit").json()["data"] == [admit]
    assert alice.get(f"{path}?after=1").json()["data"] == []
    assert alice.get(f"{path}?limit=1").json()["next_after"] == 1


@pytest.mark.parametrize("query", ["kind=No", "step=%00", "after=-1", "limit=0", "limit=99999999999999999999", "more=1"])
def test_it_refuses_filters_that_make_no_sense(alice: Caller, run_id: str, assert_problem: Any, query: str) -> None:
    assert_problem(alice.get(f"/api/v1/runs/{run_id}/decisions?{query}"), 400, "INVALID_INPUT")


@pytest.mark.parametrize("view", ["explain", "decisions"])
def test_another_tenants_run_is_not_there(run_id: str, assert_problem: Any, view: str) -> None:
    rival = make_caller(Tenant.objects.create(slug="rival-of-alice", name="Rival"), "eve", tuple(SCOPES))
    for asked in (run_id, NO_RUN):
        assert_problem(rival.get(f"/api/v1/runs/{asked}/{view}"), 404, "NOT_FOUND")


def test_a_question_about_decisions_names_its_run(alice: Caller, run_id: str, assert_problem: Any) -> None:
    asked = alice.post("/api/v1/runtime/query", {"what": "decisions", "filters": {"run_id": run_id, "kind": "admit"}}).json()
    assert [decision["kind"] for decision in asked["decisions"]] == ["admit"]
    assert_problem(alice.post("/api/v1/runtime/query", {"what": "decisions", "filters": {"run_id": NO_RUN}}), 404, "NOT_FOUND")
    assert Run.objects.count() == 1
