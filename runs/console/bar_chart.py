"""A bar chart as a drawing: bars of pieces that stand on one another, and a scale of round steps. Pure; templates only lay it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

LEAST_HEIGHT = 0.75
"""What is there at all can be seen."""
MOST_STEPS = 5


class Part(NamedTuple):
    """A piece of a bar: where it begins, how high it is, and what it is of."""

    y: float
    height: float
    kind: str


class Tick(NamedTuple):
    """A line of the scale, and what it stands for."""

    y: float
    says: str


class Label(NamedTuple):
    """What is named below the chart, and to which side of its place the text goes."""

    x: str
    says: str
    anchor: str


class Column(NamedTuple):
    """What stands at one place: its title, and how much there is of each kind, the lowest first."""

    title: str
    amounts: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Bar:
    """A column as it is drawn. `x` and `width` are percentages ready for SVG."""

    x: str
    width: str
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Chart:
    """Bars, a scale, some places named, and the whole in a sentence."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]
    says: str


def draw(
    columns: Sequence[Column | None], top: int, height: int, *, scale_says: Callable[[int], str], labels: tuple[Label, ...], says: str
) -> Chart:
    """Return the drawing of columns, None where nothing stands, the highest of which is `top`, above zero; `height` units high."""
    step = round_step(top)
    scale = height / (step * -(-top // step))
    share = 100 / len(columns)
    bars = tuple(
        Bar(f"{place * share + share * 0.1:.3f}%", f"{share * 0.8:.3f}%", column.title, _parts(column.amounts, height, scale))
        for place, column in enumerate(columns)
        if column is not None
    )
    ticks = tuple(Tick(round(height - amount * scale, 2), scale_says(amount)) for amount in range(step, round(height / scale) + 1, step))
    return Chart(bars, ticks, labels, says)


def _parts(amounts: Sequence[tuple[str, int]], height: int, scale: float) -> tuple[Part, ...]:
    parts, below = [], height * 1.0
    for kind, amount in amounts:
        if amount > 0:
            below -= amount * scale
            parts.append(Part(round(below, 2), round(max(amount * scale, LEAST_HEIGHT), 2), kind))
    return tuple(parts)


def round_step(top: int) -> int:
    """Return what lies between two lines of the scale, so that there are one to five of them: 1, 2 or 5 and zeros."""
    magnitude = 1
    while True:
        for part in (1, 2, 5):
            if top / (magnitude * part) <= MOST_STEPS:
                return magnitude * part
        magnitude *= 10
