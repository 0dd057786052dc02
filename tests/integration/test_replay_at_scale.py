"""Two hundred stored runs of every kind, replayed on tape by processes of their own: all of them behave as recorded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from runs.models import Run
from tests.conftest import PROJECT
from tests.histories.kinds import KINDS, played
from tests.integration.workshop import Workshop, a_worker

LEAVES_OUT = {"called", "cancelled", "deadline", "held_back", "paused", "timed_out"}
"""Kinds that wait for real time."""
TIMES = 10

REPLAY = """
import sys
import django
django.setup()
from runs.proof.bulk import replay_all
from agents.models import Tenant
from skills import plugins
from skills.registry import registry
plugins.load(registry, with_plugins=False, modules=["tests.fakes.skills"])
report = replay_all(tenant=Tenant.objects.get(), mode="tape")
print(report.model_dump_json())
"""


def replayed_elsewhere(environment: dict[str, str], hash_seed: str, python: str) -> dict[str, Any]:
    """Return the report of another process, whose dictionaries and sets have another order."""
    done = subprocess.run(
        [python, "-c", REPLAY],
        cwd=PROJECT,
        env={**environment, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_hundred_runs_behave_as_recorded_in_two_processes(workshop: Workshop, live_environment: dict[str, str]) -> None:
    kinds = {name: kind for name, kind in KINDS.items() if name not in LEAVES_OUT}
    assert len(kinds) >= 10
    with a_worker():
        runs = played(workshop, kinds, TIMES)
    count = sum(len(each) for each in runs.values())
    assert count >= 200
    ended = Run.objects.exclude(behaviour_hash="").count()
    pythons = [sys.executable, *filter(None, os.environ.get("AOS_OTHER_PYTHONS", "").split(os.pathsep))]
    for number, python in enumerate([sys.executable, *pythons], start=1):
        report = replayed_elsewhere(live_environment, str(number), python)
        assert (report["replayed"], report["matched"], report["runs"]) == (ended, ended, []), python
