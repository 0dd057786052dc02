"""The quickstart works as it is written: its blocks are taken from the page and executed against a fresh database."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.processes import a_held_port

pytestmark = pytest.mark.slow

PAGE = PROJECT / "docs" / "tutorials" / "quickstart.md"
_BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_KEY = re.compile(r"aos_test_\w+")


def blocks() -> list[str]:
    return _BLOCK.findall(PAGE.read_text(encoding="utf-8"))


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Return what the page says may be set, and nothing else of this machine's configuration."""
    with a_held_port() as port:
        yield {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "AOS_PORT": str(port),
            "DATABASE_URL": f"sqlite:///{tmp_path / 'fresh.sqlite3'}",
            "PYTHONUNBUFFERED": "1",
            "AOS_WORK_GRACE_SECONDS": "2",
        }


@contextmanager
def the_first_terminal(block: str, environment: dict[str, str]) -> Iterator[str]:
    """Start the server as the page says; yield the key it prints."""
    # A group of its own gets the one Ctrl-C, as a terminal's does.
    process = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "run_goal" in line:
            break
    try:
        assert said.count("(shown once)") == 2, said
        yield _KEY.findall(said)[0]
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=40)


def the_second_terminal(script: str, environment: dict[str, str]) -> str:
    """Execute the other blocks one after the other in one shell, as somebody does who follows the page."""
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_it_works_as_it_is_written(surroundings: dict[str, str]) -> None:
    server, *rest = blocks()
    assert "manage.py dev" in server
    assert len(rest) >= 4
    with the_first_terminal(server, surroundings) as key:
        wait = 'until curl --silent --fail --output /dev/null "http://127.0.0.1:$AOS_PORT/healthz"; do sleep 0.2; done\n'
        said = the_second_terminal(wait + "\n".join(rest), surroundings | {"AOS_API_KEY": key})
    assert '"status":"ready"' in said.replace(" ", "")
    assert '"status":"succeeded"' in said.replace(" ", ""), "the first run, by curl"
    assert "Every step is" in said, "the sentences of the summary"
    assert "behaves exactly as recorded" in said or "matched" in said, said
    assert "before: feasible" in said
    assert re.search(r"^result: .*\[1\]", said, re.MULTILINE), "the third run, by Python"


def test_it_explains_every_variable_it_uses() -> None:
    text = PAGE.read_text(encoding="utf-8")
    prose = _BLOCK.sub("", text)
    used = set(re.findall(r"\bAOS_[A-Z_]+|DATABASE_URL|PYTHONPATH", text))
    assert used == {name for name in used if f"`{name}" in prose or f"`export {name}" in prose or f"{name}=" in prose} | {"AOS_API_URL"}
