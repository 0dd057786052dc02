"""Pause starts nothing further, cancel and deadline stop for good; what is under way is called back and accounted for."""

from __future__ import annotations

import pytest

from runs.engine import events as e
from runs.engine.decisions import StartStep
from runs.engine.script import Lost, Ok, resume
from runs.engine.starting import AFTER_THE_DEADLINE_MS
from tests.engine.story import Story, play, s


def test_it_pauses_and_resumes() -> None:
    story = Story.admitted(s("a"), s("b", "work", "a"))
    assert story.tell(e.PauseRequested, by="bob") == ["pause"]
    assert story.refuses(e.PauseRequested) == "already_paused"
    # What is under way goes on; nothing follows it.
    assert story.status() == "running"
    assert story.ok("a") == []
    assert (story.status(), story.state.waiting_for, story.state.wake_at_ms()) == ("waiting", "paused", None)
    assert story.tell(e.ResumeRequested) == ["resume", "start b"]
    assert story.refuses(e.ResumeRequested) == "not_paused"


def test_it_ends_a_paused_run_whose_last_step_ends() -> None:
    story = Story.admitted(s("a"))
    story.tell(e.PauseRequested)
    assert story.ok("a") == ["finish"]


def test_it_queues_what_comes_due_during_a_pause() -> None:
    story = Story.admitted(s("a", "look"))
    story.fail("a", "TIMEOUT", "acked")
    story.tell(e.PauseRequested)
    assert story.wake() == []
    assert story.state.waiting_for == "paused"
    assert story.tell(e.ResumeRequested) == ["resume", "start a"]


def test_it_cancels_at_once_where_nothing_is_under_way() -> None:
    story = Story.admitted(s("a", "wipe"), s("b", "work", "a"))
    assert story.tell(e.CancelRequested, by="bob", reason="wrong customer") == ["cancel", "finish"]
    assert story.ending == ("cancelled", "CANCELLED")
    assert story.state.failure is not None
    assert story.state.failure.message == "wrong customer"
    assert story.status("a", "b") == "cancelled cancelled"
    # The wait for the approval is over, too.
    assert story.state.steps["a"].waits[-1][2] == story.now


def test_it_calls_back_a_read_and_then_ends() -> None:
    story = Story.admitted(s("a", "look"), s("b"))
    assert story.tell(e.CancelRequested) == ["cancel", "cancel_step a", "cancel_step b"]
    assert story.refuses(e.CancelRequested) == "already_stopping"
    assert story.refuses(e.PauseRequested) == "already_stopping"
    assert story.status() == "running"
    assert story.fail("a", "CANCELLED", "maybe_sent") == []
    assert story.ok("b") == ["finish"]
    assert story.status("a", "b") == "cancelled succeeded"


@pytest.mark.parametrize(
    ("phase", "status"),
    [
        pytest.param("not_sent", "cancelled", id="it had not left the house"),
        pytest.param("maybe_sent", "in_doubt", id="it may have happened"),
    ],
)
@pytest.mark.parametrize("skill", ["pay", "ship"])
def test_it_says_what_became_of_a_write_it_called_back(skill: str, phase: str, status: str) -> None:
    story = Story.admitted(s("a", skill))
    story.tell(e.CancelRequested)
    decided = story.fail("a", "CANCELLED", phase)
    assert decided == (["hold_doubt a", "finish"] if status == "in_doubt" else ["finish"])
    assert story.status("a") == status
    assert story.ending == ("cancelled", "CANCELLED")


def test_it_is_not_talked_out_of_a_cancellation() -> None:
    story = Story.admitted(s("a", "wipe"), s("b", "wipe", on_error="escalate", approval="never"), s("c", "look"))
    story.fail("b", "NOT_FOUND", "acked")
    story.tell(e.CancelRequested)
    # People still answer what they were asked; nothing starts, and the run ends as cancelled.
    assert story.tell(e.ApprovalDecided, "a", story.state.steps["a"].action_hash, True) == ["resume a"]
    assert story.tell(e.AnswerGiven, "b", {"action": "abort"}) == ["abort b"]
    assert story.fail("c", "CANCELLED") == ["finish"]
    assert story.ending == ("cancelled", "CANCELLED")
    assert story.status("a", "b", "c") == "cancelled failed cancelled"


def test_it_cancels_between_the_question_for_a_price_and_its_answer() -> None:
    story = Story.admitted(s("a", "model"), granted=100)
    assert story.tell(e.CancelRequested) == ["cancel"]
    assert story.tell(e.CostBounded, "a", 1, 10) == ["finish"]
    assert story.status("a") == "cancelled"


def test_it_cancels_while_planning() -> None:
    story = Story(e.RunAccepted(0, "r", e.Terms(), goal="g"))
    assert story.tell(e.CancelRequested) == ["cancel", "cancel_step $plan"]
    # A plan that still comes is not gone into.
    assert story.tell(e.PlanProposed, {"steps": [s("a")]}) == ["finish"]
    assert story.state.plan is None


def test_it_cancels_while_admitting() -> None:
    story = Story(e.RunAccepted(0, "r", e.Terms(), plan={"steps": [s("a")]}))
    assert story.tell(e.CancelRequested) == ["cancel", "cancel_step $admit"]
    assert story.tell(e.RunAdmitted, {"a": e.Pin("work", "1")}, "h") == ["finish"]
    # What was reserved is known, so that it can be given back.
    assert story.state.admitted
    assert story.status("a") == "cancelled"


def test_it_waits_for_the_ledger_before_it_ends() -> None:
    story = Story.admitted(s("a", "model"), granted=1)
    story.tell(e.CostBounded, "a", 1, 5)
    assert story.tell(e.CancelRequested) == ["cancel"]
    assert story.tell(e.ReservationExtended, 5) == ["finish"]
    assert story.state.granted_micro_usd == 5


# Deadlines


def test_it_stops_at_the_deadline_while_running() -> None:
    story = Story.admitted(s("a", "look"), deadline_at_ms=1_000)
    # A call gets no more time than the run has left, and a little: the run is to be found late, not the call.
    assert story.decision(StartStep).timeout_ms == 1_000 + AFTER_THE_DEADLINE_MS - story.now
    assert story.wake() == ["abort", "cancel_step a"]
    # Once.
    assert story.state.wake_at_ms() is None
    assert story.fail("a", "CANCELLED") == ["finish"]
    assert story.ending == ("failed", "DEADLINE_EXCEEDED")


def test_it_stops_at_the_deadline_while_waiting_for_a_person() -> None:
    story = Story.admitted(s("a", "wipe"), deadline_at_ms=1_000)
    assert story.state.wake_at_ms() == 1_000
    assert story.wake() == ["abort", "finish"]
    assert story.ending == ("failed", "DEADLINE_EXCEEDED")
    assert story.status("a") == "cancelled"


def test_it_stops_at_the_deadline_while_paused() -> None:
    story = Story.admitted(s("a", "wipe"), deadline_at_ms=1_000)
    story.tell(e.PauseRequested)
    assert story.wake() == ["abort", "finish"]


def test_it_keeps_a_write_that_the_deadline_cut_in_doubt() -> None:
    story = Story.admitted(s("a", "pay"), deadline_at_ms=1_000)
    story.wake()
    assert story.fail("a", "CANCELLED", "maybe_sent") == ["hold_doubt a", "finish"]
    assert story.status("a") == "in_doubt"


def test_it_ignores_a_bell_that_rings_for_nothing() -> None:
    story = Story.admitted(s("a"))
    assert story.refuses(e.TimeCame) == "nothing_due"


def test_it_plays_a_pause_in_the_script_world() -> None:
    state, _ = play(s("a"), s("b", "work", "a"), outside=[e.PauseRequested(5)], people={"$run": resume()}, outcomes={"a": [Lost(), Ok()]})
    assert state.status == "succeeded"
