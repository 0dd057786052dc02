"""How sure one may be that a recovery works: the lower bound of a Wilson interval over what was tried, older trials weighing less.

    weight of a trial  = ½ ^ (age / half-life)
    n, s               = sum of the weights, sum of the weights of those that worked
    lower, upper       = the 95 % Wilson interval of s successes in n trials

Successes move it up, failures down, and time takes weight away, so that the interval widens towards knowing nothing.
What was only suggested or approved is no trial. Before the first trial the catalog's prior stands in, labelled so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

HALF_LIFE_DAYS = 30.0
Z_95 = 1.959963984540054


class Trials(NamedTuple):
    """Trials of one age: how many days ago they ended, how many there were and how many of them worked."""

    age_days: float
    applied: int
    succeeded: int


class Confidence(NamedTuple):
    """A confidence with what it is made of. `value` is the lower bound, or the prior where nothing was tried."""

    applied: int
    succeeded: int
    weighted_n: float
    weighted_successes: float
    lower: float
    upper: float
    prior: float

    @property
    def label(self) -> str:
        return "measured" if self.applied else "prior"

    @property
    def value(self) -> float:
        return self.lower if self.applied else self.prior

    def parts(self) -> dict[str, Any]:
        """Return what the number is made of, as it is stored and shown."""
        return {
            "label": self.label,
            "value": round(self.value, 4),
            "applied": self.applied,
            "succeeded": self.succeeded,
            "weighted_n": round(self.weighted_n, 3),
            "weighted_successes": round(self.weighted_successes, 3),
            "half_life_days": HALF_LIFE_DAYS,
            "lower": round(self.lower, 4),
            "upper": round(self.upper, 4),
            "prior": self.prior,
        }


class Tally:
    """Adds trials up as they come, so that however many there are, four numbers are kept."""

    __slots__ = ("applied", "succeeded", "weighted_n", "weighted_successes")

    def __init__(self) -> None:
        self.applied = self.succeeded = 0
        self.weighted_n = self.weighted_successes = 0.0

    def add(self, trials: Trials) -> None:
        weight = weight_of(trials.age_days)
        self.applied += trials.applied
        self.succeeded += trials.succeeded
        self.weighted_n += weight * trials.applied
        self.weighted_successes += weight * trials.succeeded

    def confidence(self, prior: float) -> Confidence:
        """Return how sure the trials so far make one."""
        lower, upper = wilson(self.weighted_successes, self.weighted_n)
        return Confidence(self.applied, self.succeeded, self.weighted_n, self.weighted_successes, lower, upper, prior)


def confidence(trials: Iterable[Trials], *, prior: float) -> Confidence:
    """Return how sure these trials make one."""
    tally = Tally()
    for each in trials:
        tally.add(each)
    return tally.confidence(prior)


def weight_of(age_days: float) -> float:
    """Return what a trial of this age counts; one from the future, by another machine's clock, counts as new."""
    return float(0.5 ** (max(0.0, age_days) / HALF_LIFE_DAYS))


def wilson(successes: float, n: float, z: float = Z_95) -> tuple[float, float]:
    """Return the bounds between which the true rate is with 95 % certainty; of no trials everything is possible."""
    if n <= 0:
        return 0.0, 1.0
    rate, square = min(1.0, successes / n), z * z
    middle = rate + square / (2 * n)
    reach = z * math.sqrt(max(0.0, rate * (1 - rate)) / n + square / (4 * n * n))
    whole = 1 + square / n
    if not math.isfinite(whole):
        return 0.0, 1.0
    return min(1.0, max(0.0, (middle - reach) / whole)), min(1.0, max(0.0, (middle + reach) / whole))
