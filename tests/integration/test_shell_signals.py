"""Signals race with parking: however they meet, each is consumed once and the run goes on."""

from __future__ import annotations

import random
import time

import pytest

from runs import services
from runs.models import Run, Signal
from skills.refusal import Refusal
from tests.integration.workshop import Workshop, a_worker, assert_is_whole, kinds, over, parked, step, step_of, trace, wait_for

ROUNDS = 25


def is_asking(run: Run) -> bool:
    """Tell whether the run has come to its question; before it is admitted it has no step at all."""
    return any(found["step_id"] == "ask" and found["status"] == "waiting" for found in trace(run)["steps"])


def test_it_loses_no_signal_that_comes_while_a_run_parks(workshop: Workshop) -> None:
    dice = random.Random(7)  # noqa: S311 - spreads the races, guards nothing
    with a_worker():
        for _ in range(ROUNDS):
            run = workshop.submit(step("ask", "asks", question="Which?"))
            time.sleep(dice.uniform(0, 0.03))
            services.pause_run(principal=workshop.alice, run_id=run.public_id)
            time.sleep(dice.uniform(0, 0.02))
            services.resume_run(principal=workshop.alice, run_id=run.public_id)
            wait_for(lambda run=run: is_asking(run), "the question")
            workshop.decide(run, "ask", "answer", value=1)
            assert over(run).status == "succeeded"
            assert not Signal.objects.filter(run=run, consumed_seq=None).exists()
            assert {"pause_requested", "resume_requested", "answer_given"} <= set(kinds(run))
    assert_is_whole(workshop, run)


def test_it_consumes_a_signal_at_the_event_it_became(workshop: Workshop) -> None:
    run = workshop.submit(step("ask", "asks", question="Which?"))
    with a_worker():
        parked(run, "input")
        workshop.decide(run, "ask", "answer", value=1)
        over(run)
    [signal] = Signal.objects.filter(run=run)
    assert kinds(run)[(signal.consumed_seq or 0) - 1] == signal.kind == "answer_given"
    assert signal.actor == "bob"


def test_it_takes_one_answer_and_says_who_gave_it(workshop: Workshop) -> None:
    run = workshop.submit(step("ask", "asks", question="Which?"), step("also", "asks", question="And?"))
    with a_worker():
        parked(run, "input")
    workshop.decide(run, "ask", "answer", value="first")
    with pytest.raises(Refusal, match="already decided by bob"):
        workshop.decide(run, "ask", "answer", value="second")
    with a_worker():
        parked(run, "input")
        wait_for(lambda: not Signal.objects.filter(run=run, consumed_seq=None).exists())
        workshop.decide(run, "also", "answer", value="x")
        over(run)
    assert step_of(run, "ask")["result"] == "first"
    assert_is_whole(workshop, run)


def test_it_refuses_a_decision_for_a_step_that_waits_for_nobody(workshop: Workshop) -> None:
    run = workshop.submit(step("one", "say"))
    with pytest.raises(Refusal, match="waits for nobody"):
        workshop.decide(run, "one", "approve")
    assert Signal.objects.count() == 0
