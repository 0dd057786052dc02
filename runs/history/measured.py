"""What is known of one skill version: how its steps went, folded in batch by batch, and what that says of the next one. Pure.

A step counts from its first start to its result, tries that failed included, and with all it cost. What is old fades: a
step counts half once it is a week old, and half once a thousand came after it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from runs.history.calibration import Calibration, Range
from runs.history.sketch import Sketch

HALF_LIFE_DAYS = 7.0
HALF_LIFE_STEPS = 1_000.0
LOW, MIDDLE, HIGH = 0.05, 0.5, 0.95


class Sample(NamedTuple):
    """A step that came to its result: what it took and cost."""

    took_ms: int
    cost_micro_usd: int


@dataclass
class Seen:
    """What one look brought of a skill version: steps that came to a result, calls that were made, and that failed."""

    samples: list[Sample] = field(default_factory=list)
    calls: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Measured:
    """What history says of a skill version. `n` steps stand behind the ranges, `calls` calls behind the failures."""

    n: int
    duration_ms: Range
    cost_micro_usd: Range
    p95_ms: int
    p95_micro_usd: int
    calls: int
    failed: int
    calibration: Calibration
    cost_calibration: Calibration

    @property
    def failure_rate(self) -> float:
        return round(self.failed / self.calls, 4) if self.calls else 0.0


class History:
    """One skill version as its row keeps it."""

    def __init__(self) -> None:
        self.took, self.cost = Sketch(), Sketch()
        self.calls = self.failed = 0.0
        self.calibration, self.cost_calibration = Calibration(), Calibration()

    def fold(self, seen: Seen, days: float) -> None:
        """Take in what was seen so many days after what is known already; first what was predicted is held against it."""
        self.calibration = _calibrated(self.calibration, _told(self.took), [sample.took_ms for sample in seen.samples])
        self.cost_calibration = _calibrated(self.cost_calibration, _told(self.cost), [sample.cost_micro_usd for sample in seen.samples])
        self._fade(0.5 ** (max(0.0, days) / HALF_LIFE_DAYS + len(seen.samples) / HALF_LIFE_STEPS))
        for sample in seen.samples:
            self.took.add(sample.took_ms)
            self.cost.add(sample.cost_micro_usd)
        self.calls += seen.calls
        self.failed += seen.failed

    def _fade(self, factor: float) -> None:
        self.took.fade(factor)
        self.cost.fade(factor)
        self.calls, self.failed = self.calls * factor, self.failed * factor
        self.calibration, self.cost_calibration = self.calibration.faded(factor), self.cost_calibration.faded(factor)

    def measured(self) -> Measured | None:
        """Return what this says, None where no step came to a result yet."""
        took, cost = _told(self.took), _told(self.cost)
        if took is None or cost is None:
            return None
        return Measured(
            n=max(1, round(took.weight)),
            duration_ms=took.widened(self.calibration),
            cost_micro_usd=cost.widened(self.cost_calibration),
            p95_ms=took.worst,
            p95_micro_usd=cost.worst,
            calls=round(self.calls),
            failed=round(self.failed),
            calibration=self.calibration,
            cost_calibration=self.cost_calibration,
        )

    def to_text(self) -> str:
        return json.dumps(
            {
                "took": self.took.to_json(),
                "cost": self.cost.to_json(),
                "calls": round(self.calls, 4),
                "failed": round(self.failed, 4),
                "calibration": self.calibration.to_json(),
                "cost_calibration": self.cost_calibration.to_json(),
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_text(cls, text: str) -> History:
        value: Mapping[str, Any] = json.loads(text)
        found = cls()
        found.took, found.cost = Sketch.from_json(value["took"]), Sketch.from_json(value["cost"])
        found.calls, found.failed = float(value["calls"]), float(value["failed"])
        found.calibration = Calibration.from_json(value["calibration"])
        found.cost_calibration = Calibration.from_json(value["cost_calibration"])
        return found


class _Told(NamedTuple):
    """What a sketch itself says: its 5th, 50th and 95th percentile, and how much stands behind them."""

    low: int
    expected: int
    worst: int
    weight: float

    def widened(self, calibration: Calibration) -> Range:
        """Return the range: wider the fewer numbers stand behind it, and as much wider as its predictions needed to be."""
        wider = calibration.widening * (1 + 1 / math.sqrt(max(1.0, self.weight)))
        return Range(math.floor(self.low / wider), self.expected, math.ceil(self.worst * wider))


def _told(sketch: Sketch) -> _Told | None:
    low, expected, worst = (sketch.quantile(part) for part in (LOW, MIDDLE, HIGH))
    return None if low is None or expected is None or worst is None else _Told(low, expected, worst, sketch.weight)


def _calibrated(calibration: Calibration, told: _Told | None, actual: Sequence[int]) -> Calibration:
    """Hold what was told before against what came; each answer widens or narrows the range of the next."""
    if told is None:
        return calibration
    for number in actual:
        calibration = calibration.told(told.widened(calibration), number)
    return calibration
