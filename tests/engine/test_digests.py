"""The behaviour hash says how a run went, and nothing of when, with which words, or under which hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runs.engine.digests import behaviour_hash, content_hash
from runs.engine.events import Pin
from runs.engine.script import Fail, Ok, ScriptWorld, accepted
from runs.engine.state import State
from runs.engine.virtual import drive
from tests.engine.story import PINS, plan, play, s

PROJECT = Path(__file__).resolve().parents[2]
EFFECT = {"type": "HTTP_REQUEST", "target": "https://a.example/", "effect": "read", "phase": "acked"}


def hashes_under(seed: str) -> str:
    command = [sys.executable, "-m", "tests.engine.digest_program"]
    return subprocess.run(
        command, cwd=PROJECT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
    ).stdout


def test_it_gives_the_same_under_every_hash_seed() -> None:
    said = {hashes_under(seed) for seed in ("0", "1", "20261120", "4294967295")}
    assert len(said) == 1
    assert said.pop().startswith("partial ")


def run(first: Any = None, second: Any = None, **script: Any) -> State:
    outcomes = {"a": [Fail("TIMEOUT", "acked") if first is None else first, Ok()], "b": Ok() if second is None else second}
    return play(s("a", "look"), s("b", "work", "a"), outcomes=outcomes, **script)[0]


SAME = [
    pytest.param({"second": Ok({"other": "result"})}, id="another result"),
    pytest.param({"second": Ok(after_ms=2_000)}, id="another latency"),
    pytest.param({"first": Fail("TIMEOUT", "acked", message="in other words")}, id="another message"),
    pytest.param({"terms": {"deadline_at_ms": 10**12}}, id="another day"),
]
OTHER = [
    pytest.param({"first": Fail("HTTP_5XX", "acked")}, id="another code"),
    pytest.param({"first": Fail("TIMEOUT", "not_sent")}, id="another phase"),
    pytest.param({"first": Fail("TIMEOUT", "acked", retry_after_ms=900)}, id="another delay"),
    pytest.param({"second": Ok(cost_micro_usd=1)}, id="another cost"),
    pytest.param({"second": Ok(side_effects=[EFFECT])}, id="another effect"),
    pytest.param({"second": Fail("NOT_FOUND")}, id="another ending"),
    pytest.param({"pins": PINS | {"work": Pin("work", "1.0.1")}}, id="another version"),
    pytest.param({"terms": {"in_doubt_policy": "assume_not"}}, id="another policy"),
]


@pytest.mark.parametrize("changed", SAME)
def test_it_does_not_hear_about(changed: dict[str, Any]) -> None:
    assert behaviour_hash(run(**changed)) == behaviour_hash(run())


@pytest.mark.parametrize("changed", OTHER)
def test_it_hears_about(changed: dict[str, Any]) -> None:
    assert behaviour_hash(run(**changed)) != behaviour_hash(run())


def test_it_keeps_what_came_out_apart() -> None:
    assert content_hash(run(second=Ok(1))) != content_hash(run(second=Ok(2)))
    assert content_hash(run(second=Ok(1))) == content_hash(run(second=Ok(1, after_ms=99)))


def test_it_does_not_depend_on_which_parallel_step_ends_first() -> None:
    def both(first_ms: int, second_ms: int) -> str:
        outcomes = {"a": Ok(after_ms=first_ms, cost_micro_usd=2), "b": Ok(after_ms=second_ms, cost_micro_usd=3)}
        state, _ = play(s("a", "model"), s("b", "model"), s("c", "work", "a", "b"), outcomes=outcomes, bounds={"a": 5, "b": 5}, granted=7)
        assert state.status == "succeeded"
        return behaviour_hash(state)

    assert both(10, 500) == both(500, 10)


def test_it_does_not_depend_on_the_name_of_the_run() -> None:
    def named(run_id: str) -> State:
        first = msgspec.structs.replace(accepted(plan(s("a", "pay")), run_id=run_id), seed="the same dice")
        return drive(first, ScriptWorld(pins=PINS))[0]

    assert behaviour_hash(named("one")) == behaviour_hash(named("two"))
    # But an effect of one run is not an effect of the other.
    assert named("one").steps["a"].idempotency_key != named("two").steps["a"].idempotency_key
