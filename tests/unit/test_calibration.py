"""Calibration: what was predicted against what came, and a range that widens by itself until it keeps its promise, no further."""

from __future__ import annotations

from random import Random

import pytest

from runs.history.calibration import PROMISED, WIDEST, Calibration, Range
from runs.history.measured import History, Sample, Seen

RANGE = Range(50, 100, 200)


@pytest.mark.parametrize(
    ("actual", "inside", "ratio"),
    [
        pytest.param(100, 1, 1.0, id="as expected"),
        pytest.param(50, 1, 0.5, id="at the lower end"),
        pytest.param(200, 1, 2.0, id="at the upper end"),
        pytest.param(49, 0, 0.49, id="below"),
        pytest.param(201, 0, 2.01, id="above"),
        pytest.param(0, 0, 0.0, id="nothing at all"),
    ],
)
def test_it_counts_what_was_inside_and_how_far_off_it_was(actual: int, inside: int, ratio: float) -> None:
    told = Calibration().told(RANGE, actual)
    assert (told.n, told.inside, told.mean_ratio, told.largest) == (1, inside, ratio, ratio)
    assert (told.widening > 1) is (inside == 0)


def test_it_takes_nothing_where_nothing_was_expected_as_right() -> None:
    told = Calibration().told(Range(0, 0, 0), 0)
    assert (told.inside_share, told.mean_ratio) == (1.0, 1.0)


def test_it_knows_no_share_before_the_first() -> None:
    assert (Calibration().inside_share, Calibration().mean_ratio) == (None, None)


def test_it_never_widens_without_bound_and_comes_back() -> None:
    told = Calibration()
    for _ in range(100):
        told = told.told(RANGE, 10**6)
    assert told.widening == WIDEST
    for _ in range(200):
        told = told.told(RANGE, 100)
    assert told.widening == 1.0


def test_it_reads_back_as_it_was_written() -> None:
    told = Calibration().told(RANGE, 300).told(RANGE, 90).faded(0.7)
    assert Calibration.from_json(told.to_json()).to_json() == told.to_json()


@pytest.mark.parametrize(
    "drift",
    [
        pytest.param(lambda run: 1.0, id="none"),
        pytest.param(lambda run: 1 + run / 25, id="ever slower"),
        pytest.param(lambda run: 4 / (1 + run / 25), id="ever faster"),
        pytest.param(lambda run: 5.0 if run >= 20 else 1.0, id="all at once"),
    ],
)
def test_it_keeps_its_promise_again_within_a_hundred_runs_of_drift(drift: object) -> None:
    dice, history, inside = Random(7), History(), []  # noqa: S311 - makes up times, guards nothing
    for run in range(100):
        took = round(200 * drift(run) * dice.lognormvariate(0, 0.25))  # type: ignore[operator]
        before = history.measured()
        if before is not None:
            inside.append(before.duration_ms.low <= took <= before.duration_ms.worst)
        history.fold(Seen([Sample(took, 0)], calls=1), days=0.01)
    assert sum(inside[-50:]) >= PROMISED * 50


def test_it_would_not_without_widening() -> None:
    """The drift of the tests above is real: a range that stays as history has it misses far more than it promises."""
    dice, history, inside = Random(7), History(), []  # noqa: S311 - makes up times, guards nothing
    for run in range(100):
        took = round(200 * (1 + run / 25) * dice.lognormvariate(0, 0.25))
        history.calibration = Calibration()
        before = history.measured()
        if before is not None:
            inside.append(before.duration_ms.low <= took <= before.duration_ms.worst)
        history.fold(Seen([Sample(took, 0)], calls=1), days=0.01)
    assert sum(inside[-50:]) < PROMISED * 50
