"""Steps start when what they wait for is done, in plan order, and never more than the limit at once."""

from __future__ import annotations

import pytest

from runs.engine import events as e
from runs.engine.machine import NotARun, step
from runs.engine.script import Ok
from tests.engine.story import Story, kinds, play, rules, s, starts


def test_it_walks_a_diamond_under_a_limit_of_two() -> None:
    story = Story.admitted(
        s("a"), s("b", "work", "a"), s("c", "work", "a"), s("d", "work", "a"), s("e", "work", "b", "c", "d"), max_parallel=2
    )
    # Only what waits for nothing starts.
    assert kinds(story.decisions) == ["start a"]
    # Three are free now, two may go, in plan order.
    assert story.ok("a") == ["start b", "start c"]
    # One ends, the third takes its place.
    assert story.ok("c") == ["start d"]
    assert story.ok("d") == []
    assert story.ok("b") == ["start e"]
    # The last one ends the run.
    assert story.ok("e") == ["finish"]
    assert story.ending == ("succeeded", "")
    # And nothing happens after the end.
    assert story.refuses(e.StepSucceeded, "e", 1) == "run_is_over"
    assert story.refuses(e.CancelRequested) == "run_is_over"


def test_it_hands_results_on_with_their_type() -> None:
    state, _ = play(
        s("fetch"),
        s("use", params={"whole": "${steps.fetch.result}", "text": "n=${steps.fetch.result.n}", "city": "${inputs.city}"}),
        outcomes={"fetch": Ok({"n": 1})},
        inputs={"city": "Ulm"},
    )
    assert state.steps["use"].params == {"whole": {"n": 1}, "text": "n=1", "city": "Ulm"}


def test_it_waits_for_a_step_it_only_refers_to() -> None:
    _, journal = play(s("use", params={"x": "${steps.fetch.result}"}), s("fetch"))
    assert [name for name, _, _ in starts(journal)] == ["fetch", "use"]


def test_it_prefers_the_earlier_step_when_a_retry_and_a_new_one_compete() -> None:
    story = Story.admitted(s("a"), s("b"), s("c"), max_parallel=1)
    # The first fails and waits out its back-off; the second takes the place.
    assert story.fail("a", "TIMEOUT") == ["retry a", "start b"]
    # Its time comes while the place is taken: it queues.
    assert story.wake() == []
    # The place is free: the plan's first step goes before its third.
    assert story.ok("b") == ["start a"]


def test_it_starts_nothing_before_the_plan_is_admitted() -> None:
    story = Story(e.RunAccepted(0, "r", e.Terms(), plan={"steps": [s("a")]}))
    assert kinds(story.decisions) == ["admit $admit"]
    assert story.refuses(e.StepSucceeded, "a", 1) == "not_under_way"
    assert story.status() == "running"


def test_it_needs_a_run_accepted_first() -> None:
    with pytest.raises(NotARun):
        step(None, e.TimeCame(1))


def test_it_is_accepted_once() -> None:
    assert Story.admitted(s("a")).refuses(e.RunAccepted, "again", e.Terms()) == "already_accepted"


def test_it_skips_what_reads_a_skipped_step_and_what_reads_that() -> None:
    state, journal = play(
        s("a", condition="false"),
        s("b", params={"x": "${steps.a.result}"}),
        s("c", params={"x": "${steps.b.result}"}),
        s("d", "work", "a"),
    )
    assert rules(journal) == [
        "skip a:condition_false",
        "skip b:dependency_skipped",
        "skip c:dependency_skipped",
        "finish :all_steps_done",
    ]
    # Waiting for a step without reading it is about order only.
    assert state.steps["d"].status == "succeeded"
    assert state.status == "succeeded"


def test_it_evaluates_conditions_over_statuses_results_and_inputs() -> None:
    state, _ = play(
        s("a"),
        s("yes", condition="steps.a.status == 'succeeded' && steps.a.result.n > inputs.floor"),
        s("no", condition="steps.a.result.n > 10"),
        outcomes={"a": Ok({"n": 5})},
        inputs={"floor": 1},
    )
    assert (state.steps["yes"].status, state.steps["no"].status) == ("succeeded", "skipped")


@pytest.mark.parametrize(
    ("fields", "code", "rule"),
    [
        pytest.param({"condition": "steps.a.result.missing > 1"}, "CONDITION_INVALID", "condition_failed", id="a condition that fails"),
        pytest.param({"condition": "steps.a.result.n"}, "CONDITION_INVALID", "condition_failed", id="a condition that is no boolean"),
        pytest.param(
            {"params": {"x": "${steps.a.result.missing}"}}, "INVALID_REFERENCE", "reference_unresolved", id="a reference to nothing"
        ),
        pytest.param({"params": {"x": "${inputs.missing}"}}, "INVALID_REFERENCE", "reference_unresolved", id="an input nobody gave"),
    ],
)
def test_it_denies_what_cannot_be_worked_out(fields: dict[str, object], code: str, rule: str) -> None:
    state, journal = play(s("a"), s("b", "work", "a", **fields), outcomes={"a": Ok({"n": 5})})
    assert f"deny b:{rule}" in rules(journal)
    assert (state.status, state.failure and state.failure.code) == ("failed", code)
    assert [name for name, _, _ in starts(journal)] == ["a"]


@pytest.mark.parametrize(
    "terms",
    [
        pytest.param({"blocked_skills": ("pay",)}, id="blocked"),
        pytest.param({"allowed_skills": ("work",)}, id="not among the allowed"),
    ],
)
def test_it_denies_a_skill_the_agent_may_not_use(terms: dict[str, object]) -> None:
    state, journal = play(s("a"), s("b", "pay", "a"), terms=terms)
    assert "deny b:allow_list" in rules(journal)
    assert state.failure is not None
    assert state.failure.code == "SKILL_NOT_ALLOWED"
    assert starts(journal) == [("a", 1, 10)]
