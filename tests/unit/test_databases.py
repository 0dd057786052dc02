"""The database tool: it gives the command a database or says in one line why it cannot."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.databases import NoPostgreSQL, database_url, installed_programs, service_user

SHOW = [sys.executable, "-c", "import os; print(os.environ['DATABASE_URL']); raise SystemExit(7)"]


def tool(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.databases", *arguments]
    return subprocess.run(command, cwd=PROJECT, env={**os.environ, **environment}, capture_output=True, text=True, check=False)


def test_it_passes_on_the_exit_status_of_the_command() -> None:
    done = tool("sqlite", "--", *SHOW)
    assert done.returncode == 7
    assert done.stdout.startswith("sqlite:////")


def test_it_takes_a_postgresql_that_is_given() -> None:
    given = "postgres://u@db.example/n"
    assert tool("postgresql", "--", *SHOW, DATABASE_URL=given).stdout.strip() == given


def test_it_does_not_take_another_database_for_postgresql() -> None:
    with database_url("postgresql", {"DATABASE_URL": "sqlite:////tmp/x.sqlite3"}) as url:
        assert url.startswith("postgres://aos@//")


@pytest.mark.parametrize("arguments", [[], ["oracle", "--", "true"], ["sqlite", "true"], ["sqlite", "--"]], ids=" ".join)
def test_it_explains_itself_when_called_wrongly(arguments: list[str]) -> None:
    done = tool(*arguments)
    assert done.returncode == 2
    assert "python -m tests.databases" in done.stderr


def test_it_finds_programs_on_the_path_first(tmp_path: Path) -> None:
    program = tmp_path / "initdb"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert installed_programs(str(tmp_path)) == tmp_path


def test_it_runs_the_server_as_somebody_else_when_root() -> None:
    user = service_user()
    assert (user is None) == (os.geteuid() != 0)
    assert user is None or user.pw_uid != 0


def test_it_says_why_when_no_user_can_run_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("tests.databases.SERVICE_USERS", ("nobody-of-this-name",))
    with pytest.raises(NoPostgreSQL, match="refuses to run as root"):
        service_user()


def test_it_says_in_one_line_why_the_server_cannot_start(tmp_path: Path) -> None:
    broken = tmp_path / "initdb"
    broken.write_text("#!/bin/sh\necho this disk is full >&2; exit 1\n")
    broken.chmod(0o755)
    tmp_path.chmod(0o755)
    search_path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = tool("postgresql", "--", "true", PATH=search_path, DATABASE_URL="")
    assert done.returncode == 1
    assert done.stderr.startswith("no PostgreSQL: initdb failed")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_it_ends_the_server_when_it_is_told_to_stop() -> None:
    wait = "import os, time; print(os.environ['DATABASE_URL'], flush=True); time.sleep(60)"
    command = [sys.executable, "-m", "tests.databases", "postgresql", "--", sys.executable, "-c", wait]
    environment = {**os.environ, "DATABASE_URL": ""}
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True) as tool_process:
        assert tool_process.stdout is not None
        home = Path(tool_process.stdout.readline().strip().partition("@/")[2]).parent
        server = int((home / "data/postmaster.pid").read_text().splitlines()[0])
        tool_process.terminate()
        assert tool_process.wait(60) == 128 + signal.SIGTERM
    assert not home.exists()
    assert not Path(f"/proc/{server}").exists()
