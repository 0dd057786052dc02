"""Tables as files: read back as they were, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from skills.table_files import FORMATS, cell_of, csv_lines, json_lines

NAUGHTY = [
    "<script>alert(1)</script>",
    'a "quoted", word',
    "two\nlines\r\nthree",
    "\u202eright to left",
    "🐘" * 50,
    "x" * 10_000,
    "NUL \u2400 like",
    "",
]
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", '=HYPERLINK("http://evil")', "\n@x"]


def read_back(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_that_would_be_a_formula_is_text(text: str) -> None:
    assert cell_of(text) == f"'{text}"
    _, (cell,) = read_back("".join(csv_lines(["goal"], [[text]])))
    assert cell == f"'{text}"


def test_csv_is_read_back_as_it_was() -> None:
    rows = [[text, number] for number, text in enumerate(NAUGHTY)]
    assert read_back("".join(csv_lines(["text", "number"], rows)))[1:] == [[text, str(number)] for text, number in rows]


@pytest.mark.parametrize(("value", "cell"), [(None, ""), (-5, -5), (0, 0), ("plain", "plain"), (True, True)])
def test_numbers_are_numbers_and_nothing_is_empty(value: Any, cell: Any) -> None:
    assert cell_of(value) == cell


def test_json_lines_are_an_object_each() -> None:
    lines = list(json_lines(["text", "number"], [[text, None] for text in [*NAUGHTY, *FORMULAS]]))
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    assert [json.loads(line) for line in lines] == [{"text": text, "number": None} for text in [*NAUGHTY, *FORMULAS]]


@pytest.mark.parametrize("name", FORMATS)
def test_every_kind_is_made_line_by_line(name: str) -> None:
    kind = FORMATS[name]
    assert kind.ending == name
    lines = kind.lines(["n"], ([n] for n in range(3)))
    assert len(list(lines)) >= 3
