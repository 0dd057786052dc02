"""A plan with something of everything, under history and budgets, and what is answered about it, for tests of large and same answers."""

from __future__ import annotations

from typing import Any

from agents.contracts import AgentProfile
from agents.ledger import Standing
from runs.history.measured import History, Sample, Seen
from runs.simulation.setting import Setting
from runs.simulation.simulating import simulated
from skills.canonical import canonical_json

PROFILE = AgentProfile(
    skill_config={"llm_invoke": {"provider": "anthropic", "model": "claude-opus-4-5"}},
    rate_limit_per_minute=50,
    rate_limits=[{"skill": "http_call", "host": "example.com", "per_minute": 20}],
    budget={"per_run_micro_usd": 1_000},
)


def plan_of(count: int) -> dict[str, Any]:
    """Return a plan of so many steps: calls, transformations under a condition, and questions, in threes that build on each other."""
    return {"goal": "a long way", "steps": [_step(number) for number in range(count)]}


def _step(number: int) -> dict[str, Any]:
    before, name = f"s{number - 1}", f"s{number}"
    if number % 3 == 0:
        return {"step_id": name, "skill": "http_call", "params": {"url": f"https://example.com/{number}"}, "retry": {"max_attempts": 3}}
    if number % 3 == 1:
        params = {"input": f"${{steps.{before}.result.body}}", "path": "$.x"}
        return {"step_id": name, "skill": "json_transform", "params": params, "condition": f"steps.{before}.status == 'succeeded'"}
    return {"step_id": name, "skill": "llm_invoke", "params": {"prompt": f"sum up {number}", "input": f"${{steps.{before}.result.value}}"}}


def measured() -> Any:
    history = History()
    for took in range(1, 60):
        history.fold(Seen([Sample(took * 10, took)], calls=2, failed=1), 0.1)
    return history.measured()


def setting() -> Setting:
    known = {("http_call", "1.1.0"): measured(), ("llm_invoke", "1.0.0"): measured()}
    standing = [Standing("tenant:ten_1", "tenant", "ten_1", None, 5_000, 10, 20)]
    return Setting(profile=PROFILE, agent_id="agt_1", scopes=lambda models, limit: standing, history=lambda skills: known)


def answer_in_bytes() -> bytes:
    return canonical_json(simulated(plan_of(12), setting())[0].model_dump(mode="json"))
