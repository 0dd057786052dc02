"""Nothing crosses tenants: what belongs to somebody else answers exactly as what does not exist."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent
from runs.models import Run, Signal
from tests.api.cast import NO_RUN, ROUTE_IDS, ROUTES

pytestmark = pytest.mark.django_db

NO_AGENT = "agt_" + "0" * 32
BODIES = {
    "top-up": {"amount_micro_usd": 1},
    "decide": {"step_id": "a", "verdict": "approve"},
    "verdict": {"verdict": "happened", "reason": "it is in their list"},
    "requeue": {"reason": "it is mended"},
    "approve": {"action_hash": "0" * 64},
    "reject": {"action_hash": "0" * 64},
    "answer": {"value": "red"},
    "links": {"for": "bob"},
    "edit": {"action_hash": "0" * 64, "params": {}},
    "notes": {"kind": "ask", "text": "which?"},
}
RUN_ROUTES = [(method, path) for method, path in ROUTES if NO_RUN in path]


@pytest.fixture
def run_of_acme(agent: Agent) -> Run:
    return Run.objects.create(tenant=agent.tenant, agent=agent, goal="the goal of acme")


def comparable(response: Any) -> tuple[int, dict[str, Any]]:
    return response.status_code, {name: value for name, value in response.json().items() if name not in ("trace_id", "instance")}


@pytest.mark.parametrize(("method", "path"), RUN_ROUTES, ids=[name for name in ROUTE_IDS if NO_RUN in name])
def test_it_answers_for_a_foreign_run_as_for_none(charlie: Any, run_of_acme: Run, assert_problem: Any, method: str, path: str) -> None:
    body = BODIES.get(path.rsplit("/", 1)[1], {}) if method == "POST" else None
    foreign = charlie.send(method, path.replace(NO_RUN, run_of_acme.public_id), body)
    assert_problem(foreign, 404, "NOT_FOUND")
    for nothing in (NO_RUN, "run_x", "x", "%00", "agt_" + "0" * 32):
        assert comparable(charlie.send(method, path.replace(NO_RUN, nothing), body)) == comparable(foreign)
    assert Signal.objects.count() == 0
    assert Run.objects.count() == 1


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_it_answers_for_a_foreign_agent_as_for_none(charlie: Any, agent: Agent, assert_problem: Any, method: str) -> None:
    body = {"status": "disabled"} if method == "PATCH" else None
    foreign = charlie.send(method, f"/api/v1/agents/{agent.public_id}", body)
    assert_problem(foreign, 404, "NOT_FOUND")
    for nothing in (NO_AGENT, "nobody", "%00", "%F0%9F%98%80"):
        assert comparable(charlie.send(method, f"/api/v1/agents/{nothing}", body)) == comparable(foreign)
    agent.refresh_from_db()
    assert agent.status == "active"


def test_it_runs_nothing_as_a_foreign_agent(charlie: Any, agent: Agent, assert_problem: Any) -> None:
    for ref in (agent.public_id, agent.name):
        assert_problem(charlie.post("/api/v1/goals", {"agent": ref, "goal": "anything"}), 404, "NOT_FOUND")
    assert Run.objects.count() == 0


def test_it_lists_only_what_is_ours(bob: Any, charlie: Any, run_of_acme: Run) -> None:
    for path in ("/api/v1/runs", "/api/v1/agents"):
        assert len(bob.get(path).json()["data"]) == 1
        assert charlie.get(path).json() == {"data": [], "next_cursor": None}
