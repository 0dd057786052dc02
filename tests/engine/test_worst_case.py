"""What a simulation says a plan may cost at most is never passed, whatever its calls come to; nor what it says of a model."""

from __future__ import annotations

from runs.engine.simulate import Forecast, forecasts
from runs.engine.state import State
from runs.engine.virtual import drive
from tests.engine.gamble import INPUTS, Gamble

RUNS = 500


def predicted(gamble: Gamble) -> dict[str, Forecast]:
    found = forecasts(plan=gamble.plan, pins=gamble.pins, terms=gamble.terms, inputs=INPUTS, model=gamble.model)
    return {str(case): forecast for case, forecast in found.items()}


def run(gamble: Gamble) -> State:
    state, _ = drive(gamble.accepted(), gamble.world())
    assert state.finished, f"{state.status} {state.waiting_for}"
    return state


def test_it_is_never_less_than_what_a_run_costs() -> None:
    paid = reached = 0
    for seed in range(RUNS):
        gamble = Gamble(seed)
        worst, state = predicted(gamble)["worst"], run(gamble)
        assert state.spent_micro_usd <= worst.cost_micro_usd, f"run {seed}"
        for model, spent in state.spent_by_model.items():
            assert spent <= worst.cost_by_model.get(model, 0), f"run {seed} on {model}"
        for node, cost in worst.step_cost.items():
            assert sum(step.cost_micro_usd for step in state.steps.values() if step.node == node) <= cost, f"run {seed}, step {node}"
        paid += state.spent_micro_usd > 0
        reached += state.spent_micro_usd > 0 and state.spent_micro_usd * 3 >= worst.cost_micro_usd
    assert paid > RUNS // 2
    assert reached > RUNS // 50, "a bound nothing comes near is no bound worth having"
