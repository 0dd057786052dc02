"""Text for terminals: it fits, it lines up, it has colour only where somebody looks, and data cannot steer it."""

from __future__ import annotations

import io

import pytest

from runs.management.printing import BAR_CELLS, Paper, bar, cells, clean, cut, table_lines, wants_colour


@pytest.mark.parametrize(
    ("environ", "is_terminal", "forced", "forbidden", "expected"),
    [
        pytest.param({}, True, False, False, True, id="a-terminal"),
        pytest.param({}, False, False, False, False, id="a-pipe"),
        pytest.param({"NO_COLOR": "1"}, True, False, False, False, id="no-color"),
        pytest.param({"NO_COLOR": ""}, True, False, False, True, id="an-empty-no-color-says-nothing"),
        pytest.param({"TERM": "dumb"}, True, False, False, False, id="a-dumb-terminal"),
        pytest.param({"NO_COLOR": "1"}, False, True, False, True, id="forced"),
        pytest.param({}, True, False, True, False, id="forbidden"),
    ],
)
def test_it_colours_only_where_somebody_looks(
    environ: dict[str, str], is_terminal: bool, forced: bool, forbidden: bool, expected: bool
) -> None:
    assert wants_colour(environ, is_terminal=is_terminal, forced=forced, forbidden=forbidden) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("\x1b[2Jgone", "\ufffd[2Jgone", id="clear-screen"),
        pytest.param("two\nlines", "two lines", id="a-second-line"),
        pytest.param("a\u202eb", "a\ufffdb", id="right-to-left"),
        pytest.param("\x9b31m", "\ufffd31m", id="one-byte-csi"),
        pytest.param("naïve ✓ 字", "naïve ✓ 字", id="ordinary-text"),
        pytest.param(7, "7", id="a-number"),
    ],
)
def test_it_lets_no_data_steer_the_terminal(text: object, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        pytest.param("short", 5, "short", id="fits"),
        pytest.param("longer", 5, "long…", id="cut"),
        pytest.param("字字字", 5, "字字…", id="wide-signs"),
    ],
)
def test_it_cuts_to_columns_of_the_terminal(text: str, width: int, expected: str) -> None:
    assert cut(text, width) == expected
    assert cells(cut(text, width)) <= width


def test_it_lines_columns_up_below_one_another() -> None:
    assert table_lines(("a", "name"), [("字", 1), ("long", "x")]) == ["a     name", "────  ────", "字    1", "long  x"]


def test_it_prints_a_table_without_rows() -> None:
    assert table_lines(("a", "b"), []) == ["a  b", "─  ─"]


@pytest.mark.parametrize(
    ("start", "width", "is_open", "drawn"),
    [
        pytest.param("0%", "100%", False, "█" * BAR_CELLS, id="the-whole"),
        pytest.param("50%", "50%", False, "·" * (BAR_CELLS // 2) + "█" * (BAR_CELLS // 2), id="the-second-half"),
        pytest.param("100%", "0.40%", False, "·" * (BAR_CELLS - 1) + "█", id="the-very-end"),
        pytest.param("0%", "", False, "·" * BAR_CELLS, id="nothing"),
        pytest.param("0%", "100%", True, "█" * (BAR_CELLS - 1) + "▶", id="still-going-on"),
    ],
)
def test_it_draws_a_stretch_of_time(start: str, width: str, is_open: bool, drawn: str) -> None:
    assert bar(start, width, is_open=is_open) == drawn


class Lines(io.StringIO):
    """A stream that ends each line itself, as Django's do."""

    def write(self, text: str) -> int:
        return super().write(text + "\n")


def test_it_says_a_status_in_words_with_and_without_colour() -> None:
    plain, coloured = Lines(), Lines()
    Paper(plain, colour=False).status("failed", "why")
    Paper(coloured, colour=True).status("failed", "why")
    assert plain.getvalue() == "✕ failed: why\n"
    assert coloured.getvalue() == "\x1b[31m✕ failed: why\x1b[0m\n"
