"""The same question gives the same bytes: in every process, under every hash seed, at every time."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import PROJECT

PROGRAM = """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aos_site.settings")
import django
django.setup()
from tests.unit.simulated_plan import answer_in_bytes
print(answer_in_bytes().decode())
"""


def answered(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "DATABASE_URL": "sqlite://:memory:", "AOS_PLUGINS": "false"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_it_is_the_same_in_every_process_under_every_hash_seed() -> None:
    first, *others = [answered(seed) for seed in ("0", "1", "2", "4294967295")]
    assert first.startswith('{"alternatives":[')
    assert others == [first] * 3
