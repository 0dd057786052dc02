"""The `aos-sdk` 0.1.0 that stands on the public index goes on working: each of its methods, and its command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.models import Tenant
from tests.acceptance.conftest import Site
from tests.conftest import PROJECT
from tests.fakes.raw_server import RawServer, answer

pytestmark = pytest.mark.acceptance

WANTED = "aos-sdk==0.1.0"
PROGRAM = PROJECT / "tests" / "acceptance" / "first_sdk_program.py"


@pytest.fixture(scope="module")
def first_sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of an environment that holds the first SDK and what it needs, nothing of this repository."""
    folder = tmp_path_factory.mktemp("first_sdk")
    venv.create(folder, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet", "--retries", "1", WANTED]
    done = subprocess.run(pip, capture_output=True, text=True, check=False, timeout=110)
    if done.returncode != 0:
        assert not os.environ.get("AOS_TEST_ALL"), done.stderr
        pytest.skip(f"the package index gives no {WANTED}: {done.stderr.strip().splitlines()[-1]}")
    return folder / "bin"


@pytest.fixture
def page() -> Iterator[RawServer]:
    with RawServer(answer(b"The first sentence of a page. The second sentence says a little more.")) as server:
        yield server


@pytest.fixture
def local_targets(page: RawServer) -> list[str]:
    return [page.authority]


@pytest.fixture
def surroundings(site: Site, tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AOS_BASE_URL": str(site.web.base_url).rstrip("/"),
        "AOS_API_KEY": site.web.headers["Authorization"].removeprefix("Bearer "),
    }


def run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_serves_every_method_and_the_command_line(first_sdk: Path, page: RawServer, surroundings: dict[str, str]) -> None:
    Tenant.objects.create(slug="rival", name="Rival")
    told = json.loads(run([str(first_sdk / "python"), str(PROGRAM), page.url], surroundings))
    check_workflow(told)
    check_questions(told["questions"], told["planned"]["run_id"])
    check_machine_native(told["machine_native"])
    assert told["stranger"] == [401, "PERMISSION_DENIED"]
    check_command_line(str(first_sdk / "aos"), surroundings)


def check_workflow(told: dict[str, Any]) -> None:
    assert told["agent_id"] == told["again"]
    for name in ("polled", "forced", "planned"):
        assert told[name]["status"] == "succeeded", told[name]
        assert told[name]["outcome"]["success"], name
    assert "The first sentence" in told["polled"]["outcome"]["result"]["text"]
    assert told["forced"]["outcome"]["result"]["status"] == 200
    assert told["planned"]["outcome"]["result"] == {"value": 2}
    assert (told["run"]["status"], told["run"]["goal"]) == ("succeeded", "take the second")
    assert told["by_planner"]["run_id"]
    assert {"budget", "rate_limits", "concurrency"} <= told["contract"].keys()
    assert [memory["run_id"] for memory in told["recalled"]["memories"]] == [told["run"]["run_id"]]
    assert told["never_ends"], "poll_run knows of no cancelled run; docs/reference/aos-sdk-0.1.md says so"


def check_questions(told: dict[str, Any], run_id: str) -> None:
    assert told["budget"]["remaining_budget_cents"] == 50.0
    assert told["budget_of_run"]["remaining_budget_cents"] == 100.0
    assert [step["step_id"] for step in told["tried"]["steps"] if not step["step_id"].startswith("$")] == ["s1"]
    assert told["tried"]["run_id"] == run_id
    assert "http_call" in told["allowed"]["skills"]
    assert told["last"]["outcome"]["success"]
    assert told["for_goal"]["skills"][0]["skill"] == "http_call"
    assert told["unknown"] == [400, "INVALID_INPUT"]


def check_machine_native(told: dict[str, Any]) -> None:
    assert (told["capabilities"]["agent"], told["capabilities"]["budget_remaining_cents"]) == ("worker", 50.0)
    assert (told["capabilities_of_agent"]["agent"], told["capabilities_of_agent"]["budget_remaining_cents"]) == ("my-agent", 100.0)
    assert "http_call" in told["capabilities"]["skills_available"]
    assert told["count"] == len(told["skills"]) >= 3
    assert {"cost_model", "failure_modes", "input_schema"} <= told["described"].keys()
    assert told["not_described"] == [404, "SKILL_NOT_FOUND"]
    assert (told["simulated"]["feasible"], told["simulated"]["estimated_cost_cents"]) == (True, 0.0)
    assert (told["infeasible"]["feasible"], told["infeasible"]["reason"]) == (False, "no skill 'none' is registered")
    assert told["capabilities_elsewhere"] == told["simulated_elsewhere"] == [404, "NOT_FOUND"]


def check_command_line(aos: str, environment: dict[str, str]) -> None:
    plan = json.dumps([{"skill": "json_transform", "params": {"input": 1}}])
    assert run([aos, "version"], environment) == "aos-sdk 0.1.0\n"
    assert json.loads(run([aos, "health"], environment)) == {"status": "ok"}
    assert json.loads(run([aos, "capabilities"], environment))["skills_available"]
    assert json.loads(run([aos, "skills"], environment))["count"] >= 3
    assert json.loads(run([aos, "skill", "http_call"], environment))["name"] == "http_call"
    assert json.loads(run([aos, "simulate", plan, "--budget", "7"], environment))["feasible"] is True
