"""What happens when a step has failed for good is what the step says, or else the catalog, or else: abort."""

from __future__ import annotations

from typing import Any

import pytest

from runs.engine.events import AnswerGiven
from runs.engine.script import Fail, Ok, answer
from tests.engine.story import Story, play, rules, s, starts

GONE = Fail("NOT_FOUND")
ENDINGS = [
    pytest.param({"on_error": "abort"}, None, "abort a:on_error", "failed", id="abort"),
    pytest.param({"on_error": "continue"}, None, "continue a:on_error", "partial", id="continue"),
    pytest.param({"on_error": "retry"}, None, "abort a:on_error", "failed", id="retry, used up"),
    pytest.param({"on_error": "escalate"}, None, "escalate a:on_error", "failed", id="escalate, nobody there"),
    pytest.param({}, None, "abort a:default", "failed", id="nothing said by anybody"),
    pytest.param({}, "SKIP", "continue a:catalog", "partial", id="the catalog says skip"),
    pytest.param({}, "ESCALATE", "escalate a:catalog", "failed", id="the catalog says escalate"),
    pytest.param({}, "MANUAL_INTERVENTION", "escalate a:catalog", "failed", id="the catalog says a person"),
    pytest.param({}, "FALLBACK", "abort a:default", "failed", id="the catalog says fallback, the plan has none"),
    pytest.param({"on_error": "abort"}, "SKIP", "abort a:on_error", "failed", id="the step's word goes first"),
]


@pytest.mark.parametrize(("fields", "mode", "rule", "ending"), ENDINGS)
def test_it_does_what_the_step_or_the_catalog_says(fields: dict[str, Any], mode: str | None, rule: str, ending: str) -> None:
    advice = {"NOT_FOUND": {"mode": mode, "source": "code"}} if mode else {}
    state, journal = play(s("b"), s("a", "work", "b", **fields), outcomes={"a": GONE}, advice=advice)
    assert rule in rules(journal)
    assert state.status == ending


def test_it_insists_on_a_retry_where_the_step_says_so_and_the_code_allows_it() -> None:
    state, journal = play(s("a", on_error="retry"), outcomes={"a": [Fail("UPSTREAM_ERROR", phase="acked", advice={"mode": "ABORT"}), Ok()]})
    assert (state.status, len(starts(journal))) == ("succeeded", 2)


def test_it_goes_on_without_a_failed_step_and_skips_who_reads_it() -> None:
    state, journal = play(
        s("a", on_error="continue"),
        s("reads", params={"x": "${steps.a.result}"}),
        s("waits", "work", "a"),
        s("asks", condition="steps.a.status == 'failed' && steps.a.failure.code == 'NOT_FOUND'"),
        outcomes={"a": GONE},
    )
    assert "skip reads:dependency_failed" in rules(journal)
    assert [state.steps[key].status for key in ("reads", "waits", "asks")] == ["skipped", "succeeded", "succeeded"]
    assert state.status == "partial"


def test_it_fails_when_nothing_succeeded() -> None:
    state, _ = play(s("a", on_error="continue"), outcomes={"a": GONE})
    assert (state.status, state.failure and state.failure.code) == ("failed", "NOT_FOUND")


def test_it_names_the_first_failing_dependency_in_plan_order() -> None:
    # One was skipped, one failed: which of them is named must not depend on the order of a set.
    _, journal = play(
        s("failed", on_error="continue"),
        s("skipped", condition="false"),
        s("first", params=["${steps.failed.result}", "${steps.skipped.result}"]),
        s("second", params=["${steps.skipped.result}", "${steps.failed.result}"]),
        outcomes={"failed": GONE},
    )
    assert rules(journal)[-3:-1] == ["skip first:dependency_failed", "skip second:dependency_skipped"]


def test_it_calls_back_what_is_under_way_before_it_fails() -> None:
    story = Story.admitted(s("a"), s("b", "look"), s("c", "work", "b"))
    # One fails: the other is called back, and nothing new starts.
    assert story.fail("a", "NOT_FOUND") == ["no_retry a", "abort a", "cancel_step b"]
    assert story.status() == "running"
    # It was quicker than the call: what it gives is kept.
    assert story.ok("b", {"x": 1}) == ["finish"]
    assert story.ending == ("failed", "NOT_FOUND")
    assert story.status("a", "b", "c") == "failed succeeded cancelled"


# Fallback


def test_it_calls_the_fallback_instead() -> None:
    state, journal = play(
        s("c"),
        s("a", "pay", on_error="fallback", fallback_skill="look", fallback_params={"x": "${steps.c.result}"}, params={"y": 1}),
        outcomes={"a": [GONE, Ok("second")], "c": Ok(7)},
    )
    assert "fallback a:on_error" in rules(journal)
    assert state.status == "succeeded"
    assert (state.steps["a"].result, state.steps["a"].params) == ("second", {"x": 7})
    assert [(attempt.attempt, attempt.skill) for attempt in state.steps["a"].attempts] == [(1, "pay"), (2, "look")]


def test_it_keeps_the_params_where_the_fallback_names_none() -> None:
    state, _ = play(s("a", on_error="fallback", fallback_skill="look", params={"y": 1}), outcomes={"a": [GONE, Ok()]})
    assert state.steps["a"].params == {"y": 1}


def test_it_gives_the_fallback_its_own_attempts_and_then_aborts() -> None:
    state, journal = play(s("a", "look", on_error="fallback", fallback_skill="work"), outcomes={"a": Fail("TIMEOUT", phase="acked")})
    assert len(starts(journal)) == 4, "two tries each"
    assert rules(journal)[-2:] == ["abort a:fallback_used_up", "finish :stopped"]
    assert state.status == "failed"


def test_it_denies_a_fallback_whose_references_lead_nowhere() -> None:
    state, journal = play(
        s("c", condition="false"),
        s("a", on_error="fallback", fallback_skill="look", fallback_params={"x": "${steps.c.result}"}),
        outcomes={"a": [GONE]},
    )
    assert "deny a:reference_unresolved" in rules(journal)
    assert (state.status, state.failure and state.failure.code) == ("failed", "INVALID_REFERENCE")


def test_it_gives_a_fallback_an_effect_key_of_its_own() -> None:
    story = Story.admitted(s("a", "pay", on_error="fallback", fallback_skill="ship"))
    first = story.state.steps["a"].idempotency_key
    assert story.fail("a", "NOT_FOUND") == ["no_retry a", "fallback a", "start a"]
    assert story.decisions[-1].idempotency_key not in ("", first)
    assert story.decisions[-1].skill == "ship"


# Escalation


@pytest.mark.parametrize(
    ("value", "outcomes", "status", "ending"),
    [
        pytest.param({"action": "retry"}, [GONE, Ok()], "succeeded", "succeeded", id="retry"),
        pytest.param({"action": "modify", "params": {"x": 2}}, [GONE, Ok()], "succeeded", "succeeded", id="modify"),
        pytest.param({"action": "skip"}, [GONE], "failed", "partial", id="skip"),
        pytest.param({"action": "abort"}, [GONE], "failed", "failed", id="abort"),
    ],
)
def test_it_does_what_a_person_says(value: dict[str, Any], outcomes: list[Any], status: str, ending: str) -> None:
    state, _ = play(s("a", on_error="escalate"), s("b"), outcomes={"a": outcomes}, people={"a": answer(value)})
    assert (state.steps["a"].status, state.status) == (status, ending)
    if value["action"] == "modify":
        assert state.steps["a"].params == {"x": 2}


def test_it_asks_again_when_the_retry_a_person_wanted_fails_too() -> None:
    people = {"a": [answer({"action": "retry"}), answer({"action": "abort"})]}
    _, journal = play(s("a", on_error="escalate"), outcomes={"a": GONE}, people=people)
    assert [rule for rule in rules(journal) if rule.startswith(("escalate", "abort"))] == [
        "escalate a:on_error",
        "escalate a:on_error",
        "abort a:person_says_so",
    ]


def test_it_takes_no_answer_it_does_not_know() -> None:
    story = Story.admitted(s("a", on_error="escalate"))
    assert story.fail("a", "NOT_FOUND") == ["no_retry a", "escalate a", "ask_person a"]
    assert story.refuses(AnswerGiven, "a", {"action": "dance"}) == "unknown_action"
    assert story.refuses(AnswerGiven, "a", "retry") == "unknown_action"
    assert story.refuses(AnswerGiven, "a", {"action": "modify"}) == "modify_needs_params"
    assert story.refuses(AnswerGiven, "a", {"action": "modify", "params": [1]}) == "modify_needs_params"
    assert story.status("a") == "waiting"
    # Nobody decides: the run ends as it would have.
    assert story.wake() == ["abort a", "finish"]
    assert story.ending == ("failed", "NOT_FOUND")


def test_it_aborts_once_when_two_escalations_expire_together() -> None:
    state, journal = play(s("a", on_error="escalate"), s("b", on_error="escalate"), outcomes={"a": GONE, "b": Fail("LLM_REFUSED")})
    assert (state.status, state.failure and state.failure.code) == ("failed", "NOT_FOUND")
    assert rules(journal).count("finish :stopped") == 1
