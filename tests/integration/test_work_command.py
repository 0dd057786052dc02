"""`manage.py work` says in one line each why it does not start, and starts nothing then."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from runs.management import exits
from runs.shell.processes.supervision import Supervisor
from tests.conftest import PROJECT

QUEUE: dict[str, tuple[dict[str, Any], str]] = {
    "redelivery before the time-out": ({"timeout": 5_000, "retry": 5_000}, "aos.E001"),
    "attempts of the queue's own": ({"max_attempts": 0}, "aos.E003"),
    "failures left unacknowledged": ({"ack_failures": False}, "aos.E004"),
    "a time-out within the turn of a drain": ({"timeout": 60}, "aos.E009"),
}
SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "a lease too short for its heartbeat": ({"LEASE_MS": 999}, "aos.E008"),
    "memory for no run": ({"WORK_MEMORY_MB": 100}, "aos.E008"),
    "drains that leave at once": ({"DRAIN_SECONDS": 0}, "aos.E008"),
    "a grace that is over before it begins": ({"WORK_GRACE_SECONDS": -1}, "aos.E008"),
    "no crash allowed to be none": ({"MAX_CRASHES": -1}, "aos.E008"),
    "a host without a name": ({"HOST_NAME": ""}, "aos.E012"),
    "a host whose name nobody could store": ({"HOST_NAME": "h" * 256}, "aos.E012"),
}
OPTIONS: dict[str, tuple[list[str], str]] = {
    "one process": (["--processes", "1"], "aos.E002"),
    "no process": (["--processes", "0"], "aos.E002"),
    "a negative number of processes": (["--processes=-2"], "aos.E002"),
    "no capacity": (["--capacity", "0"], "aos.E008"),
    "a negative capacity": (["--capacity=-1"], "aos.E008"),
}
DATABASES: dict[str, tuple[dict[str, Any], str]] = {
    "SQLite with deferred transactions": (
        {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL"}},
        "aos.E005",
    ),
    "SQLite without a write-ahead log": (
        {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": "IMMEDIATE"}},
        "aos.E007",
    ),
    "SQLite in memory": (
        {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": ":memory:",
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
        },
        "aos.E011",
    ),
    "a pool that would be forked": ({"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"pool": True}}, "aos.E010"),
}


@pytest.fixture(autouse=True)
def changeable(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back what the command line changes, and start nothing: what should be refused and is not must not fork a test."""
    settings.WORKERS, settings.Q_CLUSTER, settings.WORK_CAPACITY = settings.WORKERS, dict(settings.Q_CLUSTER), settings.WORK_CAPACITY
    monkeypatch.setattr(Supervisor, "run", lambda self: 99)


def told(*arguments: str) -> tuple[int, list[str]]:
    """Run the command; return its exit code and the lines it wrote to stderr."""
    stderr = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("work", *arguments, stderr=stderr)
    assert isinstance(ended.value.code, int)
    return ended.value.code, stderr.getvalue().splitlines()


def assert_refused(answer: tuple[int, list[str]], code: str) -> None:
    exit_code, lines = answer
    assert exit_code == exits.USAGE
    assert len(lines) == 1, lines
    assert lines[0].startswith(f"error[{code}]: ")


@pytest.mark.parametrize(("change", "code"), QUEUE.values(), ids=QUEUE.keys())
def test_it_refuses_an_unsafe_queue(change: dict[str, Any], code: str, settings: Any) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, **change}
    assert_refused(told(), code)


@pytest.mark.parametrize(("change", "code"), SETTINGS.values(), ids=SETTINGS.keys())
def test_it_refuses_an_unsafe_setting(change: dict[str, Any], code: str, settings: Any) -> None:
    for name, value in change.items():
        setattr(settings, name, value)
    assert_refused(told(), code)


@pytest.mark.parametrize(("arguments", "code"), OPTIONS.values(), ids=OPTIONS.keys())
def test_it_refuses_an_unsafe_option(arguments: list[str], code: str) -> None:
    assert_refused(told(*arguments), code)


@pytest.mark.parametrize(("change", "code"), DATABASES.values(), ids=DATABASES.keys())
def test_it_refuses_an_unsafe_database(change: dict[str, Any], code: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES, "default", {**settings.DATABASES["default"], "NAME": "aos", **change})
    assert_refused(told(), code)


def test_it_refuses_redis_without_its_package(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aos_site.checks.find_spec", lambda name: None)
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "redis": "redis://localhost"}
    assert_refused(told(), "aos.E013")


def test_it_says_everything_that_is_wrong_at_once(settings: Any) -> None:
    settings.LEASE_MS = 1
    code, lines = told("--processes", "1", "--capacity=-1")
    assert code == exits.USAGE
    assert [line.partition("]")[0] for line in lines] == ["error[aos.E002", "error[aos.E008", "error[aos.E008"]


def test_it_starts_as_it_is_shipped(transactional_db: None) -> None:
    assert told("--processes", "2", "--capacity", "1") == (99, [])


# As a process


def work(*arguments: str, **environment: str) -> tuple[int, str]:
    command = [sys.executable, "manage.py", "work", *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AOS_")}
    ended = subprocess.run(command, cwd=PROJECT, env={**clean, **environment}, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


@pytest.mark.slow
def test_it_names_the_variable_that_makes_no_sense() -> None:
    code, said = work(AOS_WORKERS="many")
    assert (code, said) == (2, "error: AOS_WORKERS makes no sense: invalid literal for int() with base 10: 'many'\n")


@pytest.mark.slow
def test_it_refuses_what_the_environment_says() -> None:
    code, said = work(AOS_WORKERS="1")
    assert code == 2
    assert said == "error[aos.E002]: AOS_WORKERS (--processes) must be 2 or more: drains take all but one, which is kept for schedules.\n"


@pytest.mark.slow
def test_it_says_that_the_database_has_no_tables(tmp_path: Path) -> None:
    code, said = work(DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    assert code == exits.SERVER
    assert said.startswith("error[STORE_UNAVAILABLE]: the database cannot be used: ")
    assert "try: Make its tables: manage.py migrate\n" in said


@pytest.mark.slow
def test_it_loads_no_page_of_the_console() -> None:
    """To load them takes about as long as to load all else."""
    pages = ("runs.admin", "agents.admin", "unfold.admin", "aos_site.urls")
    program = f"import sys, django; django.setup(); import runs.shell.drain; print([page for page in {pages} if page in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
