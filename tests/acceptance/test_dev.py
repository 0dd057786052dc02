"""`manage.py dev` from outside: web and worker live and die together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.processes import a_held_port

PROJECT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.acceptance


@pytest.fixture
def port() -> Iterator[int]:
    with a_held_port() as port:
        yield port


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": f"sqlite:///{folder / 'dev.sqlite3'}", "AOS_WORK_GRACE_SECONDS": "2", "PYTHONUNBUFFERED": "1"}


@contextmanager
def dev(folder: Path, port: int, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start it and yield it with what it said up to the greeting."""
    command = [sys.executable, "manage.py", "dev", "--port", str(port), *more]
    process = subprocess.Popen(command, cwd=PROJECT, env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "run_goal" in line:
            break
    try:
        yield process, said
    finally:
        process.kill()
        process.communicate()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for_web(port: int, process: subprocess.Popen[str]) -> int:
    for _ in range(200):
        if answers(port):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as response:
                return int(response.status)
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError("the web server did not come")


def test_it_tells_how_to_begin_and_one_ctrl_c_ends_both(tmp_path: Path, port: int) -> None:
    with dev(tmp_path, port) as (process, said):
        assert answers(port), "what is said to be up can be asked"
        greeting = said.partition("AOS is up")[2]
        assert f"http://127.0.0.1:{port}/admin/" in greeting
        assert greeting.count("(shown once)") == said.count("(shown once)") == 2
        assert wait_for_web(port, process) == 200
        started = children(process.pid)
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "[info" not in said + rest, "what goes as it should is not told"
    assert len(started) == 2
    assert [pid for pid in started if is_alive(pid)] == []
    assert not answers(port)


def test_it_ends_the_other_when_one_dies_and_says_so(tmp_path: Path, port: int) -> None:
    with dev(tmp_path, port) as (process, _):
        started = children(process.pid)
        os.kill(started[0], signal.SIGKILL)
        rest, _ = process.communicate(timeout=30)
    assert process.returncode == 7
    assert "ended by itself (code -9), so the other is ended too" in rest
    assert [pid for pid in started if is_alive(pid)] == []


def test_it_says_when_the_port_is_taken_before_it_starts_anything(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "manage.py", "dev", "--port", str(taken.getsockname()[1])]
        done = subprocess.run(command, cwd=PROJECT, env=environment(tmp_path), capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert "cannot be used" in done.stderr
    assert "try: Take another: --port 8001" in done.stderr
    assert not (tmp_path / "dev.sqlite3").exists()


def test_it_takes_a_file_and_has_something_to_look_at(tmp_path: Path, port: int) -> None:
    """On a database of its own, in the place of the one the environment names, with runs that are there once."""
    file = tmp_path / "own database.sqlite3"
    for expected in ("3 runs to look at were submitted", "0 runs to look at were submitted"):
        with dev(tmp_path, port, "--db", str(file), "--seed", "demo") as (_, said):
            assert expected in said
            # The next commands look where the runs are, not where they would look by themselves.
            assert said.count(f"DATABASE_URL=sqlite:///{quote(str(file))} ") == 2
    assert file.exists()
    assert not (tmp_path / "dev.sqlite3").exists()
