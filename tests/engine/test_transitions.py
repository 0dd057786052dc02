"""Statuses move along the tables of state.py and nowhere else."""

from __future__ import annotations

import pytest

from runs.engine import events as e
from runs.engine.machine import step
from runs.engine.moves import IllegalMove, close, queue, wait
from runs.engine.script import accepted
from runs.engine.state import RUN_ENDED, RUN_TRANSITIONS, STEP_ENDED, STEP_TRANSITIONS, State
from tests.engine.story import Story, s

# What the contract names, and nothing else.
RUN_STATUSES = {"queued", "running", "waiting", "succeeded", "partial", "failed", "cancelled", "dead_lettered"}
STEP_STATUSES = {"pending", "running", "waiting", "succeeded", "failed", "skipped", "cancelled", "in_doubt"}


def test_it_knows_the_statuses_of_the_contract() -> None:
    assert set(RUN_TRANSITIONS) == RUN_STATUSES
    assert set(STEP_TRANSITIONS) == STEP_STATUSES
    assert {following for ways in RUN_TRANSITIONS.values() for following in ways} <= RUN_STATUSES
    assert {following for ways in STEP_TRANSITIONS.values() for following in ways} <= STEP_STATUSES


@pytest.mark.parametrize("status", sorted(RUN_ENDED))
def test_it_leaves_no_way_out_of_a_run_that_ended(status: str) -> None:
    assert not RUN_TRANSITIONS[status]


@pytest.mark.parametrize("status", sorted(STEP_ENDED))
def test_it_leaves_no_way_out_of_a_step_that_ended(status: str) -> None:
    assert not STEP_TRANSITIONS[status]


def test_it_can_end_from_everywhere_else() -> None:
    # A step in doubt may also stay so for ever: the end of its run settles nothing.
    assert all(ways & STEP_ENDED for status, ways in STEP_TRANSITIONS.items() if status not in STEP_ENDED)
    assert all(ways & RUN_ENDED for status, ways in RUN_TRANSITIONS.items() if status not in RUN_ENDED)


def ended() -> State:
    story = Story.admitted(s("a"), s("b", "work", "a"))
    story.ok("a")
    return story.state


def test_it_refuses_a_move_the_table_does_not_have() -> None:
    state = ended()
    with pytest.raises(IllegalMove):
        queue(state, state.steps["a"])
    with pytest.raises(IllegalMove):
        wait(state, state.steps["a"], "retry", 5)
    with pytest.raises(IllegalMove):
        close(state, state.steps["b"], "skipped")


def test_it_has_a_rule_for_every_fact() -> None:
    # Each fact is told to a run in its first moment: none of them raises.
    facts: list[e.Fact] = [
        e.RunAccepted(1, "r", e.Terms()),
        e.PlanProposed(1, {}, 9),
        e.PlanRejected(1, [], None, 9),
        e.RunAdmitted(1, {}, "", 9),
        e.CostBounded(1, "a", 1, 1),
        e.GrantAnswered(1, "a", 1),
        e.ReservationExtended(1, 1),
        e.ReservationRefused(1, 1, "run"),
        e.ToppedUp(1, 1, 1),
        e.StepSucceeded(1, "a", 1),
        e.StepFailed(1, "a", 1, "TIMEOUT"),
        e.StartHeld(1, "a", 1, "FROZEN", "agent:agt_1"),
        e.FreezeLifted(1, "agent:agt_1"),
        e.ReservationReturned(1),
        e.FundsFreed(1, "tenant:ten_1"),
        e.StepInterrupted(1, "a", 1, "not_sent"),
        e.RunHandedBack(1),
        e.RunReclaimed(1),
        e.ProbeAnswered(1, "a", 1, "unknown"),
        e.VerdictGiven(1, "a", "happened"),
        e.ApprovalDecided(1, "a", "", True),
        e.AnswerGiven(1, "a", None),
        e.CancelRequested(1),
        e.PauseRequested(1),
        e.ResumeRequested(1),
        e.TimeCame(1),
        e.RunPoisoned(1, 3),
    ]
    assert {type(fact) for fact in facts} == set(e.AnyFact.__args__)
    for fact in facts:
        state, _ = step(None, accepted({"steps": [s("a")]}))
        state, decisions = step(state, fact)
        assert state.status in RUN_STATUSES
        assert isinstance(decisions, tuple)


def test_it_never_lets_time_run_backwards() -> None:
    story = Story.admitted(s("a", "look"))
    story.now = 1_000
    story.fail("a", "TIMEOUT", "acked")
    due = story.state.wake_at_ms()
    # A clock that was set back delays nothing and brings nothing forward.
    story.take(e.PauseRequested(5))
    assert story.state.now_ms > 1_000
    assert story.state.wake_at_ms() == due
