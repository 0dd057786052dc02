"""A call that may not begin now waits for its rate, or for the end of a freeze; nothing of it is counted."""

from __future__ import annotations

import pytest

from runs.engine import events as e
from runs.engine.decisions import HoldBack
from runs.engine.script import Held, Ok, ScriptWorld, accepted, unfreeze
from runs.engine.virtual import drive
from tests.engine.story import Story, plan, play, rules, s, starts

AGENT = "agent:agt_1"


def test_it_waits_as_long_as_the_rate_says_and_spreads_those_that_wait() -> None:
    story = Story.admitted(s("a", "look"), s("b", "look"))
    assert story.tell(e.StartHeld, "a", 1, "RATE_LIMITED", AGENT, "20 a minute", 20, 4_000) == ["hold_back a"]
    held = story.decision(HoldBack)
    assert held.because == {"limit": 20, "retry_after_ms": 4_000}
    assert 4_000 <= held.delay_ms <= 5_000
    story.tell(e.StartHeld, "b", 1, "RATE_LIMITED", AGENT, "20 a minute", 20, 4_000)
    assert story.decision(HoldBack).delay_ms != held.delay_ms
    assert (story.state.waiting_for, story.state.steps["a"].reason) == ("timer", "rate")
    story.wake()
    story.wake()
    assert (story.status("a", "b"), story.state.calls) == ("running running", 2)
    # Two attempts, but no try that counts, no retry, no failure.
    assert (story.state.steps["a"].attempt, story.state.steps["a"].burned, story.state.retries) == (2, 0, 0)
    assert story.refuses(e.StartHeld, "a", 1, "FROZEN", AGENT) == "not_under_way"


def test_it_gives_back_the_money_it_held_while_it_waits() -> None:
    story = Story.admitted(s("a", "model"), granted=50)
    story.tell(e.CostBounded, "a", 1, 40)
    story.tell(e.StartHeld, "a", 1, "RATE_LIMITED", AGENT, retry_after_ms=10)
    assert (story.state.held_micro_usd, story.state.spent_micro_usd) == (0, 0)
    story.wake()
    assert story.state.held_micro_usd == 40


def test_it_is_let_through_in_the_end_however_often_it_was_held() -> None:
    state, journal = play(s("a", "pay"), outcomes={"a": [Held(retry_after_ms=500)] * 40 + [Ok(7)]}, terms={"approval_effects": ()})
    assert (state.status, state.steps["a"].result, len(starts(journal))) == ("succeeded", 7, 41)


def test_it_fails_by_the_rate_where_the_deadline_comes_first() -> None:
    state, journal = play(s("a", "look"), outcomes={"a": Held(retry_after_ms=5_000)}, terms={"deadline_at_ms": 3_000})
    assert (state.status, state.failure and state.failure.code) == ("failed", "RATE_LIMITED")
    assert "deny a:deadline_too_near" in rules(journal)


@pytest.mark.parametrize("key", ["a", "$admit", "$plan"])
def test_it_waits_until_a_freeze_is_lifted(key: str) -> None:
    world = ScriptWorld(plan(s("a")), {key: [Held(scope=AGENT), Ok()]}, people={"$run": [unfreeze(AGENT)]})
    state, journal = drive(accepted(None), world)
    assert state.status == "succeeded"
    assert f"hold_back {key}:frozen" in rules(journal)
    assert "resume :freeze_lifted" in rules(journal)


def test_it_says_that_it_is_paused_and_starts_nothing_before_the_freeze_is_lifted() -> None:
    story = Story.admitted(s("a", "look"))
    story.tell(e.StartHeld, "a", 1, "FROZEN", "skill:look", "it misbehaves")
    assert (story.status(), story.state.waiting_for, story.state.steps["a"].held_by) == ("waiting", "paused", "skill:look")
    assert story.state.wake_at_ms() is None
    assert story.refuses(e.FreezeLifted, AGENT) == "nothing_frozen"
    assert story.tell(e.FreezeLifted, "skill:look", "bob") == ["resume", "start a"]


def test_it_can_be_cancelled_while_it_is_frozen() -> None:
    story = Story.admitted(s("a", "look"))
    story.tell(e.StartHeld, "a", 1, "FROZEN", AGENT)
    assert story.tell(e.CancelRequested) == ["cancel", "finish"]
    assert story.ending[0] == "cancelled"


def test_a_run_that_is_stopping_waits_for_no_rate() -> None:
    story = Story.admitted(s("a", "look"))
    story.tell(e.CancelRequested)
    assert story.tell(e.StartHeld, "a", 1, "RATE_LIMITED", AGENT, retry_after_ms=10) == ["finish"]
    assert story.status("a") == "cancelled"
