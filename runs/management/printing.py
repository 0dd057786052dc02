"""Lays out text for terminals: colour by status, tables, a run's waterfall. Everything that decides is pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from runs.console.run.waterfall import Row, waterfall
from skills.wording import look_of

_COLOURS = {"grey": "90", "blue": "34", "amber": "33", "green": "32", "red": "31", "solid": "1;31", "violet": "35", "bold": "1"}
# What runs bring along (goals, pages, messages) must not steer the reader's terminal.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
BAR_CELLS = 36
LONGEST_CELL, LONGEST_LAST_CELL = 60, 100


class Stream(Protocol):
    """Where lines go: what Django gives a command as stdout and stderr."""

    def write(self, text: str) -> Any: ...
    def flush(self) -> None: ...


def wants_colour(environ: Mapping[str, str], *, is_terminal: bool, forced: bool, forbidden: bool) -> bool:
    """Tell whether to colour: flags first, then NO_COLOR, then whether anybody watches."""
    if forced or forbidden:
        return forced
    return is_terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def clean(value: Any) -> str:
    """Return a value as one line that cannot move the cursor, change colours or turn the text around."""
    return _CONTROL.sub(lambda found: " " if found.group() in "\n\r\t" else "\ufffd", str(value))


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def padded(text: str, width: int) -> str:
    return text + " " * (width - cells(text))


def cut(text: str, width: int) -> str:
    """Return a text in at most so many columns, an ellipsis where something is missing."""
    if cells(text) <= width:
        return text
    kept = ""
    for each in text:
        if cells(kept + each) >= width:
            break
        kept += each
    return kept + "…"


def table_lines(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Return a table: a head, a rule, a line per row, columns as wide as what stands in them."""
    longest = [LONGEST_CELL] * (len(columns) - 1) + [LONGEST_LAST_CELL]
    texts = [list(columns), *([cut(clean(value), most) for value, most in zip(row, longest, strict=True)] for row in rows)]
    widths = [max(cells(row[position]) for row in texts) for position in range(len(columns))]
    lines = ["  ".join(padded(text, width) for text, width in zip(row, widths, strict=True)).rstrip() for row in texts]
    return [lines[0], "  ".join("─" * width for width in widths), *lines[1:]]


def waterfall_lines(trace: Mapping[str, Any], now_ms: int) -> list[tuple[str, str]]:
    """Return the waterfall of a trace as (line, colour), the very rows the console draws."""
    rows = waterfall(trace, now_ms)
    names = ["  " * row.depth + f"{row.look.icon} {clean(row.label)}".strip() for row in rows]
    width = max(map(cells, names), default=0)
    return [(_waterfall_line(padded(name, width), row), row.look.colour) for name, row in zip(names, rows, strict=True)]


def _waterfall_line(name: str, row: Row) -> str:
    return f"{name}  {bar(row.start, row.width, is_open=row.is_open)}  {row.length:>8}  {clean(row.note)}".rstrip()


def bar(start: str, width: str, *, is_open: bool = False) -> str:
    """Return a stretch of a whole, both given in percent, as a bar of blocks."""
    if not width:
        return "·" * BAR_CELLS
    begin = min(BAR_CELLS - 1, int(float(start.rstrip("%")) * BAR_CELLS / 100))
    length = max(1, min(BAR_CELLS - begin, round(float(width.rstrip("%")) * BAR_CELLS / 100)))
    drawn = "█" * (length - 1) + ("▶" if is_open else "█")
    return "·" * begin + drawn + "·" * (BAR_CELLS - begin - length)


class Paper:
    """Prints lines for people onto a stream, at once, so that who follows a run sees each thing as it happens."""

    def __init__(self, stream: Stream, *, colour: bool) -> None:
        self._stream = stream
        self._colour = colour

    def line(self, text: str = "", colour: str = "", *, indent: int = 0) -> None:
        code = _COLOURS.get(colour) if self._colour and text else None
        shown = "  " * indent + text
        self._stream.write(f"\x1b[{code}m{shown}\x1b[0m" if code else shown)
        self._stream.flush()

    def heading(self, text: str) -> None:
        self.line()
        self.line(text, "bold")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        head, rule, *lines = table_lines(columns, rows)
        self.line(head, "bold")
        self.line(rule, "grey")
        for line in lines:
            self.line(line)

    def pairs(self, pairs: Sequence[tuple[str, Any]]) -> None:
        """Print names and values in two columns."""
        width = max((cells(name) for name, _ in pairs), default=0)
        for name, value in pairs:
            self.line(f"{padded(name, width)}  {clean(value)}")

    def waterfall(self, trace: Mapping[str, Any], now_ms: int) -> None:
        for line, colour in waterfall_lines(trace, now_ms):
            self.line(line, colour)

    def check(self, text: str, held: bool) -> None:
        """Print whether something that was checked held."""
        self.line(f"{'✓' if held else '✕'} {clean(text)}{'' if held else ': NOT SO'}", "green" if held else "red")

    def status(self, status: str, text: str) -> None:
        """Print a line that begins with a status as icon and word, never as colour alone."""
        look = look_of(status)
        self.line(f"{look.icon} {look.word}: {clean(text)}" if text else f"{look.icon} {look.word}", look.colour)
