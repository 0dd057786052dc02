"""A process is taken for dead only where that is certain: another one may have its number by now."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from runs.shell import process
from runs.shell.process import EXIT_BROKEN, identity, is_gone
from tests.conftest import PROJECT


@pytest.fixture
def somebody() -> Iterator[subprocess.Popen[bytes]]:
    """Return a process that lives until it is told to end."""
    running = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield running
    running.kill()
    running.communicate()


@pytest.mark.parametrize("known", [True, False], ids=["by its identity", "by its number alone"])
def test_it_knows_who_lives_and_who_has_gone(somebody: subprocess.Popen[bytes], known: bool) -> None:
    known_as = identity(somebody.pid) if known else ""
    assert not is_gone(somebody.pid, known_as)
    somebody.kill()
    somebody.wait()
    assert is_gone(somebody.pid, known_as)


def test_it_takes_a_zombie_for_gone(somebody: subprocess.Popen[bytes]) -> None:
    known_as = identity(somebody.pid)
    somebody.kill()
    os.waitid(os.P_PID, somebody.pid, os.WEXITED | os.WNOWAIT)
    assert is_gone(somebody.pid, known_as)


def test_it_tells_a_process_from_an_earlier_one_of_the_same_number(somebody: subprocess.Popen[bytes]) -> None:
    realm, _, beginning = identity(somebody.pid).rpartition("/")
    assert is_gone(somebody.pid, f"{realm}/{int(beginning) - 1}"), "as in a container that was started again"


ELSEWHERE = {"an earlier boot": "5e1f/4026531836/1", "another container": "{boot}/1/1"}


@pytest.mark.parametrize("known_as", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_it_does_not_judge_what_it_cannot_see(known_as: str) -> None:
    boot = process._realm().partition("/")[0]
    assert not is_gone(2**22 + 1, known_as.format(boot=boot)), "the number is nobody's here, but it was not one of here"


def test_it_goes_by_the_number_where_the_system_says_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_realm", lambda: "")
    assert identity(os.getpid()) == ""
    assert not is_gone(os.getpid(), "")
    assert is_gone(2**22 + 1, "")


def test_it_ends_a_process_whose_parent_died_before_it_could_ask() -> None:
    code = "from runs.shell.process import die_with_parent; die_with_parent(1)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False).returncode == EXIT_BROKEN
