"""Plans that make data grow: a step that would hold too much is refused, the others go on, the run ends."""

from __future__ import annotations

from typing import Any

import pytest

from agents.plan.references import MAX_RENDERED, RenderedTooLarge, render
from runs.engine import starting
from runs.engine.script import Ok, ScriptWorld, accepted
from runs.engine.virtual import drive
from tests.engine.story import plan, s

LARGE = "x" * 3_000_000


def nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value


GROWING = [
    pytest.param("${steps.a.result}" * 3, LARGE, id="a text repeated"),
    pytest.param(["${steps.a.result}"] * 3, LARGE, id="a value referred to again and again"),
    pytest.param(["${steps.a.result}"] * 9, [0] * 1_000_000, id="a list of many small values"),
    pytest.param({"deep": "${steps.a.result}"}, nested(1, 128), id="a value too deep"),
]


@pytest.mark.parametrize(("params", "result"), GROWING)
def test_it_refuses_a_step_whose_parameters_grow_too_large(params: Any, result: Any) -> None:
    steps = [s("a"), s("b", params={"x": params}, on_error="continue"), s("c")]
    state, _ = drive(accepted(plan(*steps)), ScriptWorld(outcomes={"a": Ok(result)}))
    assert state.steps["b"].failure is not None
    assert state.steps["b"].failure.code == "CONTENT_TOO_LARGE"
    assert state.steps["c"].status == "succeeded"
    assert state.status == "partial"


def test_it_stops_a_run_that_gathers_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "MAX_SIZE", 30_000)
    steps = [s("a"), s("each", for_each="${steps.a.result}", max_items=20, params={"x": "item ${item}"}, on_error="continue")]
    state, _ = drive(accepted(plan(*steps)), ScriptWorld(outcomes={"a": Ok(["y" * 1_000] * 20)}))
    ends = [(step.status, step.failure and step.failure.code) for key, step in state.steps.items() if "#" in key]
    assert set(ends) == {("succeeded", None), ("failed", "CONTENT_TOO_LARGE")}
    assert state.finished


def test_it_fills_in_up_to_the_limit() -> None:
    assert len(render("${inputs.x}", lambda _: "x" * (MAX_RENDERED - 1))) == MAX_RENDERED - 1
    with pytest.raises(RenderedTooLarge):
        render("${inputs.x}", lambda _: "x" * MAX_RENDERED)
