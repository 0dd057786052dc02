"""Sketches: quantiles within two percent, the same whatever the order and the parts, small, and fading."""

from __future__ import annotations

from random import Random

import pytest

from runs.history.sketch import ACCURACY, LARGEST, Sketch


def sketched(*numbers: int) -> Sketch:
    sketch = Sketch()
    for number in numbers:
        sketch.add(number)
    return sketch


def dice(seed: int, count: int = 3_000) -> list[int]:
    rolled = Random(seed)  # noqa: S311 - makes up numbers, guards nothing
    return [int(rolled.lognormvariate(6, 1.2)) for _ in range(count)]


@pytest.mark.parametrize("part", [0.0, 0.05, 0.5, 0.95, 0.99, 1.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_it_tells_every_quantile_within_its_accuracy(part: float, seed: int) -> None:
    numbers = sorted(dice(seed))
    exact = numbers[max(0, -(-int(part * len(numbers) * 1_000) // 1_000) - 1)]
    told = sketched(*numbers).quantile(part)
    assert told is not None
    # Whole numbers are rounded, which for the smallest is more than two percent.
    assert abs(told - exact) <= max(1, exact * (ACCURACY + 0.002)), (told, exact)


@pytest.mark.parametrize("number", [0, 1, 2, 77, 1_999, 10**9, LARGEST], ids=str)
def test_it_tells_exactly_what_never_changes(number: int) -> None:
    sketch = sketched(*[number] * 20)
    assert {sketch.quantile(part) for part in (0.05, 0.5, 0.95)} == {number}


def test_it_knows_nothing_of_no_numbers() -> None:
    assert Sketch().quantile(0.5) is None


def test_it_takes_what_is_no_amount_as_the_nearest_that_is() -> None:
    assert sketched(-5).quantile(0.5) == 0
    assert sketched(2**80).quantile(0.5) == LARGEST


def test_it_is_the_same_in_any_order_and_any_parts() -> None:
    numbers = dice(3)
    whole, parts = sketched(*numbers), sketched(*reversed(numbers[:700]))
    parts.merge(sketched(*numbers[700:]))
    assert parts.to_json() == whole.to_json()
    empty = Sketch()
    empty.merge(whole)
    assert empty.to_json() == whole.to_json()


def test_it_reads_back_as_it_was_written() -> None:
    sketch = sketched(*dice(4))
    sketch.fade(1 / 3)
    again = Sketch.from_json(sketch.to_json())
    assert again.to_json() == sketch.to_json()
    assert again.quantile(0.95) == sketch.quantile(0.95)


def test_it_lets_new_numbers_outweigh_old_ones() -> None:
    sketch = sketched(*[100] * 400)
    sketch.fade(0.5**4)
    for _ in range(100):
        sketch.add(900)
    assert sketch.quantile(0.5) == pytest.approx(900, rel=ACCURACY + 0.002)


def test_it_forgets_what_has_faded_away_and_so_stays_small() -> None:
    sketch = sketched(*dice(5))
    for _ in range(40):
        sketch.fade(0.5)
        sketch.add(500)
    assert len(sketch.weights) == 1
    assert len(str(sketched(*dice(6, 50_000)).to_json())) < 6_000
