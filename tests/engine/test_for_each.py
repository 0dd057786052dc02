"""A step with for_each is one call per item under the same limit; its result is the list of theirs, in order."""

from __future__ import annotations

from typing import Any

import pytest

from runs.engine.decisions import Deny
from runs.engine.script import Fail, Ok, answer, approve
from tests.engine.story import Story, kinds, play, rules, s, starts

LOOP: dict[str, Any] = {"for_each": "${inputs.all}", "params": {"it": "${item}", "at": "${index}"}}
THREE = {"all": ["x", "y", "z"]}


def test_it_unfolds_under_the_parallel_limit_and_collects_in_order() -> None:
    story = Story.admitted(s("each", **LOOP), s("after", "work", "each"), max_parallel=2, inputs=THREE)
    # Two items at a time, each with its own parameters.
    assert kinds(story.decisions) == ["start each#0", "start each#1"]
    assert story.state.steps["each#1"].params == {"it": "y", "at": 1}
    # They may end in any order.
    assert story.ok("each#1", "Y") == ["start each#2"]
    assert story.ok("each#2", "Z") == []
    assert story.status("each", "after") == "running pending"
    # The last one ends the step, and frees who waits for it.
    assert story.ok("each#0", "X") == ["start after"]
    assert story.state.steps["each"].result == ["X", "Y", "Z"]
    assert story.ok("after") == ["finish"]


def test_it_is_done_at_once_with_nothing_to_do() -> None:
    state, journal = play(s("each", **LOOP), s("after", params={"x": "${steps.each.result}"}), inputs={"all": []})
    assert state.steps["each"].result == []
    assert state.steps["after"].params == {"x": []}
    assert [key for key, _, _ in starts(journal)] == ["after"]


@pytest.mark.parametrize(
    ("inputs", "code", "rule"),
    [
        pytest.param({"all": [1, 2, 3, 4]}, "CONTENT_TOO_LARGE", "for_each_too_many", id="too many"),
        pytest.param({"all": {"a": 1}}, "INVALID_REFERENCE", "for_each_unresolved", id="no list"),
        pytest.param({}, "INVALID_REFERENCE", "for_each_unresolved", id="nothing there"),
    ],
)
def test_it_denies_what_it_cannot_walk_through(inputs: dict[str, Any], code: str, rule: str) -> None:
    story = Story.admitted(s("each", max_items=3, **LOOP), inputs=inputs)
    assert kinds(story.decisions) == ["deny each"]
    deny = story.decision(Deny)
    assert (deny.code, deny.rule) == (code, rule)
    assert story.denied("each") == ["no_retry each", "abort each", "finish"]


def test_it_leaves_a_gap_where_an_item_failed_and_the_step_continues() -> None:
    state, _ = play(s("each", on_error="continue", **LOOP), inputs=THREE, outcomes={"each": Ok("done"), "each#1": Fail("NOT_FOUND")})
    assert state.steps["each"].result == ["done", None, "done"]
    assert state.steps["each"].status == "succeeded"
    # One item is missing, and the run says so.
    assert state.status == "partial"


def test_it_fails_when_every_item_failed() -> None:
    state, _ = play(s("each", on_error="continue", **LOOP), inputs=THREE, outcomes={"each": Fail("NOT_FOUND")})
    assert state.steps["each"].failure is not None
    assert (state.steps["each"].status, state.steps["each"].failure.code, state.status) == ("failed", "NOT_FOUND", "failed")


@pytest.mark.parametrize("failing", [pytest.param(0, id="the first item"), pytest.param(2, id="the last item")])
def test_it_fails_with_the_item_that_aborts(failing: int) -> None:
    outcomes = {"each": Ok("done"), f"each#{failing}": Fail("NOT_FOUND", after_ms=20)}
    state, journal = play(s("each", on_error="abort", **LOOP), inputs=THREE, outcomes=outcomes)
    assert (state.steps["each"].status, state.status) == ("failed", "failed")
    assert rules(journal)[-2:] == [f"abort each#{failing}:on_error", "finish :stopped"]


def test_it_calls_the_other_items_back_when_one_aborts() -> None:
    story = Story.admitted(s("each", **LOOP), inputs=THREE)
    assert story.fail("each#1", "NOT_FOUND") == ["no_retry each#1", "abort each#1", "cancel_step each#0", "cancel_step each#2"]
    assert story.fail("each#0", "CANCELLED") == []
    assert story.fail("each#2", "CANCELLED") == ["finish"]
    assert story.status("each", "each#0", "each#1", "each#2") == "failed cancelled failed cancelled"


def test_it_judges_a_condition_per_item_where_it_speaks_of_one() -> None:
    state, journal = play(
        s("each", condition="item.go && index < 2", for_each="${inputs.all}"),
        inputs={"all": [{"go": True}, {"go": False}, {"go": True}]},
        outcomes={"each": Ok("done")},
    )
    assert [key for key, _, _ in starts(journal)] == ["each#0"]
    assert state.steps["each"].result == ["done", None, None]
    assert state.status == "succeeded"


def test_it_judges_a_condition_once_where_it_speaks_of_none() -> None:
    state, journal = play(s("each", condition="inputs.item == 'go'", for_each="${inputs.all}"), inputs={"all": [1, 2], "item": "stay"})
    assert (starts(journal), state.steps["each"].status) == ([], "skipped")


def test_it_denies_the_item_whose_condition_fails() -> None:
    state, journal = play(
        s("each", condition="item.go", for_each="${inputs.all}", on_error="continue"), inputs={"all": [{"go": True}, {"stop": True}]}
    )
    assert "deny each#1:condition_failed" in rules(journal)
    assert (state.steps["each"].status, state.status) == ("succeeded", "partial")


def test_it_retries_asks_and_falls_back_per_item() -> None:
    state, _ = play(
        s("each", "wipe", on_error="fallback", fallback_skill="look", **LOOP),
        inputs=THREE,
        outcomes={"each#0": [Fail("CONNECTION_REFUSED"), Ok("again")], "each#1": [Fail("NOT_FOUND"), Ok("instead")], "each#2": Ok("first")},
        people={"each": approve()},
    )
    assert state.steps["each"].result == ["again", "instead", "first"]
    assert len({state.steps[f"each#{index}"].action_hash for index in range(3)}) == 3, "an approval is bound to one item"
    assert state.status == "succeeded"


def test_it_collects_the_answers_to_a_question_per_item() -> None:
    people = {"each#0": answer("red"), "each#1": answer("blue")}
    state, _ = play(s("each", "ask", for_each="${inputs.all}", params={"question": "${item}?"}), inputs={"all": ["a", "b"]}, people=people)
    assert state.steps["each"].result == ["red", "blue"]
