"""A failure is tried again when that helps and is safe, after a delay, and every refusal says why."""

from __future__ import annotations

import pytest

from runs.engine import events as e
from runs.engine.decisions import NoRetry, Retry
from runs.engine.script import Fail, Ok
from tests.engine.story import Story, play, rules, s, starts


def test_it_waits_as_long_as_the_upstream_asks() -> None:
    story = Story.admitted(s("a", "look"), s("b", "look"), max_parallel=1)
    # The upstream asks for seven seconds: the step waits, and its place goes to the next.
    assert story.fail("a", "RATE_LIMITED", retry_after_ms=7_000) == ["retry a", "start b"]
    retry = story.decision(Retry)
    assert retry.delay_ms == 7_000
    assert retry.because["retry_after_ms"] == 7_000
    # Too early, nothing happens.
    assert story.refuses(e.StepSucceeded, "a", 1) == "not_under_way"
    assert story.ok("b") == []
    assert (story.status(), story.state.waiting_for, story.state.wake_at_ms()) == ("waiting", "timer", retry.due_at_ms)
    # Then it starts again, as its second attempt.
    assert story.wake() == ["start a"]
    # The late report of the first attempt counts no more.
    assert story.refuses(e.StepFailed, "a", 1, "TIMEOUT") == "not_under_way"
    assert story.ok("a") == ["finish"]
    assert [(attempt.attempt, attempt.status) for attempt in story.state.steps["a"].attempts] == [(1, "failed"), (2, "succeeded")]
    assert story.state.retries == 1


def test_it_gives_up_when_the_attempts_are_used_up() -> None:
    state, journal = play(s("a", "look"), outcomes={"a": Fail("CONNECTION_RESET", phase="acked")})
    assert rules(journal) == [
        "retry a:category_default",
        "retry a:category_default",
        "no_retry a:attempts_exhausted",
        "abort a:default",
        "finish :stopped",
    ]
    assert (state.status, len(starts(journal))) == ("failed", 3)


def test_it_counts_what_was_never_sent_apart() -> None:
    # Two that never left the house and one that did: neither count reaches the limit of three.
    unsent, sent = Fail("CONNECTION_REFUSED"), Fail("CONNECTION_RESET", phase="acked")
    state, journal = play(s("a", "look"), outcomes={"a": [unsent, sent, unsent]})
    assert (state.status, len(starts(journal))) == ("succeeded", 4)


@pytest.mark.parametrize(
    ("skill", "outcome", "rule"),
    [
        pytest.param("look", Fail("NOT_FOUND"), "not_retryable", id="it would not help"),
        pytest.param("pay", Fail("HTTP_5XX", phase="acked"), "unsafe_effect", id="it would not be safe"),
        pytest.param("look", Fail("TIMEOUT", retry_after_ms=90_000), "deadline_too_near", id="there is no time"),
        pytest.param(
            "look",
            Fail("INTERNAL_ERROR", advice={"mode": "RETRY_IMMEDIATE", "max_attempts": 1}),
            "attempts_exhausted",
            id="it was tried enough",
        ),
    ],
)
def test_it_says_why_it_does_not_retry(skill: str, outcome: Fail, rule: str) -> None:
    _, journal = play(s("a", skill), outcomes={"a": outcome}, terms={"deadline_at_ms": 60_000})
    assert f"no_retry a:{rule}" in rules(journal)
    assert len(starts(journal)) == 1


def test_it_retries_an_unsafe_effect_that_was_never_sent() -> None:
    state, journal = play(s("a", "pay"), outcomes={"a": [Fail("CONNECTION_REFUSED"), Ok()]})
    assert (state.status, len(starts(journal))) == ("succeeded", 2)


def test_it_keeps_the_key_of_an_effect_over_its_attempts() -> None:
    story = Story.admitted(s("a", "pay"), s("b", "pay"))
    keys = {story.state.steps[key].idempotency_key for key in "ab"}
    assert len(keys) == 2
    story.fail("a", "CONNECTION_REFUSED")
    story.wake()
    assert story.decisions[0].idempotency_key in keys


def test_it_follows_the_advice_of_the_catalog() -> None:
    advice = {"mode": "RETRY_IMMEDIATE", "source": "code", "max_attempts": 2}
    state, journal = play(s("a", "look"), outcomes={"a": [Fail("INVALID_RESPONSE", phase="acked", advice=advice), Ok()]})
    assert rules(journal) == ["retry a:advice_code", "finish :all_steps_done"]
    # Immediately means without a timer.
    assert [at for _, _, at in starts(journal)] == [0 + 10, 20]
    assert state.status == "succeeded"


def test_it_lets_the_steps_own_policy_win_over_the_advice() -> None:
    retry = {"max_attempts": 4, "backoff_ms": 1_000, "factor": 1.0, "max_backoff_ms": 1_000}
    advice = {"mode": "RETRY_EXPONENTIAL", "source": "code", "max_attempts": 9, "first_ms": 9}
    state, journal = play(s("a", "look", retry=retry), outcomes={"a": Fail("HTTP_5XX", phase="acked", advice=advice)})
    delays = [d.delay_ms for _, decisions in journal for d in decisions if isinstance(d, Retry)]
    assert len(delays) == 3
    assert all(750 <= delay <= 1_000 for delay in delays)
    assert len(set(delays)) == 3, "jitter differs from attempt to attempt"
    assert state.status == "failed"


def test_it_says_what_else_could_have_been_done() -> None:
    story = Story.admitted(s("a", "pay"))
    story.fail("a", "HTTP_5XX", phase="acked")
    assert story.decision(NoRetry).alternatives == ("retry",)
    assert story.decision(NoRetry).because["effect"] == "write"
