"""A simulation has no results: what reads one is taken to go ahead, however deep the unknown lies."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.plan.references import UNKNOWN
from runs.engine.script import Ok, ScriptWorld, accepted
from runs.engine.virtual import drive
from tests.engine.story import plan, rules, s, starts


def simulated(*steps: dict[str, Any], **script: Any) -> Any:
    first = msgspec.structs.replace(accepted(plan(*steps)), simulated=True)
    return drive(first, ScriptWorld(outcomes={step["step_id"]: Ok(UNKNOWN) for step in steps}, **script))


READERS = [
    pytest.param({"condition": "steps.a.result.n > 1"}, id="a condition on a result"),
    pytest.param({"condition": "steps.each.result[0].n > 1"}, id="a condition on the results of a loop"),
    pytest.param({"params": {"x": "${steps.a.result.deep[0].inside}"}}, id="a reference into a result"),
    pytest.param({"params": {"x": "it says ${steps.a.result.text}"}}, id="a text with a result"),
    pytest.param({"params": {"x": "they say ${steps.each.result}"}}, id="a text with the results of a loop"),
]


@pytest.mark.parametrize("reader", READERS)
def test_it_goes_ahead(reader: dict[str, Any]) -> None:
    state, journal = simulated(s("a"), s("each", for_each="${steps.a.result}", max_items=2), s("reads", "work", "each", **reader))
    assert rules(journal) == ["finish :all_steps_done"]
    assert [key for key, _, _ in starts(journal)] == ["a", "each#0", "each#1", "reads"]
    assert state.status == "succeeded"


def test_it_judges_a_condition_per_item_as_holding() -> None:
    _, journal = simulated(s("a"), s("each", for_each="${steps.a.result}", max_items=2, condition="item.go"))
    assert [key for key, _, _ in starts(journal)] == ["a", "each#0", "each#1"]
