"""Alternatives: only what is really there and better, at what it would really cost, and what would still stop it."""

from __future__ import annotations

from typing import Any

import pytest

from agents.contracts import AgentProfile
from runs.contracts.simulation import PlanAlternative, Simulation
from runs.history.measured import History, Sample, Seen
from runs.simulation.setting import Setting
from runs.simulation.simulating import simulated

OPUS = {"provider": "anthropic", "model": "claude-opus-4-5"}


def ask(step_id: str = "ask", **params: Any) -> dict[str, Any]:
    return {"step_id": step_id, "skill": "llm_invoke", "params": {"prompt": "say hello", "max_tokens": 100, **params}}


def told(*steps: dict[str, Any], config: dict[str, Any] | None = None, profile: dict[str, Any] | None = None, **setting: Any) -> Simulation:
    means = {"skill_config": {"llm_invoke": config or OPUS}, "budget": {"per_run_micro_usd": None}, **(profile or {})}
    return simulated({"steps": list(steps)}, Setting(profile=AgentProfile(**means), **setting))[0]


def of_kind(found: Simulation, kind: str) -> list[PlanAlternative]:
    return [each for each in found.alternatives if each.kind == kind]


def test_it_names_cheaper_models_of_the_provider_with_what_they_really_save() -> None:
    steps = [ask("one"), ask("two", max_tokens=900), {**ask("each", input="${item}"), "for_each": "${inputs.list}"}]
    found = told(*steps, inputs={"list": ["a", "bc"]})
    cheaper = of_kind(found, "cheaper_model")
    assert cheaper
    for way in cheaper:
        model = way.change["params"]["model"]
        assert model.startswith("claude-")
        again = told(*steps, config={**OPUS, "model": model}, inputs={"list": ["a", "bc"]})
        assert way.cost == again.cost, "pricing anew is simulating again"
        assert way.saving_micro_usd == (found.cost.worst_micro_usd or 0) - (again.cost.worst_micro_usd or 0) > 0
        assert way.step_ids == ["one", "two", "each"]
        assert way.verdict == "feasible"


@pytest.mark.parametrize(
    ("config", "why"),
    [
        pytest.param({"provider": "extractive"}, "nothing is cheaper than free", id="free already"),
        pytest.param({"provider": "anthropic", "model": "claude-haiku-5-5"}, "nothing is cheaper", id="the cheapest there is"),
        pytest.param({**OPUS, "base_url": "http://llm.example"}, "who knows what answers there", id="an endpoint of one's own"),
        pytest.param({**OPUS, "price": {"input": 10, "output": 10}}, "other prices are not stated", id="a price of one's own"),
    ],
)
def test_it_names_no_model_where_none_is_known_to_be_there(config: dict[str, Any], why: str) -> None:
    assert of_kind(told(ask(), config=config), "cheaper_model") == [], why


def test_it_names_no_model_of_an_earlier_generation() -> None:
    models = {way.change["params"]["model"] for way in of_kind(told(ask()), "cheaper_model")}
    assert not {model for model in models if model.startswith(("claude-2", "claude-3"))}


def test_it_says_what_is_free_at_a_lower_quality() -> None:
    found = told(ask(), {"step_id": "take", "skill": "json_transform", "params": {"input": 1}}, budget_micro_usd=1)
    assert found.verdict == "budget_insufficient"
    (way,) = of_kind(found, "degraded")
    assert way.change == {"params_by_step": {"ask": {"provider": "extractive"}}}
    assert (way.saving_micro_usd, way.verdict, way.step_ids) == (found.cost.worst_micro_usd, "feasible", ["ask"])


def test_it_finds_a_way_where_no_price_is_known() -> None:
    found = told(ask(), config={"provider": "anthropic", "model": "nobody-knows-7b"})
    (way,) = of_kind(found, "degraded")
    assert (way.saving_micro_usd, way.verdict) == (None, "feasible")


def test_it_says_how_much_larger_a_budget_must_be() -> None:
    found = told(ask(), budget_micro_usd=100)
    (way,) = of_kind(found, "larger_budget")
    assert way.change == {"scope": "run", "by_micro_usd": (found.cost.worst_micro_usd or 0) - 100}
    assert told(ask(), budget_micro_usd=100 + way.change["by_micro_usd"]).feasible


def test_it_does_more_at_once_only_where_that_makes_it_in_time() -> None:
    steps = [{"step_id": f"c{number}", "skill": "http_call", "params": {"url": f"https://example.com/{number}"}} for number in range(20)]
    found = told(*steps, profile={"max_parallel_steps": 2}, deadline_ms=1_500)
    assert found.verdict == "deadline_insufficient"
    (way,) = of_kind(found, "parallel_steps")
    assert way.verdict == "feasible"
    assert told(*steps, profile={"max_parallel_steps": way.change["max_parallel_steps"]}, deadline_ms=1_500).feasible
    chain = [{**step, "depends_on": [f"c{place - 1}"] if place else []} for place, step in enumerate(steps)]
    assert of_kind(told(*chain, profile={"max_parallel_steps": 2}, deadline_ms=1_500), "parallel_steps") == [], "it would not help"
    assert of_kind(told(*steps, profile={"max_parallel_steps": 2}), "parallel_steps") == [], "it is not needed"


def test_it_names_nothing_where_nothing_is_better() -> None:
    free = {"step_id": "take", "skill": "json_transform", "params": {"input": 1}}
    assert told(free).alternatives == []


def test_it_says_what_would_still_stop_it() -> None:
    found = told(ask(), profile={"blocked_skills": ["llm_invoke"]}, budget_micro_usd=1)
    assert {way.verdict for way in found.alternatives} == {"permission_denied"}


def test_it_prices_by_history_what_costs_less_by_history() -> None:
    history = History()
    history.fold(Seen([Sample(900, 50)] * 400, calls=400), 0.0)
    measured = history.measured()
    assert measured is not None
    found = told(ask(), history=lambda skills: {("llm_invoke", "1.0.0"): measured})
    (way,) = of_kind(found, "degraded")
    assert way.cost is not None
    assert (way.cost.expected_micro_usd, way.cost.worst_micro_usd) == (0, 0)
    assert found.cost.expected_micro_usd == 50
