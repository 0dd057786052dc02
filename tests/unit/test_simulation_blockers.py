"""Everything that would stop a plan is told at once: by its rule, its code, its step or place, and what is missing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pytest

from agents.contracts import AgentProfile
from agents.freezes import Frozen
from agents.ledger import Standing
from runs.contracts.simulation import Simulation
from runs.simulation.setting import Setting
from runs.simulation.simulating import simulated

LLM = {"llm_invoke": {"provider": "anthropic", "model": "claude-haiku-5-5"}}
ASK = {"step_id": "ask", "skill": "llm_invoke", "params": {"prompt": "say hello", "max_tokens": 100}}
TAKE = {"step_id": "take", "skill": "json_transform", "params": {"input": {"x": 1}}}
CALL = {"step_id": "call", "skill": "http_call", "params": {"url": "https://example.com/"}}
POST = {"step_id": "post", "skill": "http_call", "params": {"url": "https://example.com/", "method": "POST"}}


def calls(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{**CALL, **more, "step_id": f"c{number}", "params": {"url": f"https://example.com/{number}"}} for number in range(count)]


def scope(label: str, kind: str, *, limit: int | None, spent: int = 0, day: str | None = None) -> Standing:
    return Standing(label, kind, label.partition(":")[2].partition("@")[0], day, limit, 0, spent)


def told(steps: list[Any], *, profile: dict[str, Any] | None = None, **setting: Any) -> Simulation:
    means = {"skill_config": LLM, "budget": {"per_run_micro_usd": None}, **(profile or {})}
    standing: Sequence[Standing] = setting.pop("standing", ())
    frozen: Sequence[Frozen] = setting.pop("holds", ())

    def holding(skills: Collection[str]) -> list[Frozen]:
        return [each for each in frozen if each.kind != "skill" or each.key in skills]

    given = Setting(profile=AgentProfile(**means), agent_id="agt_1", scopes=lambda models, limit: standing, frozen=holding, **setting)
    return simulated({"steps": steps}, given)[0]


TENANT = scope("tenant:ten_1", "tenant", limit=10)
TODAY = scope("tenant:ten_1@2026-11-28", "tenant", limit=5_000, spent=4_999, day="2026-11-28")
AGENT = scope("agent:agt_1", "agent", limit=20)
AGENT_TODAY = scope("agent:agt_1@2026-11-28", "agent", limit=0, day="2026-11-28")
MODEL = scope("model:claude-haiku-5-5", "model", limit=1)
MODEL_TODAY = scope("model:claude-haiku-5-5@2026-11-28", "model", limit=2, day="2026-11-28")
LOOP = {**CALL, "for_each": "${inputs.list}"}

BLOCKERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # what is simulated → what the one blocker says
    "a skill the profile does not allow": (
        {"steps": [TAKE], "profile": {"allowed_skills": ["http_call"]}},
        {"code": "SKILL_NOT_ALLOWED", "rule": "agent_profile", "step_id": "take"},
    ),
    "a skill the profile blocks": (
        {"steps": [TAKE], "profile": {"blocked_skills": ["json_transform"]}},
        {"code": "SKILL_NOT_ALLOWED", "rule": "agent_profile", "step_id": "take"},
    ),
    "a host the profile does not allow": (
        {"steps": [CALL], "profile": {"allowed_hosts": ["other.example"]}},
        {"code": "BLOCKED_TARGET", "rule": "refused_as_written", "step_id": "call", "pointer": "/steps/0/params/url"},
    ),
    "an address nobody may reach": (
        {"steps": [{**CALL, "params": {"url": "http://169.254.169.254/"}}]},
        {"code": "BLOCKED_TARGET", "rule": "refused_as_written", "step_id": "call", "pointer": "/steps/0/params/url"},
    ),
    "an unknown skill": (
        {"steps": [{"step_id": "a", "skill": "nope"}]},
        {"code": "SKILL_NOT_FOUND", "rule": "plan_rules", "pointer": "/steps/0/skill"},
    ),
    "an unknown version": (
        {"steps": [{**TAKE, "version": "99"}]},
        {"code": "SKILL_NOT_FOUND", "rule": "plan_rules", "pointer": "/steps/0/skill"},
    ),
    "a step that waits for nobody": (
        {"steps": [{**TAKE, "depends_on": ["nobody"]}]},
        {"code": "INVALID_REFERENCE", "rule": "plan_rules", "pointer": "/steps/0/depends_on/0"},
    ),
    "an input that is not given": (
        {"steps": [{**TAKE, "params": {"input": "${inputs.nothing}"}}]},
        {"code": "INVALID_REFERENCE", "rule": "reference_unresolved", "step_id": "take"},
    ),
    "the budget of the run": (
        {"steps": [ASK], "budget_micro_usd": 10},
        {"code": "BUDGET_EXCEEDED", "rule": "run_budget", "scope": "run"},
    ),
    "the most a step may cost": (
        {"steps": [ASK], "profile": {"budget": {"per_run_micro_usd": None, "per_step_max_micro_usd": 3}}},
        {"code": "BUDGET_EXCEEDED", "rule": "per_step_max", "step_id": "ask"},
    ),
    "the budget of the tenant": (
        {"steps": [ASK], "standing": [TENANT]},
        {"code": "BUDGET_EXCEEDED", "rule": "tenant_budget", "scope": TENANT.scope},
    ),
    "the tenant's budget of the day": (
        {"steps": [ASK], "standing": [TODAY]},
        {"code": "DAILY_LIMIT_EXCEEDED", "rule": "tenant_day_budget", "scope": TODAY.scope},
    ),
    "the budget of the agent": (
        {"steps": [ASK], "standing": [AGENT]},
        {"code": "BUDGET_EXCEEDED", "rule": "agent_budget", "scope": AGENT.scope},
    ),
    "the agent's budget of the day": (
        {"steps": [ASK], "standing": [AGENT_TODAY]},
        {"code": "DAILY_LIMIT_EXCEEDED", "rule": "agent_day_budget", "scope": AGENT_TODAY.scope},
    ),
    "the budget of a model": (
        {"steps": [ASK], "standing": [MODEL]},
        {"code": "BUDGET_EXCEEDED", "rule": "model_budget", "scope": MODEL.scope},
    ),
    "a model's budget of the day": (
        {"steps": [ASK], "standing": [MODEL_TODAY]},
        {"code": "DAILY_LIMIT_EXCEEDED", "rule": "model_day_budget", "scope": MODEL_TODAY.scope},
    ),
    "a price nobody knows": (
        {"steps": [ASK], "profile": {"skill_config": {"llm_invoke": {"provider": "anthropic", "model": "nobody-knows-7b"}}}},
        {"code": "PRICE_UNKNOWN", "rule": "fail_closed", "step_id": "ask"},
    ),
    "more calls than a rate lets through in time": (
        {"steps": calls(5), "profile": {"rate_limit_per_minute": 2, "max_run_duration_ms": 119_000, "max_parallel_steps": 20}},
        {"code": "RATE_LIMITED", "rule": "rate_limit", "scope": "agent:agt_1"},
    ),
    "a deadline that is too near": (
        {"steps": [CALL], "deadline_ms": 10},
        {"code": "DEADLINE_EXCEEDED", "rule": "run_duration"},
    ),
    "an agent that is paused": (
        {"steps": [TAKE], "agent_status": "paused"},
        {"code": "FROZEN", "rule": "agent_status", "scope": "agent:agt_1"},
    ),
    "a tenant that is frozen": (
        {"steps": [TAKE], "holds": [Frozen("frz_1", 1, "tenant", "ten_1", "stop it all")]},
        {"code": "FROZEN", "rule": "kill_switch", "scope": "tenant:ten_1"},
    ),
    "an agent that is frozen": (
        {"steps": [TAKE], "holds": [Frozen("frz_1", 1, "agent", "agt_1", "odd behaviour")]},
        {"code": "FROZEN", "rule": "kill_switch", "scope": "agent:agt_1"},
    ),
    "a skill that is frozen": (
        {"steps": [TAKE], "holds": [Frozen("frz_1", None, "skill", "json_transform", "it is broken")]},
        {"code": "FROZEN", "rule": "kill_switch", "step_id": "take", "scope": "skill:json_transform"},
    ),
    "more calls than a run may make": (
        {"steps": [TAKE, CALL, ASK], "profile": {"max_attempts": 2}},
        {"code": "QUOTA_EXHAUSTED", "rule": "max_attempts"},
    ),
    "one call again and again": (
        {"steps": [LOOP], "inputs": {"list": [1, 2, 3, 4]}, "profile": {"max_repetitions": 3}},
        {"code": "LOOP_DETECTED", "rule": "max_repetitions", "step_id": "call"},
    ),
}
VERDICTS = {
    "SKILL_NOT_ALLOWED": "permission_denied",
    "BLOCKED_TARGET": "permission_denied",
    "FROZEN": "permission_denied",
    "SKILL_NOT_FOUND": "skill_unavailable",
    "INVALID_REFERENCE": "plan_invalid",
    "LOOP_DETECTED": "plan_invalid",
    "BUDGET_EXCEEDED": "budget_insufficient",
    "DAILY_LIMIT_EXCEEDED": "budget_insufficient",
    "PRICE_UNKNOWN": "budget_insufficient",
    "RATE_LIMITED": "rate_limited",
    "QUOTA_EXHAUSTED": "rate_limited",
    "DEADLINE_EXCEEDED": "deadline_insufficient",
}


@pytest.mark.parametrize(("asked", "blocker"), BLOCKERS.values(), ids=BLOCKERS.keys())
def test_it_is_stopped_by_one_rule_and_says_so(asked: dict[str, Any], blocker: dict[str, Any]) -> None:
    found = told(**asked)
    said = [each.model_dump() for each in found.blockers if each.code != "DEADLINE_EXCEEDED" or blocker["code"] == each.code]
    assert len(said) == 1, said
    assert {name: said[0][name] for name in blocker} == blocker
    assert said[0]["detail"]
    assert (found.feasible, found.verdict) == (False, VERDICTS[blocker["code"]])


SHORT_OF_MONEY = [name for name, (_, blocker) in BLOCKERS.items() if blocker["code"] in ("BUDGET_EXCEEDED", "DAILY_LIMIT_EXCEEDED")]


@pytest.mark.parametrize("name", SHORT_OF_MONEY)
def test_it_says_exactly_what_is_missing_and_that_much_more_suffices(name: str) -> None:
    asked = BLOCKERS[name][0]
    missing = told(**asked).blockers[0].missing_micro_usd
    assert missing
    for more, feasible in ((missing - 1, False), (missing, True)):
        assert told(**_with_more(asked, more)).feasible is feasible


def _with_more(asked: dict[str, Any], more: int) -> dict[str, Any]:
    if "standing" in asked:
        (short,) = asked["standing"]
        return {
            **asked,
            "standing": [Standing(short.scope, short.kind, short.key, short.day, short.limit_micro_usd + more, 0, short.spent_micro_usd)],
        }
    if "budget_micro_usd" in asked:
        return {**asked, "budget_micro_usd": asked["budget_micro_usd"] + more}
    budget = asked["profile"]["budget"]
    return {**asked, "profile": {"budget": {**budget, "per_step_max_micro_usd": budget["per_step_max_micro_usd"] + more}}}


def test_it_tells_all_of_them_at_once() -> None:
    found = told(
        [{**CALL, "params": {"url": "http://10.0.0.1/"}}, ASK, TAKE],
        profile={"blocked_skills": ["json_transform"], "rate_limit_per_minute": 1, "max_run_duration_ms": 1_000},
        budget_micro_usd=1,
        standing=[TENANT, TODAY, AGENT, MODEL],
        holds=[Frozen("frz_1", 1, "tenant", "ten_1", "stop"), Frozen("frz_2", 1, "skill", "http_call", "stop")],
        agent_status="paused",
    )
    assert {blocker.rule for blocker in found.blockers} == {
        *("agent_profile", "refused_as_written", "agent_status", "kill_switch", "run_budget", "tenant_budget", "tenant_day_budget"),
        *("agent_budget", "model_budget", "rate_limit", "run_duration"),
    }
    assert sum(blocker.rule == "kill_switch" for blocker in found.blockers) == 2


def test_it_tells_what_else_would_stop_a_plan_that_is_no_plan() -> None:
    found = told(
        [{"step_id": "a", "skill": "nope"}, TAKE, {"step_id": "take", "skill": 5}], profile={"blocked_skills": ["nope", "json_transform"]}
    )
    assert [(blocker.rule, blocker.pointer) for blocker in found.blockers if blocker.rule == "agent_profile"] == [
        ("agent_profile", "/steps/0/skill"),
        ("agent_profile", "/steps/1/skill"),
    ]
    assert found.verdict == "plan_invalid"


def test_it_asks_people_without_being_stopped() -> None:
    found = told([{**POST, "approval": "always"}, {**TAKE, "depends_on": ["post"]}])
    assert (found.feasible, found.blockers) == (True, [])
    (approval,) = found.approvals
    assert (approval.step_id, approval.reason) == ("post", "the plan asks for it")
    assert "did not ask for the run" in approval.who


def test_it_takes_longer_where_a_rate_makes_it_wait() -> None:
    free = told(calls(5), profile={"max_parallel_steps": 20})
    slowed = told(calls(5), profile={"rate_limit_per_minute": 2, "max_parallel_steps": 20})
    assert slowed.feasible
    assert slowed.rate_limits[0].model_dump(exclude={"waits_ms"}) == {"scope": "agent:agt_1", "limit": 2, "calls": 5}
    assert 120_000 <= (slowed.duration.expected_ms or 0) < 130_000
    assert (free.duration.expected_ms or 0) < 1_000
    assert slowed.rate_limits[0].waits_ms >= 119_000
    assert free.rate_limits == []


def test_it_counts_calls_by_the_host_they_go_to() -> None:
    rules = [{"skill": "http_call", "host": "example.com", "per_minute": 10}, {"host": "*.other.example", "per_minute": 3}]
    found = told([*calls(3), TAKE], profile={"rate_limits": rules})
    assert [(rate.scope, rate.calls) for rate in found.rate_limits] == [("agent:agt_1/skill:http_call/host:example.com", 3)]


def test_it_says_what_every_scope_would_be_left_with() -> None:
    roomy = scope("tenant:ten_1", "tenant", limit=1_000_000, spent=100)
    found = told([ASK], standing=[roomy, scope("agent:agt_1", "agent", limit=None), MODEL], budget_micro_usd=1_000_000)
    worst = found.cost.worst_micro_usd
    assert worst
    assert [each.model_dump() for each in found.scopes] == [
        {
            "scope": "tenant:ten_1",
            "limit_micro_usd": 1_000_000,
            "remaining_micro_usd": 999_900,
            "worst_micro_usd": worst,
            "after_micro_usd": 999_900 - worst,
        },
        {"scope": "agent:agt_1", "limit_micro_usd": None, "remaining_micro_usd": None, "worst_micro_usd": worst, "after_micro_usd": None},
        {"scope": MODEL.scope, "limit_micro_usd": 1, "remaining_micro_usd": 1, "worst_micro_usd": worst, "after_micro_usd": 1 - worst},
    ]
    assert found.budget_after is not None
    assert found.budget_after.remaining_micro_usd == 1_000_000 - worst


def test_it_lets_a_step_cost_as_much_as_a_call_of_it_may_each_time() -> None:
    """The limit is about a call: tries that failed before do not count against it."""
    cap = told([ASK]).steps[0].cost.worst_micro_usd or 0
    one_call = cap // 3
    found = told([ASK], profile={"budget": {"per_run_micro_usd": None, "per_step_max_micro_usd": one_call}})
    assert found.feasible
