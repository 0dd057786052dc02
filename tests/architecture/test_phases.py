"""No test is left out of every phase, and no phase speaks of files that are gone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.phases import PHASES, TESTS, is_left_out

SLOW = re.compile(r"pytest\.mark\.(slow|acceptance)\b")
WHOLLY_SLOW = re.compile(r"^pytestmark = .*\bmark\.(slow|acceptance)\b", re.MULTILINE)


def left_out_everywhere(name: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of each file that is left out of a phase on every database."""
    phases = [phase for (called, _), phase in PHASES.items() if called == name]
    for path in sorted(TESTS.glob("**/test_*.py")):
        if all(is_left_out(phase, path) for phase in phases):
            yield path.name, path.read_text(encoding="utf-8")


def test_it_leaves_out_what_is_there() -> None:
    patterns = {pattern for phase in PHASES.values() for pattern in phase.left_out}
    assert [pattern for pattern in sorted(patterns) if not list(TESTS.glob(pattern))] == [], "moved or gone"


def test_it_runs_every_quick_test_somewhere() -> None:
    assert [name for name, text in left_out_everywhere("quick") if not WHOLLY_SLOW.search(text)] == []


def test_it_runs_every_slow_test_somewhere() -> None:
    assert [name for name, text in left_out_everywhere("slow") if SLOW.search(text)] == []
