"""The benchmark proves that nothing was lost: a run that is not whole is named with what it lacks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bench.plans import chain, fan, over_items
from bench.verification import Left, calls_after_success, faults_of

WHOLE = Left("run_1", "succeeded", steps_done=5, last_seq=7, events=7, first_event=1, last_event=7, successes=5, steps_succeeded=5)


def test_it_finds_nothing_wrong_with_a_whole_run() -> None:
    assert faults_of(WHOLE, steps=5) == []


@pytest.mark.parametrize(
    ("lacks", "fault"),
    [
        pytest.param({"status": "running"}, "is running", id="not-over"),
        pytest.param({"status": "failed"}, "is failed", id="failed"),
        pytest.param({"steps_done": 4}, "counts 4 of 5 steps", id="the-row-forgot-a-step"),
        pytest.param({"steps_succeeded": 4, "successes": 4}, "has 4 of 5 steps in its journal", id="the-journal-forgot-a-step"),
        pytest.param({"successes": 6}, "recorded 6 successes of 5 steps", id="a-step-succeeded-twice"),
        pytest.param({"last_seq": 8, "last_event": 8}, "has a gap in its journal", id="a-gap"),
        pytest.param({"first_event": 2}, "has a gap in its journal", id="no-beginning"),
        pytest.param({"last_seq": 6}, "says its last event is 6, the journal 7", id="the-row-lags"),
    ],
)
def test_it_names_what_a_run_lacks(lacks: dict[str, Any], fault: str) -> None:
    assert faults_of(replace(WHOLE, **lacks), steps=5) == [f"run_1 {fault}"]


def test_it_counts_calls_in_the_journal_and_planned_steps_in_the_row() -> None:
    assert faults_of(replace(WHOLE, steps_done=1), steps=5, planned=1) == []


def test_it_finds_a_run_without_a_journal() -> None:
    assert "run_1 has 0 of 5 steps in its journal" in faults_of(Left("run_1", "succeeded", 5, 7), steps=5)


@pytest.mark.parametrize(
    ("called", "succeeded", "again"),
    [
        pytest.param([("r", "s", 1)], [("r", "s", 1)], [], id="once"),
        pytest.param([("r", "s", 1), ("r", "s", 2)], [("r", "s", 2)], [], id="in-flight-when-the-worker-died"),
        pytest.param([("r", "s", 1), ("r", "s", 2)], [("r", "s", 1)], [("r", "s", 2)], id="a-later-attempt"),
        pytest.param([("r", "s", 1), ("r", "s", 1)], [("r", "s", 1)], [("r", "s", 1)], id="the-same-attempt-twice"),
        pytest.param([("r", "s", 1), ("q", "s", 2)], [("r", "s", 1)], [], id="of-another-run"),
        pytest.param([("r", "s", 1), ("r", "s", 1)], [], [], id="never-committed"),
    ],
)
def test_it_finds_the_calls_of_committed_steps(
    called: list[tuple[str, str, int]], succeeded: list[tuple[str, str, int]], again: list[tuple[str, str, int]]
) -> None:
    assert calls_after_success(called, succeeded) == again


def test_it_chains_steps_one_after_the_other() -> None:
    assert [step["depends_on"] for step in chain(3, "bench_wait", ms=1)["steps"]] == [[], ["s0"], ["s1"]]


def test_it_has_each_step_of_a_chain_stand_for_many_items() -> None:
    steps = over_items(2, "bench_noop")["steps"]
    assert [(step["depends_on"], step["for_each"]) for step in steps] == [([], "${inputs.items}"), (["s0"], "${inputs.items}")]


def test_it_fans_steps_out() -> None:
    assert not any("depends_on" in step for step in fan(3, "bench_noop")["steps"])
