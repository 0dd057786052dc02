"""The plan as a graph: steps in layers by what they wait for, arrows that run beside the boxes, and the same in words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.console.run.graph_view import BOX_HEIGHT, BOX_WIDTH, MARGIN, STEPS_SHOWN, Node, graph_of, layers_of, nodes_of
from tests.console.traces import a_step


def steps(**needs: str) -> list[dict[str, Any]]:
    """Return steps by their names, each with the names of those it waits for, between blanks."""
    return [a_step(name, "http_call", "succeeded", depends_on=words.split()) for name, words in needs.items()]


def layers(found: list[dict[str, Any]]) -> dict[str, int]:
    return layers_of({node.name: node for node in nodes_of(found)})


def boxes(graph: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {box["name"]: (box["x"], box["y"]) for box in graph["boxes"]}


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        pytest.param({"a": ""}, {"a": 0}, id="one"),
        pytest.param({"a": "", "b": "a", "c": "b"}, {"a": 0, "b": 1, "c": 2}, id="chain"),
        pytest.param({"a": "", "b": "a", "c": "a", "d": "b c"}, {"a": 0, "b": 1, "c": 1, "d": 2}, id="diamond"),
        pytest.param({"a": "", "b": "a", "c": "a b"}, {"a": 0, "b": 1, "c": 2}, id="the longest way counts"),
        pytest.param({"b": "a", "a": ""}, {"a": 0, "b": 1}, id="in any order"),
        pytest.param({"a": "gone"}, {"a": 0}, id="waits for nobody there"),
        pytest.param({"a": "a"}, {"a": 0}, id="waits for itself"),
        pytest.param({"a": "", "b": "a c", "c": "b"}, {"a": 0, "b": 1, "c": 2}, id="a circle behind all others"),
    ],
)
def test_it_puts_a_step_behind_all_it_waits_for(plan: dict[str, str], found: dict[str, int]) -> None:
    assert layers(steps(**plan)) == found


def test_it_draws_a_box_per_step_with_icon_word_and_colour() -> None:
    graph = graph_of([a_step("$plan", "", "succeeded"), a_step("fetch", "http_call", "failed"), a_step("sum", "llm_invoke", "in_doubt")])
    shown = [(box["name"], box["skill"], box["icon"], box["word"], box["class"]) for box in graph["boxes"]]
    assert shown == [("fetch", "http_call", "✕", "failed", "aos-red"), ("sum", "llm_invoke", "?", "in doubt", "aos-violet")]
    assert graph["says"] == "2 steps in 1 layer"


def test_it_draws_layers_from_left_to_right_and_an_arrow_per_dependency() -> None:
    graph = graph_of(steps(a="", b="a", c="a", d="b c"))
    at = boxes(graph)
    assert at["a"][0] < at["b"][0] == at["c"][0] < at["d"][0]
    assert at["a"][1] == at["d"][1], "each layer stands in the middle"
    assert len(graph["arrows"]) == 4
    assert graph["arrows"][0].startswith(f"M{MARGIN + BOX_WIDTH},"), "from the end of a box"


def test_it_draws_a_long_plan_from_top_to_bottom() -> None:
    graph = graph_of(steps(a="", b="a", c="b", d="c", e="d"))
    assert [x for x, _ in boxes(graph).values()] == [MARGIN] * 5
    assert sorted(y for _, y in boxes(graph).values()) == [y for _, y in boxes(graph).values()]
    assert graph["width"] == BOX_WIDTH + 2 * MARGIN


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+),([\d.]+)", path)]


def test_an_arrow_over_a_layer_runs_beside_its_boxes() -> None:
    graph = graph_of(steps(a="", b="a", c="a b"))
    x, y = boxes(graph)["b"]
    (over,) = (path for path in graph["arrows"] if "L" in path)
    beside = [across for along, across in points(over) if x <= along <= x + BOX_WIDTH]
    assert beside
    assert all(across < y or across > y + BOX_HEIGHT for across in beside)


def test_it_shows_the_items_of_a_loop_as_one_step() -> None:
    items = [a_step(f"each#{n}", "http_call", "succeeded") for n in range(12)]
    (node,) = nodes_of([a_step("each", "http_call", "running"), *items])
    assert node == Node("each", "http_call", "running", (), 12)
    assert graph_of([a_step("each", "http_call", "running")])["boxes"][0]["class"] == "aos-blue aos-open"


def test_it_says_the_gravest_where_only_items_are_known() -> None:
    found = nodes_of([a_step("each#0", "s", "succeeded"), a_step("each#1", "s", "in_doubt"), a_step("each#2", "s", "failed")])
    assert [node.status for node in found] == ["in_doubt"]


def test_it_draws_the_first_sixty_and_says_so() -> None:
    graph = graph_of([a_step(f"s{n}", "http_call", "pending") for n in range(200)])
    assert len(graph["boxes"]) == len(graph["lines"]) == STEPS_SHOWN
    assert graph["cut"] == "The first 60 of 200 steps; the table of steps below has them all."
    assert graph_of(steps(a=""))["cut"] == ""


def test_it_draws_nothing_where_there_is_no_plan() -> None:
    assert graph_of([]) == graph_of([a_step("$plan", "", "running")]) == {}


def test_it_cuts_long_names_in_the_box_and_says_them_whole_beside_it() -> None:
    name = "a-step-with-a-name-nobody-would-want-to-type"
    graph = graph_of([a_step(name, "http_call", "pending", depends_on=["gone"])])
    (box,) = graph["boxes"]
    assert box["name"] == "a-step-with-a-name-n…"
    assert box["whole"] == f"{name}: pending, http_call"
    assert [(line["name"], line["after"]) for line in graph["lines"]] == [(name, "gone")]


@given(st.lists(st.lists(st.integers(0, 14), max_size=4), min_size=1, max_size=15))
def test_no_two_boxes_overlap_and_all_stand_on_the_sheet(needs: list[list[int]]) -> None:
    graph = graph_of([a_step(f"s{n}", "k", "pending", depends_on=[f"s{m}" for m in found]) for n, found in enumerate(needs)])
    at = list(boxes(graph).values())
    assert len(at) == len(needs)
    assert all(x >= 0 and y >= 0 and x + BOX_WIDTH <= graph["width"] and y + BOX_HEIGHT <= graph["height"] for x, y in at)
    for position, (x, y) in enumerate(at):
        assert all(abs(x - other) >= BOX_WIDTH or abs(y - below) >= BOX_HEIGHT for other, below in at[position + 1 :])
