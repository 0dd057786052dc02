"""A worker that dies or hands back loses no run: what may be repeated is, what may not is in doubt, nothing is done twice in silence."""

from __future__ import annotations

import pytest

from runs.engine import events as e
from runs.engine.decisions import AskApproval, Deny, ExtendReservation, HoldDoubt, Lost, ProbeStep, StartStep
from runs.engine.script import Fail, Ok
from runs.engine.script import Lost as LostCall
from tests.engine.story import Story, kinds, play, rules, s, starts


@pytest.mark.parametrize(
    "skill", [pytest.param("work", id="none"), pytest.param("look", id="read"), pytest.param("model", id="read, paid")]
)
def test_it_repeats_what_may_be_repeated(skill: str) -> None:
    state, journal = play(s("a", skill), outcomes={"a": [LostCall(), Ok("done")]})
    assert "lost a:repeatable_effect" in rules(journal)
    assert (state.steps["a"].result, [attempt for _, attempt, _ in starts(journal)]) == ("done", [1, 2])
    assert [attempt.status for attempt in state.steps["a"].attempts] == ["lost", "succeeded"]


@pytest.mark.parametrize(
    ("skill", "approval", "follows"),
    [
        pytest.param("pay", "policy", ["hold_doubt a"], id="write"),
        pytest.param("wipe", "never", ["hold_doubt a"], id="irreversible"),
        pytest.param("ship", "policy", ["hold_doubt a", "probe a"], id="write with a probe"),
    ],
)
def test_it_holds_in_doubt_what_may_not_be_repeated(skill: str, approval: str, follows: list[str]) -> None:
    story = Story.admitted(s("a", skill, approval=approval))
    assert story.tell(e.RunReclaimed) == follows
    assert story.decision(HoldDoubt).rule == "maybe_sent"
    # The dead worker's report, were it to come, would count no more.
    assert story.refuses(e.StepSucceeded, "a", 1, "done") == "not_under_way"


def test_it_ignores_a_reclaim_of_nothing() -> None:
    story = Story.admitted(s("a", "wipe"))
    assert story.refuses(e.RunReclaimed) == "nothing_under_way"


def test_it_counts_the_worst_case_of_a_call_nobody_reported() -> None:
    story = Story.admitted(s("a", "model"), granted=100)
    story.tell(e.CostBounded, "a", 1, 40)
    assert story.tell(e.RunReclaimed) == ["lost a", "start a"]
    assert story.decision(Lost).because == {"settled_micro_usd": 40}
    assert (story.state.spent_micro_usd, story.state.held_micro_usd) == (40, 40)
    # A third try would not fit any more.
    assert story.tell(e.RunReclaimed) == ["lost a", "wait a", "extend_reservation"]


def test_it_plans_again_when_the_planner_was_lost() -> None:
    story = Story(e.RunAccepted(0, "r", e.Terms(), goal="g"))
    assert story.tell(e.RunReclaimed) == ["lost $plan", "call_planner $plan"]
    assert story.refuses(e.PlanProposed, {"steps": [s("a")]}, 1) == "not_asked"
    assert story.tell(e.PlanProposed, {"steps": [s("a")]}, 2) == ["admit $admit"]


def test_it_admits_again_when_the_admission_was_lost() -> None:
    story = Story(e.RunAccepted(0, "r", e.Terms(), plan={"steps": [s("a")]}))
    assert story.tell(e.RunReclaimed) == ["lost $admit", "admit $admit"]
    assert story.refuses(e.RunAdmitted, {"a": e.Pin("work", "1")}, "h", 1) == "not_asked"
    assert story.tell(e.RunAdmitted, {"a": e.Pin("work", "1")}, "h", 2) == ["start a"]


def test_it_probes_again_when_the_probe_was_lost() -> None:
    story = Story.admitted(s("a", "ship"))
    story.tell(e.RunReclaimed)
    assert story.tell(e.RunReclaimed) == ["probe a"]
    assert story.decision(ProbeStep).rule == "reclaimed"
    assert story.tell(e.ProbeAnswered, "a", 1, "happened") == ["resolve a", "finish"]


def test_it_denies_again_when_the_denial_was_lost() -> None:
    story = Story.admitted(s("a", params={"x": "${inputs.nothing}"}))
    assert story.tell(e.RunReclaimed) == ["deny a"]
    assert (story.decision(Deny).code, story.decision(Deny).rule) == ("INVALID_REFERENCE", "reclaimed")
    assert story.denied("a") == ["no_retry a", "abort a", "finish"]


def test_it_asks_for_the_price_again_when_the_question_was_lost() -> None:
    story = Story.admitted(s("a", "model"), granted=100)
    assert story.tell(e.RunReclaimed) == ["bound_cost a"]
    assert story.tell(e.CostBounded, "a", 1, 10) == ["start a"]


def test_it_asks_the_ledger_again_when_its_answer_was_lost() -> None:
    story = Story.admitted(s("a", "model"), granted=100)
    story.tell(e.CostBounded, "a", 1, 130)
    first = story.decision(ExtendReservation)
    assert story.tell(e.RunReclaimed) == ["wait a", "extend_reservation"]
    # The very same question, so that the ledger finds its entry.
    assert story.decision(ExtendReservation) == first


def test_it_does_not_ask_people_again() -> None:
    story = Story.admitted(s("a", "wipe"), s("b"))
    asked = story.decision(AskApproval)
    assert story.tell(e.RunReclaimed) == ["lost b", "start b"]
    assert story.tell(e.ApprovalDecided, "a", asked.action_hash, True) == ["resume a", "start a"]


# Handed back


@pytest.mark.parametrize(
    ("skill", "phase", "follows", "rule"),
    [
        pytest.param("look", "maybe_sent", "lost a", "repeatable_effect", id="a read"),
        pytest.param("pay", "not_sent", "lost a", "not_sent", id="a write that had not left"),
        pytest.param("pay", "maybe_sent", "hold_doubt a", "maybe_sent", id="a write that may have"),
        pytest.param("pay", "acked", "hold_doubt a", "maybe_sent", id="a write that was acknowledged, its answer lost"),
    ],
)
def test_it_starts_nothing_between_handing_back_and_taking_over(skill: str, phase: str, follows: str, rule: str) -> None:
    story = Story.admitted(s("a", skill), s("b", "look"))
    key = story.state.steps["a"].idempotency_key
    assert story.tell(e.RunHandedBack) == []
    assert story.refuses(e.RunHandedBack) == "already_handed_back"
    assert story.tell(e.StepInterrupted, "a", 1, phase) == [follows]
    assert story.decisions[0].rule == rule
    assert story.refuses(e.StepInterrupted, "a", 1, phase) == "not_under_way"
    # What is over comes in still, but nothing follows it.
    assert story.ok("b") == []
    assert story.status() == "running"
    if follows == "lost a":
        assert story.tell(e.RunReclaimed) == ["start a"]
        assert story.decision(StartStep).idempotency_key == key
        assert story.decision(StartStep).attempt == 2
    else:
        assert story.tell(e.RunReclaimed) == []
        assert story.state.waiting_for == "in_doubt"


def test_it_settles_what_an_interrupted_call_cost() -> None:
    story = Story.admitted(s("a", "model"), granted=100)
    story.tell(e.CostBounded, "a", 1, 40)
    story.tell(e.RunHandedBack)
    story.tell(e.StepInterrupted, "a", 1, "maybe_sent", 15)
    assert (story.state.spent_micro_usd, story.state.held_micro_usd) == (15, 0)


def test_it_lets_a_person_cancel_a_run_nobody_holds() -> None:
    story = Story.admitted(s("a", "look"))
    story.tell(e.RunHandedBack)
    story.tell(e.StepInterrupted, "a", 1, "not_sent")
    assert story.tell(e.CancelRequested) == ["cancel", "finish"]


def test_it_loses_a_cancelled_call_without_repeating_it() -> None:
    story = Story.admitted(s("a", "look"), s("b", "pay"), s("c", "ship"))
    story.tell(e.CancelRequested)
    assert story.tell(e.RunReclaimed) == ["hold_doubt b", "hold_doubt c", "finish"]
    assert story.status("a", "b", "c") == "cancelled in_doubt in_doubt"


# Poisoned


def test_it_gives_up_a_run_that_kills_its_workers() -> None:
    story = Story.admitted(s("a", "look"), s("b", "pay"), s("c", "model"), s("d", "work", "a"), granted=100)
    story.tell(e.CostBounded, "c", 1, 40)
    assert story.tell(e.RunPoisoned, 4) == ["hold_doubt b", "finish"]
    assert story.ending == ("dead_lettered", "LEASE_LOST")
    # What may have happened is not called cancelled, and what was held is counted.
    assert story.status("a", "b", "c", "d") == "cancelled in_doubt cancelled cancelled"
    assert (story.state.spent_micro_usd, story.state.held_micro_usd) == (40, 0)
    assert story.refuses(e.RunPoisoned, 5) == "run_is_over"


def test_it_gives_up_a_poisoned_run_in_the_middle_of_a_probe() -> None:
    story = Story.admitted(s("a", "ship"))
    story.tell(e.RunReclaimed)
    assert story.tell(e.RunPoisoned, 4) == ["finish"]
    assert story.status("a") == "in_doubt"


# In doubt


@pytest.mark.parametrize(
    ("policy", "rule", "status"),
    [
        pytest.param("ask", "", "waiting", id="a person decides"),
        pytest.param("assume_happened", "resolve a:in_doubt_policy", "succeeded", id="assume it happened"),
        pytest.param("assume_not", "resolve a:in_doubt_policy", "succeeded", id="assume it did not, and call again"),
    ],
)
def test_it_settles_a_doubt_by_policy(policy: str, rule: str, status: str) -> None:
    state, journal = play(s("a", "pay"), outcomes={"a": [LostCall(), Ok()]}, terms={"in_doubt_policy": policy})
    assert state.status == status
    assert not rule or rule in rules(journal)
    assert len(starts(journal)) == (2 if policy == "assume_not" else 1)


def test_it_asks_the_probe_before_the_policy_and_the_policy_before_a_person() -> None:
    story = Story.admitted(s("a", "ship"))
    assert story.fail("a", "TIMEOUT", "maybe_sent") == ["hold_doubt a", "probe a"]
    assert story.refuses(e.ProbeAnswered, "a", 2, "happened") == "not_asked"
    # The probe does not know, the policy says ask: a person must say.
    assert story.tell(e.ProbeAnswered, "a", 1, "unknown") == []
    assert (story.status("a"), story.state.waiting_for) == ("in_doubt", "in_doubt")
    assert story.refuses(e.ProbeAnswered, "a", 1, "happened") == "not_asked"
    # The person looks again by the probe, which still does not know.
    assert story.tell(e.VerdictGiven, "a", "probe_again", by="bob") == ["probe a"]
    assert story.refuses(e.VerdictGiven, "a", "happened") == "not_in_doubt"
    story.tell(e.ProbeAnswered, "a", 1, "unknown")
    # It happened: the step is done with what the person found, and nothing is called again.
    assert story.tell(e.VerdictGiven, "a", "happened", by="bob", result={"id": 7}) == ["resolve a", "finish"]
    assert (story.status("a"), story.state.steps["a"].result, story.state.steps["a"].attempt) == ("succeeded", {"id": 7}, 1)


def test_it_calls_again_what_a_person_says_did_not_happen() -> None:
    story = Story.admitted(s("a", "pay"))
    key = story.decision(StartStep).idempotency_key
    assert story.fail("a", "TIMEOUT", "maybe_sent") == ["hold_doubt a"]
    assert story.refuses(e.VerdictGiven, "a", "probe_again") == "skill_has_no_probe"
    assert story.tell(e.VerdictGiven, "a", "did_not_happen", by="bob") == ["resolve a", "start a"]
    assert (story.decision(StartStep).attempt, story.decision(StartStep).idempotency_key) == (2, key)


@pytest.mark.parametrize(
    "doubt",
    [
        pytest.param({"probes": {"a": "did_not_happen"}}, id="the probe says so every time"),
        pytest.param({"terms": {"in_doubt_policy": "assume_not"}, "probes": {"a": "unknown"}}, id="the policy says so every time"),
    ],
)
def test_it_does_not_call_for_ever_what_never_happens(doubt: dict[str, dict[str, str]]) -> None:
    # Known not to have happened, a timeout is a failure like any other: counted, delayed, given up.
    state, journal = play(s("a", "ship"), outcomes={"a": Fail("TIMEOUT", phase="maybe_sent")}, **doubt)
    assert [attempt for _, attempt, _ in starts(journal)] == [1, 2]
    assert rules(journal, "hold_doubt", "probe", "resolve") == [
        "retry a:category_default",
        "no_retry a:attempts_exhausted",
        "abort a:default",
        "finish :stopped",
    ]
    assert (state.status, state.failure and state.failure.code) == ("failed", "TIMEOUT")


def test_it_does_not_repeat_what_would_not_help_though_it_did_not_happen() -> None:
    _, journal = play(s("a", "ship"), outcomes={"a": Fail("INVALID_RESPONSE", phase="maybe_sent")}, probes={"a": "did_not_happen"})
    assert len(starts(journal)) == 1
    assert "no_retry a:not_retryable" in rules(journal)


@pytest.mark.parametrize(
    ("answer", "status"),
    [("happened", "succeeded"), ("did_not_happen", "cancelled"), ("unknown", "in_doubt")],
)
def test_it_takes_the_probes_word_while_it_stops(answer: str, status: str) -> None:
    story = Story.admitted(s("a", "ship"))
    story.fail("a", "TIMEOUT", "maybe_sent")
    assert kinds(story.decisions) == ["hold_doubt a", "probe a"]
    assert story.tell(e.CancelRequested) == ["cancel"]
    assert story.tell(e.ProbeAnswered, "a", 1, answer)[-1] == "finish"
    assert story.status("a") == status


def test_it_keeps_other_steps_going_while_one_is_in_doubt() -> None:
    story = Story.admitted(s("a", "pay"), s("b"), s("c", "work", "b"), s("d", "work", "a"))
    story.fail("a", "TIMEOUT", "maybe_sent")
    assert story.ok("b") == ["start c"]
    assert story.ok("c") == []
    assert (story.status(), story.state.waiting_for, story.status("d")) == ("waiting", "in_doubt", "pending")
