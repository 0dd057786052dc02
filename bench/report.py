"""A figure, its ratio to the floor of the same run, and how figures are shown: a table for people, a JSON line for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One measured number. `floor` is what the bare database, or the ideal, gave for the same work in the same run."""

    workload: str
    metric: str
    value: float
    unit: str
    floor: float | None = None

    @property
    def ratio(self) -> float | None:
        """Return value by floor: of a rate more is better, of a time less."""
        return self.value / self.floor if self.floor else None

    def to_json(self) -> str:
        """Return the figure as one line."""
        return json.dumps({key: _rounded(value) for key, value in (asdict(self) | {"ratio": self.ratio}).items()})


def _rounded(value: object) -> object:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def percentile(values: Sequence[float], part: float) -> float:
    """Return the smallest value that at least this part of all values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(part * 100) // 100) - 1)]


def spread(workload: str, metric: str, values: Sequence[float], unit: str, floor: float | None = None) -> list[Figure]:
    """Return median and 95th percentile of samples; the floor belongs to the median."""
    p95 = percentile(values, 0.95)
    return [Figure(workload, f"{metric}_p50", median(values), unit, floor), Figure(workload, f"{metric}_p95", p95, unit)]


HEAD = ("", "metric", "value", "unit", "floor", "ratio")


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as aligned text, one a line."""
    rows = [HEAD, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(_line(row, widths) for row in rows)


def _cells(figure: Figure) -> tuple[str, ...]:
    return (figure.workload, figure.metric, number(figure.value), figure.unit, number(figure.floor), number(figure.ratio))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    left = (0, 1, 3)
    cells = (cell.ljust(width) if n in left else cell.rjust(width) for n, (cell, width) in enumerate(zip(row, widths, strict=True)))
    return "  ".join(cells).rstrip()


def number(value: float | None) -> str:
    """Return a number as people read it: three digits that mean something, thousands apart."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
