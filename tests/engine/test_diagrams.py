"""The page about the machine is true: its diagrams are the tables, drawn, and its example runs."""

from __future__ import annotations

import re

import pytest

from runs.engine.state import STEP_TRANSITIONS
from tests.engine.diagrams import PAGE, drawn, with_diagrams


def test_it_shows_the_tables_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_diagrams(page) == page, "run: python -m tests.engine.diagrams"


def test_it_draws_every_move_once() -> None:
    lines = drawn(STEP_TRANSITIONS, "pending").splitlines()
    assert len(lines) == len(set(lines))
    moves = {(status, end) for status, following in STEP_TRANSITIONS.items() for end in following}
    assert {tuple(line.split(" --> ")) for line in map(str.strip, lines[1:]) if "[*]" not in line} == moves


def test_it_refuses_a_page_without_a_place() -> None:
    with pytest.raises(ValueError, match="0 places for 'step'"):
        with_diagrams("# The machine\n")


def test_it_shows_an_example_that_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    exec(compile(example, PAGE.name, "exec"), {})  # noqa: S102 -- the example asserts what it shows
