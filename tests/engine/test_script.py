"""The script world answers as written: in order, per item, twice where it says so, and too late where a call was called back."""

from __future__ import annotations

import msgspec
import pytest

from runs.engine import events as e
from runs.engine.script import Fail, HandedBack, Lost, Ok, Outcome, Rejected, ScriptWorld, accepted, pins_of, verdict
from runs.engine.virtual import drive
from tests.engine.story import PINS, kinds, plan, play, rules, s, starts


def test_it_takes_one_line_a_call_and_then_succeeds_with_nothing() -> None:
    state, journal = play(s("a", "look"), outcomes={"a": [Fail("TIMEOUT")]})
    assert (len(starts(journal)), state.steps["a"].result) == (2, None)


def test_it_repeats_what_is_not_a_list() -> None:
    state, _ = play(s("a", "look", for_each="${inputs.all}"), inputs={"all": [1, 2]}, outcomes={"a": Ok(7), "a#1": Ok(8)})
    assert state.steps["a"].result == [7, 8], "an item's own line goes before its step's"


def test_it_delivers_twice_what_is_written_to_come_twice() -> None:
    _, journal = play(s("a"), s("b", "work", "a"), outcomes={"a": Ok(1, times=2)})
    assert rules(journal) == ["ignore a:not_under_way", "finish :all_steps_done"]


def test_it_reports_too_late_what_was_called_back() -> None:
    outcomes = {"a": Fail("NOT_FOUND"), "b": Ok(after_ms=500), "c": Ok(after_ms=800)}
    state, journal = play(s("a", on_error="abort"), s("b", "pay"), s("c"), outcomes=outcomes, cancels={"b": "maybe_sent"})
    assert [state.steps[key].status for key in "abc"] == ["failed", "in_doubt", "cancelled"]
    assert journal[-1].fact.at_ms < 500, "nobody waits for what was called back"


def test_it_loses_and_hands_back_whatever_is_asked() -> None:
    world = ScriptWorld(
        plan(s("a", "model"), s("b", "ship")),
        {"$plan": [Lost(), HandedBack()], "$admit": [Lost()], "b": [Lost(), Ok("sent")]},
        pins=PINS,
        bounds={"a": [Lost(), 5]},
        probes={"b": [Lost(), "unknown"]},
        people={"b": verdict("did_not_happen")},
    )
    state, journal = drive(accepted(), world)
    assert (state.status, state.steps["b"].result) == ("succeeded", "sent")
    assert kinds(decision for entry in journal for decision in entry.decisions).count("finish") == 1


def test_it_leaves_the_run_waiting_where_nobody_comes() -> None:
    state, _ = play(s("a"), outside=[e.PauseRequested(1)], outcomes={"a": [Lost()]})
    assert (state.status, state.waiting_for) == ("waiting", "paused")


@pytest.mark.parametrize("outcome", [Ok({"x": 1}), Fail("TIMEOUT", "maybe_sent"), Rejected("bad"), Lost(), HandedBack("acked", after_ms=5)])
def test_it_can_be_written_down(outcome: Outcome) -> None:
    assert msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome) == outcome


def test_it_pins_steps_and_their_fallbacks() -> None:
    pins = pins_of(plan(s("a", "look", fallback_skill="pay"), s("b", "unheard-of")), PINS)
    assert {key: pin.skill for key, pin in pins.items()} == {"a": "look", "a!fallback": "pay", "b": "unheard-of"}
    assert pins["b"].free
