"""Who waits for whom follows from what a step declares, refers to and asks about; a circle is found and named."""

from __future__ import annotations

from typing import Any

import pytest

from agents.plan.graph import dependencies, find_cycle, referenced_steps


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"depends_on": ["a", "b", "a"]}, ["a", "b"], id="declared, once each"),
        pytest.param(
            {"params": {"x": ["${steps.a.result}", {"y": "see ${steps.b.result.z} and ${steps.a.result}"}]}}, ["a", "b"], id="referred to"
        ),
        pytest.param({"fallback_params": {"x": "${steps.a.result}"}}, ["a"], id="referred to by its fallback"),
        pytest.param({"for_each": "${steps.a.result.items}"}, ["a"], id="looped over"),
        pytest.param({"condition": "steps.a.status == 'failed' || steps['b-c'].result.ok"}, ["a", "b-c"], id="asked about"),
        pytest.param(
            {"depends_on": ["b"], "params": {"x": "${steps.a.result}"}, "condition": "steps.b.result"}, ["b", "a"], id="in that order"
        ),
        pytest.param({"params": {"x": "$${steps.a.result} ${inputs.steps} steps.b"}}, [], id="only looking like it"),
        pytest.param({"params": {"x": "${steps.a}"}}, [], id="unreadable, left to validation"),
        pytest.param({"params": None, "for_each": None, "condition": None}, [], id="fields without a value"),
    ],
)
def test_it_finds_what_a_step_waits_for(step: dict[str, Any], expected: list[str]) -> None:
    assert dependencies(step) == expected


def test_it_finds_the_steps_values_refer_to() -> None:
    assert referenced_steps("${steps.a.result}", ["${steps.b.result}"], None, 5) == ["a", "b"]


@pytest.mark.parametrize(
    ("waits_for", "cycle"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"a": [], "b": ["a"], "c": ["a", "b"]}, None, id="a triangle is no circle"),
        pytest.param({"a": ["gone"]}, None, id="an unknown step is no circle"),
        pytest.param({"a": ["a"]}, ["a"], id="itself"),
        pytest.param({"a": ["b"], "b": ["a"]}, ["a", "b"], id="each other"),
        pytest.param({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}, ["a", "b", "c"], id="behind a way in"),
    ],
)
def test_it_finds_circles(waits_for: dict[str, list[str]], cycle: list[str] | None) -> None:
    assert find_cycle(waits_for) == cycle


def test_it_is_not_frightened_by_long_chains() -> None:
    # Deeper than Python would recurse.
    chain = {str(number): [str(number + 1)] for number in range(5_000)}
    assert find_cycle(chain) is None
    assert find_cycle(chain | {"5000": ["0"]}) is not None
