"""A plan made ready to be played: every result the plan reads is there, loops are short, conditions on results hold."""

from __future__ import annotations

from typing import Any

import pytest

from runs.faults.playing import play
from runs.faults.rehearsal import rehearse
from tests.engine.rehearsed import stage
from tests.engine.story import s

STORIES: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "a field": ([s("a"), s("b", "read", params={"x": "${steps.a.result.body.id}"})], {}),
    "a whole result and a field": ([s("a"), s("b", "read", params={"x": "${steps.a.result}", "y": "${steps.a.result.z}"})], {}),
    "a place in a list": ([s("a"), s("b", "read", params={"x": "${steps.a.result.rows[3].name}"})], {}),
    "inside a text": ([s("a"), s("b", "read", params={"x": "see ${steps.a.result.url}!"})], {}),
    "a loop over a result": ([s("a"), s("b", "read", for_each="${steps.a.result.rows}", params={"x": "${item.id}"})], {}),
    "a loop over a whole result": ([s("a"), s("b", "read", for_each="${steps.a.result}", params={"x": "${item}"})], {}),
    "a loop over a loop": (
        [
            s("a"),
            s("b", "read", for_each="${steps.a.result.rows}", params={"x": "${item.id}"}),
            s("c", "read", for_each="${steps.b.result}", params={"x": "${item.name}"}),
            s("d", "read", params={"x": "${steps.b.result[1].deep}", "y": "${steps.c.result}"}),
        ],
        {},
    ),
    "a loop over inputs": (
        [s("a", "read", for_each="${inputs.rows}", params={"x": "${item.id}"})],
        {"rows": [{"id": n} for n in range(9)]},
    ),
    "a condition on a result": ([s("a"), s("b", "read", condition="steps.a.result.count > 3")], {}),
    "a condition on an item": (
        [s("a"), s("b", "read", for_each="${steps.a.result.rows}", params={"x": "${item.id}"}, condition="item.price < 3")],
        {},
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_without_faults_a_plan_comes_through_that_reads(name: str) -> None:
    steps, inputs = STORIES[name]
    state = play(stage(*steps, inputs=inputs)).state
    assert state is not None
    assert (state.status, state.failure) == ("succeeded", None)
    assert all(step.attempts for step in state.steps.values() if step.index is not None or state.nodes.get(step.node, None) is None)


def test_of_a_loop_two_items_are_played_and_that_is_said() -> None:
    steps, inputs = STORIES["a loop over inputs"]
    played = stage(*steps, inputs=inputs)
    assert played.rehearsal.assumed == ["of the 9 items of 'a' 2 are played"]
    state = play(played).state
    assert state is not None and state.steps["a"].items == 2
    assert [state.steps[f"a#{index}"].params for index in (0, 1)] == [{"x": 0}, {"x": 1}]


def test_a_condition_that_goes_leaves_what_it_waits_for() -> None:
    plan = {"steps": [s("a"), s("b", "work", condition="steps.a.result.ok")]}
    ready = rehearse(plan, {})
    assert (ready.plan["steps"][1]["condition"], ready.plan["steps"][1]["depends_on"]) == (None, ["a"])
    assert ready.assumed == ["the condition of 'b' reads results and is taken to hold"]


def test_a_condition_on_how_a_step_ended_is_judged_as_in_a_run() -> None:
    plan = {"steps": [s("a"), s("b", "work", condition="steps.a.status == 'failed'")]}
    assert rehearse(plan, {}).plan["steps"][1]["condition"] == "steps.a.status == 'failed'"


def test_a_place_far_down_a_list_takes_no_memory() -> None:
    ready = rehearse({"steps": [s("a"), s("b", params={"x": "${steps.a.result[999999999]}"})]}, {})
    assert ready.results["a"] == []
