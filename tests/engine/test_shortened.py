"""Loops played short: fewer items, the same cost, the same calls, and about the same time as item by item."""

from __future__ import annotations

from typing import Any

import pytest

from agents.limits import Limit
from runs.engine import shortened as module
from runs.engine.events import Pin, Terms
from runs.engine.simulate import CallModel, Forecast, Trouble, forecast
from tests.engine.story import plan, s

PINS = {"look": Pin("look", "1.0.0", effect="read", free=False), "work": Pin("work", "1.0.0")}
LOOP = s("each", "look", "a", for_each="${steps.a.result.list}", max_items=300, params={"x": "${item}"})


def model(pin: Pin, params: Any) -> CallModel:
    return CallModel(1, 2, 0 if pin.free else 7, 10, 20, 40, troubles=(Trouble("TIMEOUT", {"mode": "RETRY_IMMEDIATE", "max_attempts": 2}),))


def played(case: Any, *steps: dict[str, Any], places: int = 8, **inputs: Any) -> Forecast:
    given = plan(*steps)
    pins = {step["step_id"]: PINS[step["skill"]] for step in steps}
    return forecast(case, plan=given, pins=pins, terms=Terms(max_parallel=places), inputs=inputs, model=model)


@pytest.fixture
def item_by_item(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be played short."""
    monkeypatch.setattr(module, "MOST_PLAYED", 10**9)


@pytest.mark.parametrize("case", ["low", "expected", "worst"])
@pytest.mark.parametrize("places", [1, 3, 8, 100, 200])
def test_it_costs_and_takes_as_much_as_item_by_item(case: Any, places: int, monkeypatch: pytest.MonkeyPatch) -> None:
    short = played(case, s("a"), LOOP, places=places)
    monkeypatch.setattr(module, "_alike", lambda *_: 0)
    whole = played(case, s("a"), LOOP, places=places)
    assert (short.cost_micro_usd, short.step_cost, short.calls) == (whole.cost_micro_usd, whole.step_cost, whole.calls)
    assert short.duration_ms == pytest.approx(whole.duration_ms, rel=0.02)


@pytest.mark.parametrize(
    ("step", "inputs", "items"),
    [
        pytest.param(LOOP, {}, 300, id="an unknown list"),
        pytest.param(s("each", "look", for_each="${inputs.list}", max_items=1_000), {"list": [1] * 900}, 900, id="a long known list"),
        pytest.param(s("each", "look", for_each="${inputs.list}"), {"list": [1, 2, 3]}, 3, id="a short known list"),
        pytest.param(s("each", "look", for_each="${inputs.list}"), {"list": []}, 0, id="an empty list"),
        pytest.param(s("each", "look", for_each="${inputs.list}", max_items=5), {"list": [1] * 6}, 0, id="a list too long to be taken"),
        pytest.param(s("each", "look", for_each="${inputs.list}"), {}, 0, id="no list"),
    ],
)
def test_it_counts_every_item(step: dict[str, Any], inputs: dict[str, Any], items: int) -> None:
    found = played("expected", s("a"), step, **inputs)
    assert found.calls == items + 1
    assert found.step_cost["each"] == 2 * items


@pytest.mark.parametrize(
    ("second", "calls"),
    [
        pytest.param(s("next", "look", for_each="${steps.each.result}", max_items=300), 300, id="goes through all of them again"),
        pytest.param(s("next", "look", for_each="${steps.each.result}", max_items=50), 50, id="takes fewer than there may be"),
        pytest.param(s("next", "look", params={"x": "${steps.each.result[250].y}"}), 1, id="reads one of the last"),
        pytest.param(s("next", "look", for_each="${steps.each.result[3].list}", max_items=9), 9, id="goes through a part of one"),
    ],
)
def test_it_plays_what_follows_a_loop(second: dict[str, Any], calls: int) -> None:
    found = played("expected", s("a"), LOOP, second)
    assert found.denied == []
    assert found.calls == 1 + 300 + calls
    assert found.step_cost["next"] == 2 * calls


def test_it_plays_few_items_of_many() -> None:
    """Two hundred loops of a thousand items are two hundred thousand calls; they are counted, not made one by one."""
    loops = [s(f"s{number}", "look", "a", for_each="${steps.a.result.list}", max_items=1_000) for number in range(199)]
    short = module.shortened(plan(s("a"), *loops), {}, 8)
    assert sum(step["max_items"] for step in short.plan["steps"][1:]) == 199 * 8
    assert played("expected", s("a"), *loops).calls == 199_001


def test_it_lets_a_limit_count_every_item() -> None:
    limit = Limit("skill:look", 60)

    def limited(pin: Pin, params: Any) -> CallModel:
        return CallModel(0, 0, 0, 10, 20, 40, limits=(limit,) if pin.skill == "look" else ())

    pins = {"a": PINS["work"], "each": PINS["look"]}
    found = forecast("expected", plan=plan(s("a"), LOOP), pins=pins, terms=Terms(), inputs={}, model=limited)
    assert found.calls_by_limit == {limit: 300}
    # The first 60 pass at once; the last of 300 in the fifth minute.
    assert 200_000 < found.duration_ms < 300_000
