"""A program written for aos-sdk 0.1.0: every method it has, against the server of AOS_BASE_URL. Prints what came back as JSON."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from aos_sdk import AOSClient
from aos_sdk.client import AOSError, NovaClient

TAKE = {"skill": "json_transform", "params": {"input": {"a": [1, 2]}, "path": "$.a[1]"}}


def refused(call: Any) -> Any:
    try:
        call()
    except AOSError as error:
        return [error.status_code, (error.response or {}).get("code")]
    return None


def never_ends(client: Any, agent_id: str) -> bool:
    """Tell whether poll_run waits in vain for a run that was cancelled."""
    run_id = client.create_run(agent_id, "wait for a yes", [{**TAKE, "approval": "always"}])["run_id"]
    client._request("POST", f"/api/v1/runs/{run_id}/cancel", json={})
    try:
        client.poll_run(agent_id, run_id, timeout=2, interval=0.2)
    except TimeoutError:
        return True
    return False


def machine_native(client: Any, agent_id: str) -> dict[str, Any]:
    skills = client.list_skills()
    return {
        "capabilities": client.get_capabilities(),
        "capabilities_of_agent": client.get_capabilities(agent_id=agent_id, tenant_id="acme"),
        "capabilities_elsewhere": refused(lambda: client.get_capabilities(tenant_id="rival")),
        "skills": [f"{skill['name']}: {skill['description']}" for skill in skills["skills"]],
        "count": skills["count"],
        "described": client.describe_skill("http_call"),
        "not_described": refused(lambda: client.describe_skill("none")),
        "simulated": client.simulate([TAKE, TAKE], budget_cents=5, agent_id=agent_id, tenant_id="acme"),
        "infeasible": client.simulate([{"skill": "none", "params": {}}]),
        "simulated_elsewhere": refused(lambda: client.simulate([TAKE], tenant_id="rival")),
    }


def questions(client: Any, agent_id: str, run_id: str) -> dict[str, Any]:
    return {
        "budget": client.query("remaining_budget_cents"),
        "budget_of_run": client.query("remaining_budget_cents", run_id=run_id),
        "tried": client.query("what_did_i_try_already", run_id=run_id),
        "allowed": client.query("allowed_skills", agent_id=agent_id),
        "last": client.query("last_step_outcome", agent_id=agent_id),
        "for_goal": client.query("skills_available_for_goal", {"goal": "call a URL"}, agent_id=agent_id),
        "unknown": refused(lambda: client.query("the_weather")),
    }


def workflow(client: Any, page: str) -> dict[str, Any]:
    agent_id = client.create_agent("my-agent")
    goal = client.post_goal(agent_id, f"Fetch {page} and summarize it")
    forced = client.post_goal(agent_id, f"Look at {page}", force_skill="http_call")
    made = client.create_run(agent_id, "take the second", [TAKE])
    told = {
        "agent_id": agent_id,
        "again": client.create_agent("my-agent"),
        "polled": client.poll_run(agent_id, goal),
        "forced": client.poll_run(agent_id, forced),
        "planned": client.poll_run(agent_id, made["run_id"]),
        "run": client.get_run(made["run_id"]),
        "by_planner": client.create_run(agent_id, f"Fetch {page}"),
        "contract": client.get_resource_contract(made["run_id"]),
        "recalled": client.recall(agent_id, "the second one", k=1),
        "questions": questions(client, agent_id, made["run_id"]),
    }
    return {**told, "never_ends": never_ends(client, agent_id)}


def main() -> None:
    with NovaClient(base_url=os.environ["AOS_BASE_URL"]) as client:
        assert isinstance(client, AOSClient)
        told = workflow(client, sys.argv[1])
        told["machine_native"] = machine_native(client, told["agent_id"])
    with AOSClient(api_key="wrong", base_url=os.environ["AOS_BASE_URL"]) as stranger:
        told["stranger"] = refused(stranger.list_skills)
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
