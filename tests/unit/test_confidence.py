"""Confidence moves up with successes, down with failures, and ages towards knowing nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.learning.confidence import HALF_LIFE_DAYS, Trials, confidence, weight_of, wilson

ages = st.floats(min_value=0, max_value=3_000)


@st.composite
def trials(draw: st.DrawFn) -> list[Trials]:
    """Return trials of several ages, of which none is all but forgotten."""
    counted = st.integers(min_value=0, max_value=10_000)
    found = [(draw(st.floats(min_value=0, max_value=200)), draw(counted), draw(counted)) for _ in range(draw(st.integers(1, 5)))]
    return [Trials(age, max(n, m), min(n, m)) for age, n, m in found]


WILSON = [
    pytest.param(0, 0, 0.0, 1.0, id="nothing is known"),
    pytest.param(1, 1, 0.2065, 1.0, id="one success is little"),
    pytest.param(0, 1, 0.0, 0.7935, id="one failure is as little"),
    pytest.param(5, 10, 0.2366, 0.7634, id="half of ten"),
    pytest.param(10, 10, 0.7225, 1.0, id="ten of ten"),
    pytest.param(90, 100, 0.8256, 0.9448, id="ninety of a hundred"),
]


@pytest.mark.parametrize(("successes", "n", "lower", "upper"), WILSON)
def test_it_is_the_interval_of_wilson(successes: int, n: int, lower: float, upper: float) -> None:
    assert wilson(successes, n) == (pytest.approx(lower, abs=5e-5), pytest.approx(upper, abs=5e-5))


def test_it_is_the_prior_before_any_trial() -> None:
    found = confidence([], prior=0.4)
    assert (found.label, found.value, found.applied, found.weighted_n) == ("prior", 0.4, 0, 0)
    assert (found.lower, found.upper) == (0.0, 1.0)


def test_it_shows_what_it_is_made_of() -> None:
    parts = confidence([Trials(0, 10, 9), Trials(HALF_LIFE_DAYS, 4, 2)], prior=0.5).parts()
    assert (parts["applied"], parts["succeeded"], parts["half_life_days"], parts["prior"]) == (14, 11, 30.0, 0.5)
    assert (parts["weighted_n"], parts["weighted_successes"]) == (12.0, 10.0)
    assert parts["label"] == "measured"
    assert parts["value"] == parts["lower"] == pytest.approx(wilson(10, 12)[0], abs=1e-4)


@pytest.mark.parametrize(("days", "weight"), [(0, 1.0), (30, 0.5), (60, 0.25), (-5, 1.0)])
def test_it_halves_a_trial_every_thirty_days(days: float, weight: float) -> None:
    assert weight_of(days) == pytest.approx(weight)


@given(trials(), st.floats(min_value=0, max_value=1))
def test_it_stays_between_its_bounds(found: list[Trials], prior: float) -> None:
    seen = confidence(found, prior=prior)
    assert 0 <= seen.lower <= seen.upper <= 1
    assert seen.weighted_successes <= seen.weighted_n <= seen.applied
    if seen.applied and seen.weighted_n > 0:
        assert seen.lower - 1e-9 <= seen.weighted_successes / seen.weighted_n <= seen.upper + 1e-9


@given(trials(), st.integers(min_value=1, max_value=100))
def test_it_moves_up_with_successes_and_down_with_failures(found: list[Trials], more: int) -> None:
    before = confidence(found, prior=0.5)
    up = confidence([*found, Trials(0, more, more)], prior=0.5)
    down = confidence([*found, Trials(0, more, 0)], prior=0.5)
    assert up.lower > before.lower
    assert up.upper >= before.upper - 1e-9
    # The lower bound of nothing but failures is nothing already.
    assert down.lower < before.lower or max(down.lower, before.lower) < 1e-9
    assert down.upper < before.upper


@given(trials(), st.floats(min_value=1, max_value=300))
def test_it_ages_towards_less_certainty(found: list[Trials], days: float) -> None:
    now = confidence(found, prior=0.5)
    later = confidence([trial._replace(age_days=trial.age_days + days) for trial in found], prior=0.5)
    assert later.weighted_n <= now.weighted_n
    assert later.upper - later.lower >= now.upper - now.lower - 1e-9
    assert later.lower <= now.lower + 1e-9


@given(ages, ages)
def test_it_weighs_what_is_younger_more(one: float, other: float) -> None:
    younger, older = sorted((one, other))
    good_news_is_younger = confidence([Trials(younger, 10, 10), Trials(older, 10, 0)], prior=0.5)
    bad_news_is_younger = confidence([Trials(younger, 10, 0), Trials(older, 10, 10)], prior=0.5)
    assert good_news_is_younger.lower >= bad_news_is_younger.lower - 1e-9


@pytest.mark.parametrize("age", [1e5, 1e9])
def test_it_knows_nothing_any_more_of_what_is_long_ago(age: float) -> None:
    found = confidence([Trials(age, 1_000, 1_000)], prior=0.9)
    assert (found.label, round(found.lower, 6), round(found.upper, 6)) == ("measured", 0.0, 1.0)
