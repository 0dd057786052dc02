"""The witness finds the calls that should not have been, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.witness import Line, begun_after_success, changed_twice, lines_of
from tests.fakes.skills import bear_witness


def began(call: str, attempt: int = 1, step: str = "s") -> Line:
    return Line("began", "run", step, attempt, 7, call)


def changed(call: str, step: str = "s") -> Line:
    return Line("changed", "run", step, 1, 7, call)


def test_it_reads_what_was_written(tmp_path: Path) -> None:
    written = [began("a"), changed("a"), began("b", 2)]
    assert lines_of(tmp_path / "witness") == []
    for line in written:
        bear_witness(str(tmp_path / "witness"), str(line))
    assert lines_of(tmp_path / "witness") == written


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        pytest.param([began("a")], [], id="one call"),
        pytest.param([began("a"), began("b", 2)], ["b"], id="a later attempt after the success"),
        pytest.param([began("a"), began("b")], ["b"], id="the same attempt after the success"),
        pytest.param([began("lost"), began("a")], [], id="a call nobody recorded, before the success"),
        pytest.param([began("lost"), began("a", 2), began("b", 3)], ["b"], id="only what came after"),
        pytest.param([began("a"), began("other", step="t")], [], id="another step"),
        pytest.param([began("a"), changed("a")], [], id="what the call itself did"),
    ],
)
def test_it_finds_calls_after_the_one_that_succeeded(lines: list[Line], found: list[str]) -> None:
    assert [line.call for line in begun_after_success(lines, {("run", "s"): "a"})] == found


def test_it_knows_nothing_against_a_step_without_success() -> None:
    assert begun_after_success([began("a"), began("b", 2)], {}) == []


def test_it_finds_changes_that_were_made_twice_without_a_doubt() -> None:
    lines = [changed("a"), changed("b"), changed("c", "t"), changed("d", "t"), changed("e", "once")]
    assert changed_twice(lines, set()) == [("run", "s"), ("run", "t")]
    assert changed_twice(lines, {("run", "t")}) == [("run", "s")]
