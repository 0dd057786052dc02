"""The commands as a person types them, with a real worker: a goal is run, looked at, replayed and run again."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from agents.bootstrap import bootstrap

PROJECT = Path(__file__).resolve().parents[2]
GOAL = "Summarize: AOS keeps a journal. Every decision stands in it. A replay proves that it was so."

pytestmark = pytest.mark.acceptance


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def environment(live_environment: dict[str, str]) -> dict[str, str]:
    bootstrap(slug="demo", admin="admin")
    return {**live_environment, "AOS_WORK_GRACE_SECONDS": "2"}


def test_it_runs_a_goal_and_shows_and_proves_what_it_did(environment: dict[str, str]) -> None:
    run = manage(environment, "run_goal", GOAL, "--work", "--json", "--timeout", "40")
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    assert "summarize started: llm_invoke" in run.stderr
    trace = manage(environment, "trace", answer["run_id"])
    assert re.search(r"✓ summarize +·*█+", trace.stdout), trace.stdout
    for mode in ("verify", "tape"):
        replayed = manage(environment, "replay", answer["run_id"], "--mode", mode, "--json")
        assert replayed.returncode == 0
        assert json.loads(replayed.stdout)["matched"] is True
    again = manage(environment, "rerun", answer["run_id"], "--json")
    assert json.loads(again.stdout)["parent_run_id"] == answer["run_id"]


def test_it_says_by_its_code_that_a_run_failed(environment: dict[str, str]) -> None:
    plan = '{"goal": "g", "steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": 1, "path": "$.x", "operations": []}}]}'
    command = [sys.executable, "manage.py", "run_goal", "--plan", "-", "--work", "--timeout", "40"]
    bad = plan.replace("$.x", "$[")
    done = subprocess.run(command, cwd=PROJECT, env=environment, input=bad, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "a failed with INVALID_INPUT" in done.stderr
    assert "✕ failed" in done.stdout


def test_it_does_not_mind_a_reader_that_leaves(environment: dict[str, str]) -> None:
    command = f"{shlex.quote(sys.executable)} manage.py describe_skill http_call | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.startswith("http_call ")
    assert done.stderr == ""
