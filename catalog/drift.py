"""Tells whether what is seen now departs from what was seen before, or is what chance alone brings. Pure.

    failure rate    two proportions, pooled; calls of one run go wrong together, so they count for fewer than they are
    cost, latency   the medians apart, in robust standard errors, and ranks that say the same without any assumption

An alarm needs enough numbers on both sides, a score beyond the threshold, and a change large enough to matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LEAST_NOW, LEAST_BEFORE = 30, 100
"""So many calls or steps at least must stand on either side."""
LEAST_EVENTS = 5
"""So many failures more, or fewer, than the baseline lets expect: of one or two the score says nothing."""
THRESHOLD = 5.0
"""An alarm by chance alone is rarer than one in a million; with hundreds of subjects asked every hour that is still seldom."""
RANK_THRESHOLD = 4.0
LEAST_POINTS = 0.05
"""A failure rate must have moved by so much, in parts of 1."""
LEAST_CHANGE = 0.25
"""A median must have moved by such a part of itself."""
_FLOOR = 0.01
"""A spread below such a part of the median is taken for this: prices and times that never vary have none."""
_MAD_TO_SIGMA = 1.4826
_MEDIAN_TO_MEAN = math.sqrt(math.pi / 2)
"""By how much the standard error of a median is greater than that of a mean."""


@dataclass
class Rate:
    """Calls and how many of them failed, added up run by run so that it is known how much they fail together."""

    runs: int = 0
    calls: int = 0
    failed: int = 0
    _calls2: float = 0.0
    _both: float = 0.0
    _failed2: float = 0.0

    def add(self, calls: int, failed: int) -> None:
        """Add the calls of one run."""
        self.merge(Rate(1, calls, failed, calls * calls, calls * failed, failed * failed))

    def merge(self, other: Rate) -> None:
        self.runs += other.runs
        self.calls += other.calls
        self.failed += other.failed
        self._calls2 += other._calls2
        self._both += other._both
        self._failed2 += other._failed2

    @property
    def share(self) -> float:
        return self.failed / self.calls if self.calls else 0.0

    @property
    def design_effect(self) -> float:
        """How many calls tell as little as one that were independent: 1, or more where calls of one run go wrong together."""
        p = self.share
        if self.runs < 2 or not 0 < p < 1:
            return 1.0
        squares = self._failed2 - 2 * p * self._both + p * p * self._calls2
        variance = squares / self.calls**2 * self.runs / (self.runs - 1)
        return max(1.0, variance * self.calls / (p * (1 - p)))


@dataclass(frozen=True)
class Finding:
    """What a comparison came to. `score` beyond `threshold` on either side of zero is a departure, if it `alarms`."""

    measure: str
    baseline: dict[str, Any]
    recent: dict[str, Any]
    score: float
    threshold: float
    alarms: bool


def compare_rates(before: Rate, now: Rate) -> Finding | None:
    """Compare failure rates; None where too little was seen to say anything."""
    if now.calls < LEAST_NOW or before.calls < LEAST_BEFORE:
        return None
    # A side on which nothing failed shows no effect of its own.
    effect = max(before.design_effect, now.design_effect)
    m, n = now.calls / effect, before.calls / effect
    if m < LEAST_NOW / 2 or n < LEAST_BEFORE / 2:
        return None
    moved = now.share - before.share
    pooled = (now.share * m + before.share * n) / (m + n)
    variance = pooled * (1 - pooled) * (1 / m + 1 / n)
    score = moved / math.sqrt(variance) if variance > 0 else 0.0
    alarms = abs(score) >= THRESHOLD and abs(moved) >= LEAST_POINTS and abs(moved) * m >= LEAST_EVENTS
    return Finding("failure_rate", _rate_json(before, n), _rate_json(now, m), round(score, 3), THRESHOLD, alarms)


def _rate_json(rate: Rate, worth: float) -> dict[str, Any]:
    return {"n": rate.calls, "runs": rate.runs, "n_effective": round(worth, 1), "value": round(rate.share, 4), "failed": rate.failed}


@dataclass
class Numbers:
    """Whole numbers and how often each was seen."""

    weights: dict[int, float] = field(default_factory=dict)

    def add(self, number: int, weight: float = 1.0) -> None:
        self.weights[number] = self.weights.get(number, 0.0) + weight

    def merge(self, other: Numbers) -> None:
        for number, weight in other.weights.items():
            self.add(number, weight)

    @property
    def n(self) -> float:
        return sum(self.weights.values())

    def median(self) -> float:
        return weighted_median(self.weights)

    def sigma(self) -> float:
        """Return the spread as the standard deviation it would be of normal numbers, from the median distance to the median."""
        middle = self.median()
        distances: dict[float, float] = {}
        for number, weight in self.weights.items():
            distances[abs(number - middle)] = distances.get(abs(number - middle), 0.0) + weight
        return max(_MAD_TO_SIGMA * weighted_median(distances), _FLOOR * middle, _FLOOR)


def weighted_median(weights: Mapping[Any, float]) -> float:
    """Return the number below or at which half of all lies."""
    half, seen = sum(weights.values()) / 2, 0.0
    for number in sorted(weights):
        seen += weights[number]
        if seen >= half:
            return float(number)
    return 0.0


def compare_numbers(measure: str, before: Numbers, now: Numbers) -> Finding | None:
    """Compare costs or times by their medians; None where too little was seen to say anything."""
    if now.n < LEAST_NOW or before.n < LEAST_BEFORE:
        return None
    was, became, sigma = before.median(), now.median(), before.sigma()
    score = (became - was) / (sigma * _MEDIAN_TO_MEAN * math.sqrt(1 / now.n + 1 / before.n))
    ranks = rank_score(before.weights, now.weights)
    moved = abs(became - was) >= LEAST_CHANGE * max(was, became)
    agree = ranks * score > 0 and abs(ranks) >= RANK_THRESHOLD
    baseline = {"n": round(before.n), "value": round(was), "spread": round(sigma, 2)}
    recent = {"n": round(now.n), "value": round(became), "rank_score": round(ranks, 3)}
    return Finding(measure, baseline, recent, round(score, 3), THRESHOLD, abs(score) >= THRESHOLD and agree and moved)


def rank_score(before: Mapping[int, float], now: Mapping[int, float]) -> float:
    """Return how far the new numbers lie above the old, as Mann and Whitney's z with ties; it assumes nothing of how they are spread."""
    m, n = sum(now.values()), sum(before.values())
    numbers = sorted(before.keys() | now.keys())
    below = above = ties = 0.0
    for number in numbers:
        old, new = before.get(number, 0.0), now.get(number, 0.0)
        above += new * (below + old / 2)
        below += old
        ties += (old + new) ** 3 - (old + new)
    whole = m + n
    variance = m * n / 12 * (whole + 1 - ties / (whole * (whole - 1)))
    return (above - m * n / 2) / math.sqrt(variance) if variance > 0 else 0.0
