"""How well a range held: predicted against actual, and how much wider the range must be for what it promises. Pure.

A range promises to hold nine of ten. Each time reality leaves it, it grows by a quarter; each time reality keeps to it, it
shrinks by a fortieth: so it comes to rest where one in ten is outside, however reality drifts. It never grows beyond eight
times, and never shrinks below what history itself says.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

PROMISED = 0.9
GAIN = 0.25
WIDEST = 8.0


class Range(NamedTuple):
    """What is predicted: at least, probably, at most."""

    low: int
    expected: int
    worst: int


@dataclass(frozen=True)
class Calibration:
    """Of `n` predictions so many were `inside`; `ratios` is the sum of actual by expected, `largest` the largest of them.

    The counts fade as history does; `largest` is of all that ever was.
    """

    n: float = 0.0
    inside: float = 0.0
    ratios: float = 0.0
    largest: float = 0.0
    widening: float = 1.0

    @property
    def inside_share(self) -> float | None:
        return round(self.inside / self.n, 4) if self.n else None

    @property
    def mean_ratio(self) -> float | None:
        return round(self.ratios / self.n, 4) if self.n else None

    def told(self, predicted: Range, actual: int) -> Calibration:
        """Return the calibration after one more prediction met reality."""
        held = predicted.low <= actual <= predicted.worst
        ratio = actual / max(1, predicted.expected) if actual or predicted.expected else 1.0
        change = -GAIN * (1 - PROMISED) if held else GAIN * PROMISED
        return Calibration(
            n=self.n + 1,
            inside=self.inside + held,
            ratios=self.ratios + ratio,
            largest=max(self.largest, ratio),
            widening=min(WIDEST, max(1.0, self.widening * math.exp(change))),
        )

    def faded(self, factor: float) -> Calibration:
        return replace(self, n=self.n * factor, inside=self.inside * factor, ratios=self.ratios * factor)

    def to_json(self) -> dict[str, float]:
        return {name: round(value, 6) for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Calibration:
        return cls(**{name: float(value[name]) for name in ("n", "inside", "ratios", "largest", "widening")})
