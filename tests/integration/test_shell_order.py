"""The instants of a journal tell its order: they never go back, and what comes from outside is later than what was known."""

from __future__ import annotations

import pytest

from runs.engine.events import CancelRequested, Fact, RunHandedBack, StepSucceeded, TimeCame
from runs.shell.driver import in_time


@pytest.mark.parametrize(
    ("fact", "now_ms", "at_ms"),
    [
        pytest.param(StepSucceeded(10, "a", 1), 5, 10, id="an answer keeps its instant"),
        pytest.param(StepSucceeded(10, "a", 1), 10, 10, id="two answers may share one"),
        pytest.param(StepSucceeded(10, "a", 1), 12, 12, id="an answer is never earlier than what is known"),
        pytest.param(CancelRequested(10), 5, 10, id="a signal keeps its instant"),
        pytest.param(CancelRequested(10), 10, 11, id="a signal is later than an answer of the same instant"),
        pytest.param(RunHandedBack(10), 12, 13, id="handing back is later than all that is known"),
        pytest.param(TimeCame(10), 10, 10, id="time may come with an answer"),
    ],
)
def test_it_orders(fact: Fact, now_ms: int, at_ms: int) -> None:
    assert in_time(fact, now_ms).at_ms == at_ms
