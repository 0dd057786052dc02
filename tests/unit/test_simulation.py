"""What a simulation answers: cost in both units, time, what is left of the budget, and null where nobody knows."""

from __future__ import annotations

from typing import Any

import pytest

from agents.contracts import AgentProfile
from runs.contracts.simulation import Simulation
from runs.simulation import simulate_plan

FREE = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}
PRICED = {"steps": [{"step_id": "a", "skill": "llm_invoke", "params": {"prompt": "say hello", "max_tokens": 100}}]}
INVALID: dict[str, Any] = {"steps": [{"step_id": "a", "skill": "json_transform", "depends_on": ["nobody"]}]}


def simulated(plan: dict[str, Any], *, budget: int | None = 1_000_000, model: str = "claude-haiku-5-5") -> dict[str, Any]:
    profile = AgentProfile(budget={"per_run_micro_usd": None}, skill_config={"llm_invoke": {"provider": "anthropic", "model": model}})
    found: Simulation = simulate_plan(plan, profile=profile, inputs={}, budget_micro_usd=budget)
    return found.model_dump(mode="json")


def test_it_gives_costs_in_both_units_for_the_plan_and_for_each_step() -> None:
    found = simulated(PRICED)
    cost = found["cost"]
    assert 0 <= cost["low_micro_usd"] <= cost["expected_micro_usd"] < cost["worst_micro_usd"]
    assert cost["cents"] == {name: round(cost[f"{name}_micro_usd"] / 10_000, 4) for name in ("low", "expected", "worst")}
    assert found["steps"][0]["cost"] == cost


def test_it_gives_times_for_the_plan_and_for_each_step() -> None:
    found = simulated(FREE)
    took = found["duration"]
    assert set(took) == {"low_ms", "expected_ms", "worst_ms"}
    assert 0 < took["low_ms"] <= took["expected_ms"] <= took["worst_ms"]
    assert found["steps"][0]["duration"] == took


def test_it_says_what_the_worst_case_leaves_of_the_budget() -> None:
    found = simulated(PRICED, budget=100_000)
    left = 100_000 - found["cost"]["worst_micro_usd"]
    assert found["budget_after"] == {"remaining_micro_usd": left, "remaining_cents": round(left / 10_000, 4)}


def test_it_says_what_is_missing_of_the_budget() -> None:
    found = simulated(PRICED, budget=1)
    assert (found["verdict"], found["feasible"]) == ("budget_insufficient", False)
    assert found["budget_after"]["remaining_micro_usd"] == 1 - found["cost"]["worst_micro_usd"] < 0


def test_it_leaves_nothing_of_what_has_no_limit() -> None:
    assert simulated(PRICED, budget=None)["budget_after"] is None


def test_it_invents_no_number_where_no_price_is_known() -> None:
    found = simulated(PRICED, model="nobody-knows-7b")
    for cost in (found["cost"], found["steps"][0]["cost"]):
        assert (cost["expected_micro_usd"], cost["worst_micro_usd"]) == (None, None)
        assert (cost["cents"]["expected"], cost["cents"]["worst"]) == (None, None)
    assert found["budget_after"] is None
    assert found["blockers"][0]["code"] == "PRICE_UNKNOWN"


def test_it_knows_no_number_of_a_plan_it_could_not_go_through() -> None:
    found = simulated(INVALID)
    assert found["verdict"] == "plan_invalid"
    assert set(found["duration"].values()) == {None}
    assert {value for name, value in found["cost"].items() if name != "cents"} == set(found["cost"]["cents"].values()) == {None}
    assert (found["steps"], found["budget_after"]) == ([], None)


@pytest.mark.parametrize("plan", [FREE, PRICED, INVALID], ids=["free", "priced", "invalid"])
def test_it_gives_the_same_bytes_for_the_same_question(plan: dict[str, Any]) -> None:
    assert simulated(plan) == simulated(plan)
