"""What history says of a skill version: ranges that narrow as evidence comes, fade as it ages, and fit in a small row."""

from __future__ import annotations

import pytest

from runs.history.measured import History, Sample, Seen


def folded(*samples: Sample, times: int = 1, days: float = 0.0, calls: int | None = None, failed: int = 0) -> History:
    history = History()
    for _ in range(times):
        history.fold(Seen(list(samples), calls=len(samples) if calls is None else calls, failed=failed), days)
    return history


def test_it_says_nothing_before_the_first_step() -> None:
    assert History().measured() is None
    assert folded(calls=3, failed=3).measured() is None, "calls that only failed tell of no time and no cost"


def test_it_is_wide_on_little_evidence_and_narrows() -> None:
    once, often = folded(Sample(100, 50)).measured(), folded(Sample(100, 50), times=400).measured()
    assert once is not None
    assert often is not None
    assert (once.n, once.duration_ms) == (1, (50, 100, 200))
    assert often.n > 300
    assert 94 <= often.duration_ms.low <= often.duration_ms.expected == 100 <= often.duration_ms.worst <= 106


def test_it_tells_how_often_calls_failed() -> None:
    measured = folded(Sample(1, 1), calls=10, failed=2).measured()
    assert measured is not None
    assert (measured.calls, measured.failed, measured.failure_rate) == (10, 2, 0.2)


@pytest.mark.parametrize(
    ("new", "days"), [pytest.param(30, 60.0, id="after two months"), pytest.param(5_000, 0.0, id="after thousands of newer steps")]
)
def test_it_lets_the_new_outweigh_the_old(new: int, days: float) -> None:
    history = folded(*[Sample(100, 10)] * 1_000)
    history.fold(Seen([Sample(900, 90)] * new, calls=new), days)
    measured = history.measured()
    assert measured is not None
    assert measured.duration_ms.expected == pytest.approx(900, rel=0.03)


def test_it_forgets_not_because_nothing_happens() -> None:
    history = folded(*[Sample(100, 10)] * 50)
    before = history.measured()
    assert History.from_text(history.to_text()).measured() == before


def test_it_holds_predictions_against_what_came_before_it_learns_from_that() -> None:
    history = folded(Sample(100, 10))
    assert history.calibration.n == 0, "of the first nothing was predicted"
    history.fold(Seen([Sample(10_000, 10)], calls=1), 0.0)
    assert round(history.calibration.n) == 1
    assert history.calibration.inside_share == 0


def test_it_fits_in_a_small_row_however_much_stands_behind_it() -> None:
    history = History()
    for batch in range(100):
        history.fold(Seen([Sample(50 + 17 * (batch * 7 + each) % 4_000, each) for each in range(100)], calls=100), 0.01)
    assert len(history.to_text()) < 6_000
