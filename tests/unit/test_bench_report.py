"""The benchmark's figures: their ratio to a floor, and how they are shown to people and programs."""

from __future__ import annotations

import json

import pytest

from bench.report import Figure, number, percentile, spread, table


@pytest.mark.parametrize(
    ("value", "floor", "ratio"),
    [
        pytest.param(50.0, 100.0, 0.5, id="half-of-what-the-database-does"),
        pytest.param(1.2, 0.6, 2.0, id="twice-as-long-as-the-ideal"),
        pytest.param(3.0, None, None, id="nothing-to-compare-with"),
        pytest.param(3.0, 0.0, None, id="a-floor-that-was-not-measured"),
    ],
)
def test_it_relates_a_figure_to_its_floor(value: float, floor: float | None, ratio: float | None) -> None:
    assert Figure("W1", "steps", value, "1/s", floor).ratio == ratio


def test_it_writes_a_figure_as_one_line_of_json() -> None:
    line = Figure("W4", "start_p50", 4.56789, "ms", 2.0).to_json()
    assert "\n" not in line
    assert json.loads(line) == {"workload": "W4", "metric": "start_p50", "value": 4.568, "unit": "ms", "floor": 2.0, "ratio": 2.284}


@pytest.mark.parametrize(
    ("part", "expected"),
    [pytest.param(0.5, 10, id="half"), pytest.param(0.95, 19, id="95"), pytest.param(1.0, 20, id="all"), pytest.param(0.0, 1, id="none")],
)
def test_it_names_the_smallest_value_so_many_stay_below(part: float, expected: int) -> None:
    assert percentile([float(n) for n in range(20, 0, -1)], part) == expected


def test_it_compares_the_median_and_not_the_tail_with_a_floor() -> None:
    p50, p95 = spread("W4", "start", [3.0, 1.0, 2.0], "ms", floor=1.0)
    assert (p50.metric, p50.value, p50.ratio) == ("start_p50", 2.0, 2.0)
    assert (p95.metric, p95.value, p95.ratio) == ("start_p95", 3.0, None)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "0"), (2.0, "2"), (0.0123456, "0.0123"), (12.345, "12.3"), (1234.5, "1,234"), (99.96, "100")],
    ids=str,
)
def test_it_shows_the_digits_that_mean_something(value: float | None, text: str) -> None:
    assert number(value) == text


def test_it_aligns_the_table() -> None:
    lines = table([Figure("W1", "steps_per_s", 1000.0, "1/s", 2000.0), Figure("W6", "steps_lost", 0, "steps")]).splitlines()
    assert lines == [
        "    metric       value  unit   floor  ratio",
        "W1  steps_per_s  1,000  1/s    2,000    0.5",
        "W6  steps_lost       0  steps      -      -",
    ]
