"""Tables as files that people and programs take away: CSV in which no spreadsheet finds a formula, and JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

# What a spreadsheet takes for the beginning of a formula; spaces before it do not help.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

CUT_OFF = "AOS-Cut-Off"
"""The header of a file that holds fewer rows than there are."""

Row = Sequence[Any]


class TableFormat(NamedTuple):
    """A kind of file: its ending, how it is announced, and what writes it."""

    ending: str
    content_type: str
    lines: Callable[[Sequence[str], Iterable[Row]], Iterator[str]]


def headers_of(kind: TableFormat, what: str, at: datetime, *, first: int = 0) -> dict[str, str]:
    """Return the headers of a file of what there was at an instant. `first`: so many rows of more, which its name and a header say."""
    name = f"{what}-{f'first-{first}-' if first else ''}{at:%Y%m%dT%H%M%SZ}.{kind.ending}"
    told = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return told | ({CUT_OFF: f"after {first} rows"} if first else {})


def cell_of(value: Any) -> Any:
    """Return a value as a cell of CSV: text that would be read as a formula is quoted with an apostrophe, nothing is empty."""
    if value is None:
        return ""
    if isinstance(value, str) and value.lstrip(" \n").startswith(_FORMULA):
        return f"'{value}"
    return value


def csv_lines(names: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """Yield a table as CSV (RFC 4180), its head first."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in chain([names], rows):
        writer.writerow([cell_of(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def json_lines(names: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """Yield a table as JSON lines, an object for each row."""
    for row in rows:
        yield json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n"


FORMATS = {
    "csv": TableFormat("csv", "text/csv; charset=utf-8; header=present", csv_lines),
    "jsonl": TableFormat("jsonl", "application/jsonl; charset=utf-8", json_lines),
}
