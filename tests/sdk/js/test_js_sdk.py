"""The JavaScript client: its own tests, its package as publishers check it, and its package in use at a running server."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.processes import a_held_port, eventually

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[2]
NPM = shutil.which("npm")
LONGEST_SECONDS = 180
_UNREACHABLE = re.compile(r"npm error code (ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)")
_LEFT_OUT = shutil.ignore_patterns("node_modules", "dist", "package-lock.json", "*.tgz")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(NPM is None, reason="npm is not on PATH: the JavaScript client is not tested")]


def run(folder: Path, *command: str, **environment: str) -> str:
    """Run a command; return its output, and fail with all it said where it fails."""
    answer = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
    )
    assert answer.returncode == 0, f"{' '.join(command)}\n{answer.stdout[-6_000:]}\n{answer.stderr[-6_000:]}"
    return answer.stdout


def install_tools(folder: Path) -> None:
    """Install what the package is built and checked with, which is the only thing here that needs a registry."""
    try:
        run(folder, "npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline")
    except AssertionError as refused:
        if os.environ.get("AOS_TEST_ALL") or not _UNREACHABLE.search(str(refused)):
            raise
        pytest.skip("no registry of npm packages can be reached: the JavaScript client is not tested")


@dataclass(frozen=True)
class Package:
    """The client in a copy of its folder, built and packed."""

    source: Path
    tarball: Path

    def tool(self, name: str, *arguments: str) -> str:
        return run(self.source, str(self.source / "node_modules" / ".bin" / name), *arguments)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    root = tmp_path_factory.mktemp("repository")
    source = root / "sdk" / "js"
    shutil.copytree(PROJECT / "sdk" / "js", source, ignore=_LEFT_OUT)
    (root / "docs" / "reference").mkdir(parents=True)
    shutil.copy(PROJECT / "docs" / "reference" / "openapi.json", root / "docs" / "reference")
    install_tools(source)
    run(source, "npm", "run", "build")
    packed = json.loads(run(source, "npm", "pack", "--json"))
    return Package(source, source / packed[0]["filename"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return the environment that leads a client to a running installation."""
    folder = tmp_path_factory.mktemp("server")
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder / 'dev.sqlite3'}",
        "AOS_WORK_GRACE_SECONDS": "2",
        "PYTHONUNBUFFERED": "1",
    }
    log = folder / "log"
    with a_held_port() as port:
        with log.open("wb") as output:
            command = [sys.executable, "manage.py", "dev", "--port", str(port)]
            process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=output)
        try:
            found = eventually(lambda: re.search(r"API key\s+(aos_\w+)", log.read_text()), "the greeting of `manage.py dev`")
            yield {"AOS_API_URL": f"http://127.0.0.1:{port}", "AOS_API_KEY": found[1]}
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def test_its_types_are_those_of_the_api(package: Package) -> None:
    run(package.source, "npm", "run", "types:check")


def test_it_passes_its_own_tests(package: Package) -> None:
    assert re.search(r"\bfail 0$", run(package.source, "npm", "test"), re.MULTILINE)


def test_its_package_is_as_publishers_want_it(package: Package) -> None:
    package.tool("publint", str(package.tarball), "--strict")
    package.tool("attw", str(package.tarball))


def test_it_is_used_from_an_empty_project(package: Package, server: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"private": true, "type": "module"}\n')
    # Offline: it needs nothing but itself.
    run(tmp_path, "npm", "install", "--no-audit", "--no-fund", "--offline", str(package.tarball))
    assert [path.name for path in (tmp_path / "node_modules").iterdir() if not path.name.startswith(".")] == ["@aos"]
    for name in ("use.cjs", "use.mjs", "from-typescript.ts"):
        shutil.copy(HERE / name, tmp_path)
    told = {"version": "0.2.0", "success": True, "value": 2, "missing": "true 404 NOT_FOUND true"}
    assert json.loads(run(tmp_path, "node", "use.cjs", **server)) == told
    assert json.loads(run(tmp_path, "node", "use.mjs", **server)) == told
    for name in ("follow-a-run.ts", "tsconfig.json"):
        shutil.copy(PROJECT / "examples" / "typescript" / name, tmp_path)
    package.tool("tsc", "--project", str(tmp_path))
    said = run(tmp_path, "node", "dist/follow-a-run.js", **server).splitlines()
    assert [line.split()[1] for line in said[1:4]] == ["run_accepted", "run_admitted", "step_succeeded"]
    assert said[-1] == 'result {"value":["Ada","Edsger"]}'
