"""The Python examples do what they say: each as a program of its own, all against one server and one worker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.models import Tenant
from agents.tenancy import create_key
from skills.services import add_price
from tests.acceptance.conftest import Site
from tests.conftest import PROJECT
from tests.processes import a_held_port

pytestmark = pytest.mark.acceptance

EXAMPLES = PROJECT / "examples"
SDK = PROJECT / "sdk" / "python" / "src"
MOST_LINES = 120


def programs() -> list[Path]:
    return sorted(EXAMPLES.glob("*/main.py"))


@pytest.fixture
def port() -> Iterator[int]:
    with a_held_port() as port:
        yield port


@pytest.fixture
def local_targets(port: int) -> list[str]:
    return [f"127.0.0.1:{port}"]


@pytest.fixture
def priced(transactional_db: None) -> None:
    """Let a budget run out: calls of the built-in skills cost nothing unless an operator says so."""
    add_price(provider="skill", model="json_transform", per_call_micro_usd=1_000, by="tests")


@pytest.fixture
def program_environment(priced: None, site: Site, port: int, tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(SDK),
        "AOS_API_URL": str(site.web.base_url).rstrip("/"),
        "AOS_API_KEY": site.web.headers["Authorization"].removeprefix("Bearer "),
        "AOS_APPROVER_API_KEY": create_key(Tenant.objects.get(), "approver", ["approvals:read", "approvals:write"])[1],
        "AOS_AGENT": "worker",
        "EXAMPLE_PORT": str(port),
    }


def started(program: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(program)]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=90)


def test_each_does_what_it_says(program_environment: dict[str, str], site: Site) -> None:
    [alone] = [each for each in programs() if each.parent.name == "approval"]
    told = started(alone, {name: value for name, value in program_environment.items() if name != "AOS_APPROVER_API_KEY"})
    assert (told.returncode, "manage.py api_keys create" in told.stderr) == (1, True), told
    found = {program.parent.name: started(program, program_environment) for program in programs()}
    assert set(found) >= {"approval", "btc_price_slack", "budget_topup", "http_retry", "json_transform"}
    for name, done in found.items():
        assert done.returncode == 0, f"{name}\n{done.stdout}{done.stderr}\n{site.worker.log.read_text()[-2_000:]}"
        assert "\nDone: " in done.stdout, f"{name} does not say how it ended:\n{done.stdout}"
        assert done.stderr == "", name


def test_each_says_in_plain_words_when_nobody_answers(tmp_path: Path, port: int) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(SDK), "AOS_API_URL": f"http://127.0.0.1:{port}"}
    [program] = [each for each in programs() if each.parent.name == "json_transform"]
    done = started(program, environment | {"AOS_API_KEY": "none"})
    assert done.returncode == 1
    assert done.stderr.startswith("It did not work: ")
    assert "Traceback" not in done.stderr


def test_each_is_short_and_explained() -> None:
    for program in programs():
        assert len(program.read_text(encoding="utf-8").splitlines()) < MOST_LINES, program.parent.name
        assert (program.parent / "README.md").is_file(), program.parent.name
