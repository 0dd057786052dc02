"""The places where a test may let a process die: all there, all named, and without effect where nobody armed them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from runs.shell.crash_points import CRASH_POINTS, CrashPoint, armed, crash_point
from tests.architecture.source_tree import APPS, files, parsed
from tests.simulation.schedule import Crash

AS_A_VALUE = {"run.finished", "run.parked", "handback.written"}
"""The driver looks these up by how a run was left."""


def called(function: str) -> Iterator[ast.Call]:
    """Yield the product's calls of a function of the crash points."""
    nodes = (node for path in files(*APPS) for node in ast.walk(parsed(path)) if path.stem != "crash_points")
    return (node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function)


def test_it_does_nothing_unless_armed() -> None:
    for point in CRASH_POINTS:
        crash_point(point)


def test_it_strikes_where_it_is_armed_and_nowhere_afterwards() -> None:
    passed: list[CrashPoint] = []

    def strike(point: CrashPoint) -> None:
        passed.append(point)
        raise Crash(point)

    with armed(strike), pytest.raises(Crash):
        crash_point("journal.written")
    crash_point("journal.written")
    assert passed == ["journal.written"]


def test_it_is_placed_wherever_it_is_named() -> None:
    placed = {call.args[0].value for call in called("crash_point") if isinstance(call.args[0], ast.Constant)}
    assert placed | AS_A_VALUE == set(CRASH_POINTS)


def test_it_is_never_armed_by_the_product() -> None:
    assert list(called("armed")) == []
