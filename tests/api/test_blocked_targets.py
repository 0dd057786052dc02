"""Calls that can never be made: refused when they are submitted, with a pointer, and nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent
from runs.models import Run

pytestmark = pytest.mark.django_db

URLS = {
    "loopback": "http://127.0.0.1:9/",
    "loopback in one number": "http://2130706433/",
    "loopback in hex": "http://0x7f000001/",
    "loopback, IPv6": "http://[::1]/",
    "loopback inside IPv6": "http://[::ffff:127.0.0.1]/",
    "cloud metadata": "http://169.254.169.254/latest/meta-data",
    "a private network": "https://10.0.0.1/",
    "another scheme": "file:///etc/passwd",
    "a user name": "http://me@example.com/",
}


def call(url: str, **fields: Any) -> dict[str, Any]:
    return {"steps": [{"step_id": "fetch", "skill": "http_call", "params": {"url": url}, **fields}]}


@pytest.mark.parametrize("url", URLS.values(), ids=URLS.keys())
def test_it_refuses_a_call_to(alice: Any, agent: Agent, assert_problem: Any, url: str) -> None:
    problem = assert_problem(alice.post("/api/v1/runs", {"agent": "worker", "plan": call(url)}), 403, "BLOCKED_TARGET")
    assert [fault["pointer"] for fault in problem["errors"]] == ["/plan/steps/0/params/url"]
    assert "AOS_ALLOW_LOCAL_TARGETS" in problem["suggestions"][0]
    assert Run.objects.count() == 0


def test_it_refuses_to_execute_one(alice: Any, agent: Agent, assert_problem: Any) -> None:
    body = {"skill": "http_call", "params": {"url": URLS["loopback"]}, "agent": "worker"}
    assert_problem(alice.post("/api/v1/runtime/execute", body), 403, "BLOCKED_TARGET")
    assert Run.objects.count() == 0


def test_it_refuses_a_host_the_agent_may_not_reach(alice: Any, agent: Agent, assert_problem: Any) -> None:
    alice.send("PATCH", f"/api/v1/agents/{agent.public_id}", {"profile": {"allowed_hosts": ["api.example.com"]}})
    problem = assert_problem(alice.post("/api/v1/runs", {"agent": "worker", "plan": call("https://example.org/")}), 403, "BLOCKED_TARGET")
    assert problem["suggestions"] == []
    assert alice.post("/api/v1/runs", {"agent": "worker", "plan": call("https://api.example.com/")}).status_code == 202


def test_it_takes_what_the_operator_allows_and_what_only_run_time_can_tell(alice: Any, agent: Agent, settings: Any) -> None:
    settings.ALLOW_LOCAL_TARGETS = frozenset({"127.0.0.1:9"})
    for url in (URLS["loopback"], "https://example.com/", "${inputs.url}"):
        assert alice.post("/api/v1/runs", {"agent": "worker", "plan": call(url)}).status_code == 202


def test_it_is_a_blocker_of_a_simulation(alice: Any, agent: Agent) -> None:
    answer = alice.post("/api/v1/runtime/simulate", {"agent": "worker", "plan": call(URLS["cloud metadata"])}).json()
    assert answer["verdict"] == "permission_denied"
    assert [(b["step_id"], b["code"], b["pointer"]) for b in answer["blockers"]] == [("fetch", "BLOCKED_TARGET", "/steps/0/params/url")]
