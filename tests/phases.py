"""Which tests run where: `pytest --phase quick` and `pytest --phase slow`, each on SQLite and on PostgreSQL; `make test` is all four.

Every test runs at least once. Those run twice in which the two databases could differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parent


class Phase(NamedTuple):
    """The tests with these marks (as `-m` takes them), without the files of these patterns; a folder stands for all that is in it."""

    marks: str
    left_out: tuple[str, ...]


def _in(folder: str, names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/test_{name}.py" for name in names.split())


# Folders in which nothing starts processes, and in which nothing asks a database either: to read them takes each test process seconds.
_WITHOUT_PROCESSES = ("engine", "skills", "histories", "architecture")
_WITHOUT_DATABASE = (*_WITHOUT_PROCESSES, "unit", "docs", "sdk")
# Folders in which everything starts processes. To make up the requests of `fuzz` takes seconds too.
_WITH_PROCESSES = ("acceptance", "fuzz")

# The console's pages are asked for on PostgreSQL: what they read is tested on both, and `make test-fast` shows them on SQLite.
# So is what people decide: rows by Django's own means, and a worker that has tests on both.
_QUICK_ON_POSTGRESQL = ("console", *_in("integration", "attacks_on_decisions gates_of_runs"))

# Of the API what counts, waits for or meets others; all else asks nothing of a database that its pages and the other tests do not.
_API_ON_BOTH = frozenset(
    _in(
        "api",
        "access approvals budgets event_streams events feed front_door_crowds front_door_tenants front_door_webhooks"
        " live_server pages submit tenants_do_not_meet usage webhooks",
    )
)
_QUICK_ON_SQLITE = (
    *(path.relative_to(TESTS).as_posix() for path in sorted(TESTS.glob("api/test_*.py"))),
    *_in("sign_in", "jwt_bearers console_sign_in"),
    *_in(
        "integration",
        "determinism_lab damaged_journals evidence explanations topping_up_by_page faults_foretold injected_faults"
        " failures_of_every_category failure_texts calibration_of_runs redis_broker trace_document otlp long_traces correlation"
        " policies_of_runs recoveries_written_back runs_done_again simulated_runs undo bench_workloads commands_*",
    ),
)

# The product as a whole, with processes of its own, is tried on PostgreSQL where it is the same on both; `demo` and `dev` are SQLite's.
_SLOW_ON_POSTGRESQL = (
    *_in("acceptance", "failures money bulk chain kill commands_with_a_worker four_skins being_told"),
    *_in("chaos", "crash_after_effect killed_processes poison"),
    *_in("api", "event_streams front_door_crowds"),
    *_in("integration", "hosts replay_at_scale runs_and_circuits shell_supervision"),
)
# And on SQLite what is of one database whichever it is: SDKs, the server of production, programs of others, a browser, made-up requests.
_SLOW_ON_SQLITE = (
    *("sdk", "docs", "sign_in", "fuzz"),
    *_in("api", "production_server"),
    *_in("acceptance", "first_sdk examples"),
    *_in("console", "accessibility journeys keys_in_a_browser"),
    *_in("integration", "bench_workloads work_command trace_follow"),
)

PHASES = {
    ("quick", "sqlite"): Phase("not slow", (*_WITH_PROCESSES, *_QUICK_ON_POSTGRESQL)),
    ("quick", "postgresql"): Phase(
        "database and not slow",
        (*_WITH_PROCESSES, *_WITHOUT_DATABASE, *(pattern for pattern in _QUICK_ON_SQLITE if pattern not in _API_ON_BOTH)),
    ),
    ("slow", "sqlite"): Phase("slow and not chaos", (*_WITHOUT_PROCESSES, *_SLOW_ON_POSTGRESQL)),
    ("slow", "postgresql"): Phase("slow and database and not chaos", (*_WITHOUT_DATABASE, *_SLOW_ON_SQLITE)),
}


def is_left_out(phase: Phase, path: Path) -> bool:
    """Tell whether a phase goes without a file or folder of `tests`."""
    return next(_patterns_of(phase, path), None) is not None


def _patterns_of(phase: Phase, path: Path) -> Iterator[str]:
    place = path.relative_to(TESTS).as_posix() if path.is_relative_to(TESTS) else ""
    return (pattern for pattern in phase.left_out if fnmatch(place, pattern) or place.startswith(f"{pattern}/"))
