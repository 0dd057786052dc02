"""Each of the ten recovery modes, as the machine carries it out."""

from __future__ import annotations

from typing import Any

import pytest

from runs.engine import events as e
from runs.engine.decisions import AskPerson, Fallback, HoldBack, OpenCircuit, Restore
from runs.engine.events import AnswerGiven, Pin
from runs.engine.replay import tape
from runs.engine.script import Fail, Ok
from skills.taxonomy import RecoveryMode
from tests.engine.story import Story, play, rules, s, starts


def advice(mode: RecoveryMode | str, **more: Any) -> dict[str, Any]:
    return {"mode": str(mode), "source": "code", "max_attempts": 2, "first_ms": 100, "cap_ms": 1_000, "factor": 2.0} | more


def down(mode: RecoveryMode | str, code: str = "TIMEOUT", **more: Any) -> Fail:
    return Fail(code, phase="acked", advice=advice(mode, **more))


USED_UP = ["retry a:advice_code", "no_retry a:attempts_exhausted"]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        pytest.param("RETRY_IMMEDIATE", [*USED_UP, "abort a:default"], id="at once"),
        pytest.param("RETRY_EXPONENTIAL", [*USED_UP, "abort a:default"], id="exponential"),
        pytest.param("RETRY_WITH_JITTER", [*USED_UP, "abort a:default"], id="with jitter"),
        pytest.param("CIRCUIT_BREAKER", [*USED_UP, "abort a:default"], id="circuit"),
        pytest.param("FALLBACK", ["no_retry a:not_retryable", "abort a:default"], id="fallback to nothing"),
        pytest.param("SKIP", ["no_retry a:not_retryable", "continue a:catalog"], id="skip"),
        pytest.param("ABORT", ["no_retry a:not_retryable", "abort a:default"], id="abort"),
        pytest.param("ESCALATE", ["no_retry a:not_retryable", "escalate a:catalog"], id="escalate"),
        pytest.param("MANUAL_INTERVENTION", ["no_retry a:not_retryable", "escalate a:catalog"], id="intervention"),
        pytest.param(
            "CHECKPOINT_RESTORE",
            [*USED_UP, "restore a:catalog", *USED_UP, "abort a:default"],
            id="checkpoint",
        ),
    ],
)
def test_it_carries_out_every_mode(mode: str, expected: list[str]) -> None:
    _, journal = play(s("a", "look"), outcomes={"a": down(mode)})
    assert rules(journal, "finish", "ask_person")[: len(expected)] == expected


def test_it_retries_at_once_or_after_a_wait_as_the_mode_says() -> None:
    for mode, waits in (("RETRY_IMMEDIATE", False), ("RETRY_EXPONENTIAL", True)):
        _, journal = play(s("a", "look"), outcomes={"a": [down(mode), Ok()]})
        (_, _, first), (_, _, second) = starts(journal)
        assert (second - first > 10) == waits


# Checkpoint


def test_it_begins_afresh_from_what_is_committed_with_its_attempts_counted_anew() -> None:
    state, journal = play(
        s("before"),
        s("a", "look", "before", params={"x": "${steps.before.result}"}),
        outcomes={"before": Ok(7), "a": [*[down("CHECKPOINT_RESTORE")] * 3, Ok("at last")]},
    )
    assert state.status == "succeeded"
    assert [(step, attempt) for step, attempt, _ in starts(journal)] == [("before", 1), ("a", 1), ("a", 2), ("a", 3), ("a", 4)]
    (restored,) = [d for _, decisions in journal for d in decisions if isinstance(d, Restore)]
    assert (restored.restores, restored.because["committed"]) == (1, ["before"])
    assert state.steps["a"].params == {"x": 7}


def test_it_begins_afresh_as_often_as_the_advice_says() -> None:
    _, journal = play(s("a", "look"), outcomes={"a": down("CHECKPOINT_RESTORE", max_restores=3)})
    assert len(starts(journal)) == 2 * 4


def test_it_never_repeats_an_effect_by_beginning_afresh() -> None:
    _, journal = play(s("a", "pay"), outcomes={"a": down("CHECKPOINT_RESTORE")})
    assert rules(journal, "finish") == ["no_retry a:unsafe_effect", "abort a:default"]
    assert len(starts(journal)) == 1


# Fallback as the catalog advises


def test_it_goes_on_with_other_parameters_of_the_same_skill() -> None:
    state, journal = play(
        s("a", "look", params={"url": "x", "model": "big"}),
        outcomes={"a": [down("FALLBACK", "LLM_REFUSED", fallback_params={"model": "small"}), Ok("other")]},
    )
    assert state.status == "succeeded"
    assert state.steps["a"].params == {"url": "x", "model": "small"}
    (fallback,) = [d for _, decisions in journal for d in decisions if isinstance(d, Fallback)]
    assert (fallback.rule, fallback.skill) == ("catalog", "look")


def test_it_goes_on_with_another_skill_the_fact_has_pinned() -> None:
    story = Story.admitted(s("a", "look", params={"x": 1}))
    other = Pin("work", "2.0.0")
    told = story.fail("a", "LLM_REFUSED", "acked", advice=advice("FALLBACK", fallback_params={"y": 2}), fallback=other)
    assert told == ["no_retry a", "fallback a", "start a"]
    started = story.decisions[-1]
    assert (started.skill, started.version) == ("work", "2.0.0")  # type: ignore[attr-defined]
    assert story.state.steps["a"].params == {"x": 1, "y": 2}
    assert story.fail("a", "LLM_REFUSED", "acked", advice=advice("FALLBACK", fallback_params={"y": 3})) == [
        "no_retry a",
        "abort a",
        "finish",
    ]


def test_it_does_not_give_this_skill_the_parameters_of_one_that_nobody_knows() -> None:
    story = Story.admitted(s("a", "look"))
    told = story.fail("a", "LLM_REFUSED", "acked", advice=advice("FALLBACK", fallback_skill="gone", fallback_params={"y": 2}))
    assert told == ["no_retry a", "abort a", "finish"]


def test_it_asks_again_where_the_other_skill_needs_approval() -> None:
    story = Story.admitted(s("a", "look"))
    story.fail("a", "LLM_REFUSED", "acked", advice=advice("FALLBACK"), fallback=Pin("wipe", "1.0.0", effect="irreversible"))
    assert story.status("a") == "waiting"
    assert story.state.steps["a"].reason == "approval"


def test_it_does_not_fall_back_to_what_the_agent_may_not_use() -> None:
    story = Story.admitted(s("a", "look"), blocked_skills=("work",))
    assert story.fail("a", "LLM_REFUSED", "acked", advice=advice("FALLBACK"), fallback=Pin("work", "1.0.0"))[-1] == "deny a"


# Intervention


def intervened() -> Story:
    story = Story.admitted(s("a", "pay", params={"x": 1}), s("b"))
    story.fail("a", "HTTP_4XX", "acked", advice=advice("MANUAL_INTERVENTION"))
    story.ok("b")
    return story


def test_it_asks_a_person_to_approve_modify_or_abort() -> None:
    story = Story.admitted(s("a"))
    story.fail("a", "HTTP_4XX", advice=advice("MANUAL_INTERVENTION"))
    asked = story.decision(AskPerson)
    assert (asked.rule, asked.form["properties"]["action"]["enum"]) == ("intervention", ["approve", "modify", "abort"])


def test_it_goes_on_as_the_person_says() -> None:
    story = intervened()
    assert (story.status(), story.state.waiting_for, story.state.steps["a"].reason) == ("waiting", "input", "intervention")
    assert story.refuses(AnswerGiven, "a", {"action": "skip"}) == "unknown_action"
    assert story.tell(AnswerGiven, "a", {"action": "modify", "params": {"x": 2}}, by="bob") == ["retry a", "start a"]
    assert story.state.steps["a"].params == {"x": 2}
    approved = intervened()
    assert approved.tell(AnswerGiven, "a", {"action": "approve"}, by="bob") == ["retry a", "start a"]
    aborted = intervened()
    assert aborted.tell(AnswerGiven, "a", {"action": "abort"}, by="bob") == ["abort a", "finish"]


def test_it_aborts_when_nobody_intervenes_in_time() -> None:
    story = intervened()
    assert story.wake() == ["abort a", "finish"]
    assert story.decisions[0].rule == "intervention_expired"


# Circuits


def test_it_records_that_a_failure_opened_a_circuit_and_waits_for_it_where_the_mode_says_so() -> None:
    story = Story.admitted(s("a", "look"))
    story.fail("a", "TIMEOUT", "acked", advice=advice("CIRCUIT_BREAKER"), circuit="circuit:look@h:443", circuit_until_ms=60_000)
    opened = story.decision(OpenCircuit)
    assert (opened.rule, opened.scope, opened.due_at_ms) == ("circuit_threshold", "circuit:look@h:443", 60_000)
    assert story.state.wake_at_ms() == 60_000


def test_it_holds_a_call_back_while_the_circuit_is_open_and_counts_no_try() -> None:
    story = Story.admitted(s("a", "look"))
    told = story.tell(e.StartHeld, "a", 1, "UPSTREAM_UNAVAILABLE", "circuit:look@h:443", retry_after_ms=5_000)
    assert told == ["hold_back a"]
    held = story.decision(HoldBack)
    assert (held.rule, story.state.steps["a"].reason, story.state.calls) == ("circuit_open", "circuit", 0)
    assert story.wake() == ["start a"]
    assert story.state.steps["a"].burned == 0


def test_it_refuses_a_call_whose_circuit_stays_open_past_the_deadline() -> None:
    story = Story.admitted(s("a", "look"), deadline_at_ms=2_000)
    told = story.tell(e.StartHeld, "a", 1, "UPSTREAM_UNAVAILABLE", "circuit:look@h:443", retry_after_ms=5_000)
    assert told == ["deny a"]


@pytest.mark.parametrize("mode", list(RecoveryMode))
def test_it_replays_every_mode_as_it_was_recorded(mode: RecoveryMode) -> None:
    _, journal = play(
        s("b"), s("a", "look", "b", params={"x": 1}), outcomes={"a": [down(mode, fallback_params={"x": 2})] * 3}, terms={"max_parallel": 1}
    )
    replayed = tape(journal)
    assert replayed.difference is None
    assert [entry.decisions for entry in replayed.journal] == [entry.decisions for entry in journal]
