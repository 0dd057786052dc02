"""Drift as numbers: chance alone raises no alarm, what really changed does, and little is not enough to tell."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest

from catalog.drift import (
    LEAST_BEFORE,
    LEAST_NOW,
    THRESHOLD,
    Finding,
    Numbers,
    Rate,
    compare_numbers,
    compare_rates,
    rank_score,
    weighted_median,
)

SEEDS = 600
"""So many comparisons of what is the same; one alarm in a thousand would still be too many."""


def rate(calls: Iterable[tuple[int, int]]) -> Rate:
    whole = Rate()
    for made, failed in calls:
        whole.add(made, failed)
    return whole


def numbers(values: Iterable[int]) -> Numbers:
    whole = Numbers()
    for value in values:
        whole.add(value)
    return whole


def runs(dice: random.Random, n: int, p: float, calls: int = 1) -> Rate:
    return rate((calls, sum(dice.random() < p for _ in range(calls))) for _ in range(n))


def together(dice: random.Random, n: int, p: float) -> Rate:
    """Runs of twenty calls each, which all fail or all come through: as if a host were down."""
    return rate((20, 20 if dice.random() < p else 0) for _ in range(n))


SAME_RATES: dict[str, Callable[[random.Random], tuple[Rate, Rate]]] = {
    "never": lambda dice: (runs(dice, 400, 0.0), runs(dice, 40, 0.0)),
    "seldom": lambda dice: (runs(dice, 1_000, 0.005), runs(dice, 60, 0.005)),
    "sometimes, little seen": lambda dice: (runs(dice, 100, 0.1), runs(dice, 30, 0.1)),
    "often": lambda dice: (runs(dice, 300, 0.5, 3), runs(dice, 100, 0.5, 3)),
    "always": lambda dice: (runs(dice, 300, 1.0), runs(dice, 50, 1.0)),
    "all calls of a run together": lambda dice: (together(dice, 150, 0.05), together(dice, 30, 0.05)),
}


@pytest.mark.parametrize("draw", SAME_RATES.values(), ids=SAME_RATES.keys())
def test_equal_rates_raise_no_alarm(draw: Callable[[random.Random], tuple[Rate, Rate]]) -> None:
    findings = [compare_rates(*draw(random.Random(seed))) for seed in range(SEEDS)]  # noqa: S311 - seeded, so that it is the same every time
    assert sum(finding is not None and finding.alarms for finding in findings) <= 1


def spiky(dice: random.Random) -> int:
    return 2_000 if dice.random() < 0.05 else 90 + dice.randrange(20)


def of_two_kinds(dice: random.Random) -> int:
    """Half of them from a cache: a median between two heaps jumps from one to the other by chance alone."""
    return dice.choice((10, 500))


NUMBERS: dict[str, Callable[[random.Random], int]] = {
    "the same every time": lambda dice: 250,
    "nothing": lambda dice: 0,
    "even": lambda dice: dice.randrange(1_000),
    "with a long tail": lambda dice: int(dice.lognormvariate(5, 1)),
    "with spikes": spiky,
    "of two kinds": of_two_kinds,
}


@pytest.mark.parametrize("draw", NUMBERS.values(), ids=NUMBERS.keys())
def test_equal_numbers_raise_no_alarm(draw: Callable[[random.Random], int]) -> None:
    alarms = 0
    for seed in range(SEEDS // 3):
        dice = random.Random(seed)  # noqa: S311 - as above
        finding = compare_numbers("latency", numbers(draw(dice) for _ in range(150)), numbers(draw(dice) for _ in range(40)))
        alarms += finding is not None and finding.alarms
    assert alarms == 0


CHANGED_RATES = {
    "from never to a third": (rate([(1, 0)] * 400), rate([(1, 1)] * 10 + [(1, 0)] * 20), 1),
    "from a tenth to a half": (rate([(1, 1)] * 20 + [(1, 0)] * 180), rate([(1, 1)] * 30 + [(1, 0)] * 30), 1),
    "from a half to a tenth": (rate([(1, 1)] * 200 + [(1, 0)] * 200), rate([(1, 1)] * 10 + [(1, 0)] * 90), -1),
    "from never to always": (rate([(2, 0)] * 100), rate([(2, 2)] * 20), 1),
}


@pytest.mark.parametrize(("before", "now", "direction"), CHANGED_RATES.values(), ids=CHANGED_RATES.keys())
def test_a_changed_rate_raises_one(before: Rate, now: Rate, direction: int) -> None:
    finding = compare_rates(before, now)
    assert finding is not None
    assert finding.alarms
    assert finding.score * direction >= THRESHOLD
    assert (finding.baseline["n"], finding.recent["n"], finding.threshold) == (before.calls, now.calls, THRESHOLD)


QUIET_RATES = {
    "one failure where there was none": (rate([(1, 0)] * 10_000), rate([(1, 1)] + [(1, 0)] * 29)),
    "four points": (rate([(1, 1)] * 1_000 + [(1, 0)] * 99_000), rate([(1, 1)] * 500 + [(1, 0)] * 9_500)),
    "one run that failed all over": (rate([(10, 0)] * 100), rate([(200, 200)] + [(10, 0)] * 40)),
}


@pytest.mark.parametrize(("before", "now"), QUIET_RATES.values(), ids=QUIET_RATES.keys())
def test_a_change_that_says_little_raises_none(before: Rate, now: Rate) -> None:
    finding = compare_rates(before, now)
    assert finding is None or not finding.alarms


CHANGED_NUMBERS: dict[str, tuple[Numbers, Numbers, int]] = {
    "a price that rose": (numbers([400] * 100), numbers([600] * 30), 1),
    "a price where there was none": (numbers([0] * 100), numbers([600] * 30), 1),
    "twice as slow": (numbers(range(50, 250)), numbers(range(200, 400, 5)), 1),
    "half as slow": (numbers(range(200, 400)), numbers(range(50, 250, 5)), -1),
}


@pytest.mark.parametrize(("before", "now", "direction"), CHANGED_NUMBERS.values(), ids=CHANGED_NUMBERS.keys())
def test_changed_numbers_raise_one(before: Numbers, now: Numbers, direction: int) -> None:
    finding = compare_numbers("cost", before, now)
    assert finding is not None
    assert finding.alarms
    assert finding.score * direction >= THRESHOLD
    assert finding.baseline["n"] == before.n
    assert finding.recent["value"] == now.median()


def test_a_twentieth_more_raises_none_however_sure_it_is() -> None:
    finding = compare_numbers("cost", numbers([1_000] * 5_000), numbers([1_050] * 5_000))
    assert finding is not None
    assert finding.score > THRESHOLD
    assert not finding.alarms


def test_a_few_that_are_far_off_raise_none() -> None:
    finding = compare_numbers("latency", numbers(range(100, 200)), numbers([*range(100, 200, 2), *[10**9] * 10]))
    assert finding is not None
    assert not finding.alarms


def test_little_is_not_enough_to_tell() -> None:
    enough, little = rate([(1, 0)] * LEAST_BEFORE), rate([(1, 1)] * (LEAST_NOW - 1))
    assert compare_rates(enough, little) is None
    assert compare_rates(rate([(1, 0)] * (LEAST_BEFORE - 1)), rate([(1, 1)] * LEAST_NOW)) is None
    assert compare_rates(Rate(), Rate()) is None
    assert compare_numbers("cost", numbers([5] * LEAST_BEFORE), numbers([9] * (LEAST_NOW - 1))) is None
    assert compare_numbers("cost", numbers([5] * (LEAST_BEFORE - 1)), numbers([9] * LEAST_NOW)) is None
    assert compare_numbers("cost", Numbers(), Numbers()) is None
    assert isinstance(compare_rates(enough, rate([(1, 1)] * LEAST_NOW)), Finding)


def test_calls_that_fail_together_count_for_fewer() -> None:
    alone, together = rate([(1, 0), (1, 1)] * 100), rate([(20, 0), (20, 20)] * 5)
    assert (alone.calls, together.calls) == (200, 200)
    assert alone.design_effect == pytest.approx(1, abs=0.01)
    assert together.design_effect == pytest.approx(200 / 9, rel=0.01)
    assert rate([(5, 0)] * 9).design_effect == 1


def test_parts_add_up_to_the_whole() -> None:
    whole, parts = rate([(3, 1), (2, 0), (5, 5)]), Rate()
    for each in (rate([(3, 1)]), rate([(2, 0), (5, 5)])):
        parts.merge(each)
    assert parts == whole


def test_ranks_say_nothing_where_all_are_equal_and_much_where_none_overlap() -> None:
    assert rank_score({5: 40}, {5: 30}) == 0.0
    assert rank_score(dict.fromkeys(range(30), 1.0), dict.fromkeys(range(100, 130), 1.0)) == pytest.approx(6.65, abs=0.01)
    assert rank_score(dict.fromkeys(range(100, 130), 1.0), dict.fromkeys(range(30), 1.0)) == pytest.approx(-6.65, abs=0.01)
    assert weighted_median({1: 1, 9: 3}) == 9
