"""What history says may go otherwise than expected. Without history nothing is said."""

from __future__ import annotations

from collections.abc import Iterator

from runs.contracts.simulation import Risk
from runs.history.calibration import PROMISED
from runs.history.measured import Measured
from runs.simulation.course import Course

FAILS_OFTEN = 0.05
SPREADS_WIDE = 4.0
SPREAD_THAT_MATTERS_MS = 100
HOLDS_TOO_SELDOM = PROMISED - 0.1
ENOUGH = 10
"""Of fewer calls no share is told."""


def risks_of(course: Course) -> list[Risk]:
    steps: dict[tuple[str, str], list[str]] = {}
    for key, pin in course.pins.items():
        steps.setdefault((pin.skill, pin.version), []).append(key.partition("!")[0])
    found = (risk for (skill, version), names in sorted(steps.items()) for risk in _of_one(course, skill, version, names))
    return list(found)


def _of_one(course: Course, skill: str, version: str, names: list[str]) -> Iterator[Risk]:
    measured = course.history.get((skill, version))
    if measured is None:
        return
    for kind, value, n, detail in _told(measured):
        yield Risk(kind=kind, skill=skill, version=version, step_ids=list(dict.fromkeys(names)), detail=detail, value=value, n=n)


def _told(measured: Measured) -> Iterator[tuple[str, float, int, str]]:
    """Yield (kind, value, n, in words)."""
    rate, took, told = measured.failure_rate, measured.duration_ms, measured.calibration
    if measured.calls >= ENOUGH and rate >= FAILS_OFTEN:
        yield "fails", rate, measured.calls, f"{rate:.0%} of its calls failed"
    if measured.n >= ENOUGH and measured.p95_ms >= SPREAD_THAT_MATTERS_MS and measured.p95_ms >= SPREADS_WIDE * max(1, took.expected):
        times = round(measured.p95_ms / max(1, took.expected), 1)
        yield "slow", times, measured.n, f"one in twenty takes {times:g} times as long as usual"
    inside = told.inside_share
    if told.n >= ENOUGH and inside is not None and inside < HOLDS_TOO_SELDOM:
        yield "unpredictable", inside, round(told.n), f"only {inside:.0%} of its times were within what was predicted"
