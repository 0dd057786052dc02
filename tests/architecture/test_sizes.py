"""Files and functions stay as small as a reader needs them."""

from __future__ import annotations

from statistics import median

from tests.architecture.source_tree import APPS, SOURCES, files, functions, label

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60
HALF_ARE_BELOW = 10


def test_it_keeps_files_small() -> None:
    lengths = {label(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files(*SOURCES)}
    assert {path: length for path, length in lengths.items() if length > MAX_FILE_LINES} == {}, "each of these is two modules"


def test_it_keeps_functions_small() -> None:
    lengths = {f"{label(path)}: {name}": length for path in files(*SOURCES) for name, length in functions(path)}
    too_long = {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES}
    assert too_long == {}, "look for the decision in each and lift that out"


def test_it_keeps_half_of_all_functions_below_ten_lines() -> None:
    lengths = [length for path in files(*APPS) for _, length in functions(path)]
    assert median(lengths) < HALF_ARE_BELOW, f"of {len(lengths)} functions half have {median(lengths)} lines or more"
