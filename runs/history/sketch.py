"""A sketch of many numbers in a few: buckets on a logarithmic scale, each with the weight of what fell into it. Pure.

A quantile read from it is off by 2 % at most. Sketches of the same numbers in any order and any parts are the same sketch,
so they can be merged; weights can be faded, so that old numbers count less than new ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

ACCURACY = 0.02
LEAST_WEIGHT = 0.01
"""What is faded below this is forgotten, so that a sketch stays small."""
LARGEST = 2**53 - 1
_GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
_LOG_GROWTH = math.log(_GROWTH)
_ZERO = -1


class Sketch:
    """Whole numbers from 0 on, sketched. `least` and `most` are exact: where all numbers are one, so is every quantile."""

    def __init__(self, weights: Mapping[int, float] | None = None, least: int | None = None, most: int | None = None) -> None:
        self.weights = dict(weights or {})
        self.least, self.most = least, most

    @property
    def weight(self) -> float:
        return sum(self.weights.values())

    def add(self, number: int) -> None:
        number = min(max(0, number), LARGEST)
        bucket = _bucket(number)
        self.weights[bucket] = self.weights.get(bucket, 0.0) + 1.0
        self.least = number if self.least is None else min(self.least, number)
        self.most = number if self.most is None else max(self.most, number)

    def merge(self, other: Sketch) -> None:
        for bucket, weight in other.weights.items():
            self.weights[bucket] = self.weights.get(bucket, 0.0) + weight
        self.least = _of_both(min, self.least, other.least)
        self.most = _of_both(max, self.most, other.most)

    def fade(self, factor: float) -> None:
        faded = {bucket: weight * factor for bucket, weight in self.weights.items()}
        self.weights = {bucket: weight for bucket, weight in faded.items() if weight >= LEAST_WEIGHT}

    def quantile(self, part: float) -> int | None:
        """Return the number below or at which this part of all lies, None where there is none."""
        wanted, seen = self.weight * part - 1e-9, 0.0
        for bucket in sorted(self.weights):
            seen += self.weights[bucket]
            if seen >= wanted:
                return self._within(_number(bucket))
        return None

    def _within(self, number: int) -> int:
        lowest = number if self.least is None else max(number, self.least)
        return lowest if self.most is None else min(lowest, self.most)

    def to_json(self) -> dict[str, Any]:
        weights = {str(bucket): round(self.weights[bucket], 4) for bucket in sorted(self.weights)}
        return {"weights": weights, "least": self.least, "most": self.most}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Sketch:
        return cls({int(bucket): float(weight) for bucket, weight in value["weights"].items()}, value["least"], value["most"])


def rounded(number: int) -> int:
    """Return a number as a sketch would give it back."""
    return _number(_bucket(min(max(0, number), LARGEST)))


def _bucket(number: int) -> int:
    return _ZERO if number == 0 else math.ceil(math.log(number) / _LOG_GROWTH - 1e-9)


def _number(bucket: int) -> int:
    return 0 if bucket == _ZERO else round(2 * _GROWTH**bucket / (_GROWTH + 1))


def _of_both(choose: Any, first: int | None, second: int | None) -> int | None:
    given = [number for number in (first, second) if number is not None]
    return choose(given) if given else None
