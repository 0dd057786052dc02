"""The package as users get it: built, installed into an empty place, and used there against a real server with a real worker."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.models import Tenant
from agents.tenancy import SCOPES, create_key
from tests.conftest import PROJECT
from tests.processes import a_web_process, a_worker_process
from tests.sdk.python.conftest import KEY
from tests.sdk.python.wire import Wire

pytestmark = pytest.mark.slow

STEP = {"step_id": "pick", "skill": "json_transform", "params": {"input": {"price": 7}, "path": "$.price"}}
SCRIPT = """
import asyncio, json, sys
from aos_sdk import AOS, AsyncAOS
plan = json.loads(sys.argv[1])
with AOS() as client:
    run = client.runs.submit("worker", plan=plan)
    kinds = [event.kind for event in client.runs.events(run.run_id)]
    sync = client.runs.result(run.run_id)
async def awaited():
    async with AsyncAOS() as client:
        run = await client.runs.submit("worker", plan=plan)
        return await client.runs.result(run.run_id, timeout=30)
print(json.dumps({"kinds": kinds, "sync": sync, "async": asyncio.run(awaited())}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of an environment that holds nothing but the built package and what it needs."""
    folder = tmp_path_factory.mktemp("installed")
    wheels = folder / "wheels"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    # From a copy: building leaves folders beside what it builds.
    source = shutil.copytree(
        PROJECT / "sdk/python", folder / "source", ignore=shutil.ignore_patterns("__pycache__", ".*", "build", "*.egg-info")
    )
    # A third of the time, where the tool that builds it is here already.
    here = ["--no-build-isolation"] if importlib.util.find_spec("setuptools") else []
    subprocess.run([*pip, "wheel", "--no-deps", *here, "-w", str(wheels), str(source)], check=True)
    subprocess.run([*pip, "download", "-d", str(wheels), "httpx", "click"], check=True)
    venv.create(folder / "venv", with_pip=False)
    programs = folder / "venv" / "bin"
    into = [*pip, "--python", str(programs / "python"), "install", "--no-index", "--find-links", str(wheels), "aos-sdk[cli]"]
    subprocess.run(into, check=True)
    return programs


@pytest.fixture
def environment(transactional_db: None, live_environment: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    """Return where a running installation is reached, as the command line and the SDK read it."""
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    key = create_key(tenant, "tests", SCOPES)[1]
    with a_worker_process(live_environment, tmp_path / "worker.log"), a_web_process(live_environment, tmp_path / "web.log") as web:
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AOS_"))}
        yield {**plain, "HOME": str(tmp_path), "AOS_API_URL": str(web.base_url), "AOS_API_KEY": key}


def test_it_is_used_where_it_is_installed(installed: Path, environment: dict[str, str], tmp_path: Path) -> None:
    def aos(*words: str, code: int = 0) -> Any:
        command = [str(installed / "aos"), *words]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=60, check=False)
        assert done.returncode == code, done
        return json.loads(done.stdout) if done.stdout else None

    assert aos("version", "--json")["aos"] == "0.2.0"
    assert aos("doctor", "--json")["data"][-1]["ok"] is True
    aos("agents", "create", "worker", "--json")
    (tmp_path / "plan.json").write_text(json.dumps({"steps": [STEP]}))
    assert aos("simulate", "plan.json", "--json")["feasible"] is True
    run = aos("run", "--plan", "plan.json", "--json")
    assert run["status"] == "succeeded"
    assert aos("replay", run["run_id"], "--mode", "tape", "--json")["matched"] is True
    aos("runs", "get", "run_nope", "--json", code=3)
    script = [str(installed / "python"), "-c", SCRIPT, json.dumps({"steps": [STEP]})]
    done = subprocess.run(script, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["sync"] == told["async"] == {"value": 7}
    assert told["kinds"][0] == "run_accepted"
    assert "step_succeeded" in told["kinds"]


def test_ctrl_c_stops_the_watching_and_not_the_run() -> None:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "sdk/python/src"), "AOS_API_KEY": KEY}
    with Wire([None]).serving() as wire:
        command = [sys.executable, "-m", "aos_sdk.cli", "--url", wire.url, "trace", "run_1", "--follow"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
            due = time.monotonic() + 20
            while not wire.requests and time.monotonic() < due:
                time.sleep(0.02)
            watching.send_signal(signal.SIGINT)
            out, err = watching.communicate(timeout=20)
    assert watching.returncode == 130, err
    assert out == ""
    assert "stop it: aos runs cancel run_1" in err
    assert "Traceback" not in err
