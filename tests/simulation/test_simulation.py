"""Seeds of the simulation: the share that runs with every change, and proof that it finds what it is there to find."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from runs.engine import outcomes
from runs.shell import driver, purse, settlement
from runs.shell import store as journal_sql
from tests.conftest import PROJECT
from tests.simulation.__main__ import FEWEST_EVENTS
from tests.simulation.store import Store
from tests.simulation.world import play

SEEDS = 40 * int(os.environ.get("AOS_TEST_ROUNDS", "1"))
SEEDS_ON_POSTGRESQL = 8 * int(os.environ.get("AOS_TEST_ROUNDS", "1"))
"""There for its SQL: the interleavings are the same on both."""
SIMULATION = [sys.executable, "-m", "tests.simulation"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_it_keeps_every_promise_whatever_goes_wrong() -> None:
    played = subprocess.run([*SIMULATION, "--seeds", str(SEEDS), "--processes", "2"], cwd=PROJECT, capture_output=True, text=True)
    assert played.returncode == 0, played.stdout + played.stderr


@pytest.mark.slow
@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite many more are played")
def test_it_keeps_every_promise_on_postgresql_too(store: Store) -> None:
    for seed in range(SEEDS_ON_POSTGRESQL):
        assert play(seed, store).faults == [], f"seed {seed}"


def test_it_plays_a_seed_the_same_every_time(store: Store) -> None:
    first, other, again = play(3, store), play(4, store), play(3, store)
    assert first == again
    assert first.digest != other.digest


@pytest.mark.slow
def test_it_plays_a_seed_the_same_in_every_process() -> None:
    command = [*SIMULATION, "--first", "7", "--seeds", "1", "--trace"]
    said = [
        subprocess.run(
            command, cwd=PROJECT, env={**os.environ, "PYTHONHASHSEED": number}, capture_output=True, text=True, check=True
        ).stdout.splitlines()[:-1]
        for number in ("1", "2")
    ]
    assert said[0] == said[1]
    assert len(said[0]) > FEWEST_EVENTS


def _nothing(*_: Any) -> None: ...


@pytest.mark.slow
@pytest.mark.skipif(connection.vendor != "sqlite", reason="about the simulation, which is the same on both")
@pytest.mark.parametrize(
    ("target", "name", "broken", "first"),
    [
        pytest.param(driver, "_needs_durability", lambda *_: False, 22, id="effects_before_their_intent"),
        pytest.param(purse, "settle_run", _nothing, 0, id="money_that_is_never_settled"),
        pytest.param(settlement, "requeue_if_signalled", _nothing, 2, id="a_signal_that_meets_the_parking_and_is_lost"),
        pytest.param(journal_sql, "_SQLITE_LIVE", "SELECT 1 WHERE %s > 0", 35, id="a_writer_without_a_fence"),
        pytest.param(outcomes, "is_doubtful", lambda *_: False, 0, id="effects_nobody_doubts"),
    ],
)
def test_it_finds(store: Store, target: Any, name: str, broken: Any, first: int) -> None:
    """`first` is the seed that found it last; another change to the product may need another one."""
    seeds = (*range(first, SEEDS), *range(first))
    with mock.patch.object(target, name, broken):
        assert any(play(seed, store, strike=0.05, interjection=0.3).faults for seed in seeds)
