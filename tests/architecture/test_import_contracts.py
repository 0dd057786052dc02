"""The import contracts hold, and each of them catches what it forbids: a violation is seeded in a copy of the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source_tree import APPS, PROJECT, configuration, contract

LINT = "from importlinter.cli import lint_imports_command as lint; lint()"
CONTRACTS = [each["id"] for each in configuration()["tool"]["importlinter"]["contracts"]]

# contract, the module that gets a line, the line
SEEDS = [
    pytest.param("arrow", "skills/taxonomy.py", "import agents.contracts", id="skills-know-no-agents"),
    pytest.param("arrow", "agents/contracts.py", "import catalog.contracts", id="agents-know-no-catalog"),
    pytest.param("arrow", "catalog/contracts.py", "import runs.apps", id="the-catalog-knows-no-runs"),
    pytest.param("arrow", "runs/apps.py", "import aos_site.settings", id="runs-know-no-site"),
    pytest.param("pure", "runs/engine/graph.py", "import time", id="the-engine-has-no-clock"),
    pytest.param("pure", "runs/engine/graph.py", "import random", id="the-engine-has-no-dice"),
    pytest.param("pure", "runs/engine/graph.py", "import skills.execution", id="nor-by-way-of-another-module"),
    pytest.param("pure", "agents/plan/graph.py", "from django.conf import settings", id="plans-know-no-django"),
    pytest.param("pure", "agents/limits.py", "import time", id="rates-are-told-the-time"),
    pytest.param("pure", "catalog/recovery.py", "import httpx", id="recovery-knows-no-network"),
    pytest.param("pure", "skills/base.py", "import asyncio", id="declaring-a-skill-needs-no-loop"),
    pytest.param("runs-layers", "runs/shell/seeded.py", "import runs.services", id="the-shell-calls-no-service"),
    pytest.param("runs-layers", "runs/services.py", "import runs.runtime", id="services-stand-below-the-runtime"),
    pytest.param("runs-layers", "runs/models/runs.py", "import runs.shell", id="rows-know-no-shell"),
    pytest.param("engine-door", "runs/admin.py", "import runs.engine.state", id="a-page-does-not-open-the-engine"),
    pytest.param("engine-door", "aos_site/seeded.py", "import runs.engine", id="nor-does-the-site"),
    pytest.param("rows-skills", "runs/seeded.py", "import skills.models", id="rows-of-skills"),
    pytest.param("rows-agents", "aos_site/seeded.py", "from agents.models import Agent", id="rows-of-agents"),
    pytest.param("rows-catalog", "runs/seeded.py", "from catalog import models", id="rows-of-the-catalog"),
    pytest.param("rows-runs", "aos_site/seeded.py", "from runs import models", id="rows-of-runs"),
    pytest.param("skills-independent", "skills/library/http_call.py", "import skills.library.llm_invoke", id="a-skill-uses-no-other"),
    pytest.param("acyclic", "skills/taxonomy.py", "import skills.contracts", id="two-siblings-in-a-circle"),
]


def lint(where: Path, contract_id: str | None = None) -> subprocess.CompletedProcess[str]:
    only = ["--contract", contract_id] if contract_id else []
    command = [sys.executable, "-c", LINT, "--no-cache", "--config", str(PROJECT / "pyproject.toml"), *only]
    return subprocess.run(command, cwd=where, env={**os.environ, "PYTHONPATH": str(where)}, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the apps, Python files only."""
    for app in APPS:
        shutil.copytree(PROJECT / app, tmp_path / app, ignore=lambda folder, names: {n for n in names if _is_no_source(Path(folder, n))})
    return tmp_path


def _is_no_source(path: Path) -> bool:
    return path.name == "__pycache__" or (path.is_file() and path.suffix != ".py")


def test_it_keeps_every_contract() -> None:
    done = lint(PROJECT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("contract_id", "module", "line"), SEEDS)
def test_it_catches_a_seeded_violation(copy: Path, contract_id: str, module: str, line: str) -> None:
    with (copy / module).open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")
    done = lint(copy, contract_id)
    assert done.returncode == 1
    assert f"{contract(contract_id)['name']} BROKEN" in done.stdout, done.stdout + done.stderr
    assert Path(module).stem in done.stdout, "it is broken, but by something else"


def test_it_seeds_a_violation_of_every_contract() -> None:
    assert {seed.values[0] for seed in SEEDS} == set(CONTRACTS)
