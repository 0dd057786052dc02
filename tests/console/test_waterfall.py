"""The waterfall draws every stretch of a run's time, at its place and length."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from runs.console.run.folding import ROWS_SHOWN, SIBLINGS_SHOWN
from runs.console.run.waterfall import Row, Span, gaps, instant_ms, span_of, waterfall
from tests.console.traces import T0, a_step, a_trace, an_attempt

END = T0 + 10_000


def rows(**run: Any) -> list[Row]:
    return waterfall(a_trace(**run), END)


def test_it_has_a_row_for_everything_that_took_time() -> None:
    assert [(row.depth, row.kind, row.label, row.note) for row in rows()] == [
        (0, "queue", "Queue", ""),
        (0, "plan", "Plan", "stub"),
        (0, "step", "fetch", "http_call"),
        (1, "attempt", "Attempt 1", "TIMEOUT"),
        (1, "backoff", "Back-off", ""),
        (1, "attempt", "Attempt 2", "http_call"),
        (0, "step", "notify", "http_call"),
        (1, "wait", "Waiting for an approval", ""),
        (1, "attempt", "Attempt 1", "PERMISSION_DENIED"),
        (0, "step", "publish", "http_call"),
        (0, "step", "sum", "llm_invoke"),
    ]


def test_it_places_each_stretch_by_its_share_of_the_whole() -> None:
    drawn = {(row.kind, row.label): (row.start, row.width, row.length) for row in rows()}
    assert drawn["queue", "Queue"] == ("0.00%", "5.00%", "500 ms")
    assert drawn["plan", "Plan"] == ("5.00%", "1.00%", "100 ms")
    assert drawn["step", "fetch"] == ("6.00%", "34.00%", "3.4 s")
    assert drawn["backoff", "Back-off"] == ("26.00%", "4.00%", "400 ms")
    assert drawn["wait", "Waiting for an approval"] == ("40.00%", "50.00%", "5.0 s")


def test_it_draws_nothing_for_a_step_that_never_began() -> None:
    assert [(row.width, row.length) for row in rows()[-2:]] == [("", ""), ("", "")]


def test_it_lets_what_has_not_ended_run_up_to_now() -> None:
    trace = a_trace(status="running", finished_at=None)
    trace["steps"] = [a_step("slow", "http_call", "running", started_at_ms=T0 + 5_000)]
    slow = waterfall(trace, T0 + 10_000)[-1]
    assert (slow.start, slow.width, slow.is_open) == ("50.00%", "50.00%", True)
    later = waterfall(trace, T0 + 20_000)[-1]
    assert (later.start, later.width) == ("25.00%", "75.00%")


def test_it_shows_a_queued_run_as_one_open_wait() -> None:
    trace = {**a_trace(status="queued", started_at=None, finished_at=None), "steps": [], "events": []}
    (queue,) = waterfall(trace, T0 + 3_000)
    assert (queue.width, queue.length, queue.is_open) == ("100.00%", "3.0 s", True)


def test_it_counts_all_as_queueing_until_a_worker_takes_the_run() -> None:
    trace = a_trace(status="queued", finished_at=None)
    trace["steps"] = [a_step("$plan", "", "running", started_at_ms=T0)]
    queue, plan = waterfall(trace, T0 + 3_000)
    assert (queue.length, plan.label, plan.look.word, plan.width) == ("3.0 s", "Plan", "pending", "")


def test_it_keeps_the_tiniest_stretch_visible_and_inside() -> None:
    bar = Span(T0, END).bar(END, END)
    assert (bar["start"], bar["width"]) == ("99.60%", "0.40%")


@pytest.mark.parametrize(
    ("attempts", "found"),
    [
        pytest.param([an_attempt(1, 0, 10, "succeeded")], [], id="no failure, no gap"),
        pytest.param([an_attempt(1, 0, 10, "failed", code="TIMEOUT")], [], id="no retry decided, no gap"),
        pytest.param([an_attempt(1, 0, 10, "failed", retry_due_ms=50)], [(10, 50)], id="until it is due"),
        pytest.param(
            [an_attempt(1, 0, 10, "failed", retry_due_ms=50), an_attempt(2, 70, None, "running")], [(10, 70)], id="until it began"
        ),
        pytest.param([an_attempt(1, 0, None, "running", retry_due_ms=50)], [], id="not while it runs"),
    ],
)
def test_it_finds_the_gaps_between_attempts(attempts: list[dict[str, Any]], found: list[tuple[int, int]]) -> None:
    assert gaps(attempts) == found


def test_it_leaves_out_a_single_attempt_that_went_well() -> None:
    trace = a_trace()
    once = [an_attempt(1, T0, T0 + 9, "succeeded")]
    trace["steps"] = [a_step("a", "s", "succeeded", started_at_ms=T0, finished_at_ms=T0 + 9, attempts=once)]
    assert [row.kind for row in waterfall(trace, END)] == ["queue", "plan", "step"]


def test_it_folds_the_items_of_a_long_loop() -> None:
    trace = a_trace()
    trace["steps"] = [a_step(f"each#{n}", "http_call", "pending") for n in range(100)] + [a_step("last", "s", "pending")]
    labels = [row.label for row in waterfall(trace, END)[2:]]
    assert len(labels) == SIBLINGS_SHOWN + 2
    assert labels[-2:] == ["… 80 more of each", "last"]


def test_it_opens_what_it_folded_and_folds_it_again() -> None:
    trace = a_trace()
    trace["steps"] = [a_step(f"each#{n}", "http_call", "pending") for n in range(100)] + [a_step("last", "s", "pending")]
    folded, opened = waterfall(trace, END), waterfall(trace, END, "each")
    assert [row.opens for row in folded if row.kind == "more"] == ["each"]
    assert [row.label for row in opened if row.kind == "step"] == [*(f"each#{n}" for n in range(100)), "last"]
    assert [row.label for row in opened if row.is_place] == [f"each#{SIBLINGS_SHOWN}"], "the first of those that were folded"
    assert [(row.opens, row.label) for row in opened if row.kind == "more"] == [("", "Fold each again")]


@pytest.mark.parametrize("status", ["failed", "in_doubt", "waiting", "running"])
def test_it_folds_nothing_an_operator_has_to_know_of(status: str) -> None:
    trace = a_trace()
    trace["steps"] = [a_step(f"each#{n}", "http_call", "succeeded") for n in range(100)]
    trace["steps"][70] = a_step("each#70", "http_call", status, started_at_ms=T0)
    labels = [row.label for row in waterfall(trace, END)[2:]]
    assert labels[SIBLINGS_SHOWN:] == ["each#70", "… 79 more of each"]


def test_what_is_folded_says_how_much_of_it_failed() -> None:
    trace = a_trace()
    trace["steps"] = [a_step(f"each#{n}", "http_call", "failed", started_at_ms=T0) for n in range(100)]
    assert waterfall(trace, END)[-1].label == "… 60 more of each, 60 of them failed", "as many of them are shown as of the first"


def test_it_folds_what_is_inside_steps_where_that_would_be_too_much() -> None:
    trace = a_trace()
    tries = [an_attempt(n, T0, T0 + 1, "failed", code="TIMEOUT", retry_due_ms=T0 + 2) for n in range(1, 10)]
    trace["steps"] = [a_step(f"s{n}", "http_call", "succeeded", attempts=tries, started_at_ms=T0) for n in range(100)]
    folded, opened = waterfall(trace, END), waterfall(trace, END, "s7")
    assert len(folded) <= ROWS_SHOWN
    assert [row.opens for row in folded if row.kind == "more"] == [f"s{n}" for n in range(100)]
    assert {row.label for row in folded if row.kind == "more"} == {"… 18 more inside, 9 of them failed"}
    assert sum(row.kind in ("attempt", "backoff") for row in opened) == 18
    assert [row.label for row in opened if row.is_place] == ["s7"]


@pytest.mark.parametrize("value", ["2026-01-02T00:00:00Z", "2026-01-02T01:00:00+01:00", datetime(2026, 1, 2, tzinfo=UTC), T0], ids=str)
def test_it_reads_an_instant_in_every_form_it_comes_in(value: Any) -> None:
    assert instant_ms(value) == T0


def test_it_spans_from_creation_to_the_last_thing_that_happened() -> None:
    assert span_of(a_trace(), END + 99_999) == Span(T0, END)
    assert span_of(a_trace(finished_at=None), END + 5) == Span(T0, END + 5)
