"""The determinism lab: a plan behaves the same however often and in whatever order it is played, and what would not is caught."""

from __future__ import annotations

import io
import json
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from django.core.management import call_command

from runs.engine import outcomes, retry
from runs.engine.script import Fail, Ok
from runs.proof import lab
from runs.proof.lab import determine
from runs.proof.trials import Job, play_trials, shuffled
from skills.refusal import Refusal
from tests.engine.story import PINS, plan, s
from tests.integration.workshop import Workshop, step

PLAN = plan(*(s(f"s{n}", "look", *([f"s{n - 3}"] if n > 2 else [])) for n in range(8)))


def job(**more: Any) -> Job:
    pins = {each["step_id"]: PINS["look"] for each in PLAN["steps"]}
    script = {key: [*([Fail("TIMEOUT", "acked")] if place % 2 else []), Ok(place)] for place, key in enumerate(pins)}
    given: dict[str, Any] = {
        "plan": PLAN,
        "inputs": {"a": 1, "b": {"c": 2, "d": 3}},
        "memory": {},
        "terms": {"max_parallel": 4},
        "pins": pins,
        "script": script,
        "answers": {},
        "advice": {},
        "bounds": {},
        "workers": [1, 2, 4, 16],
        "first": 0,
        "times": 60,
    }
    return msgspec.json.decode(msgspec.json.encode(given | more), type=Job)


def test_it_behaves_in_one_way_with_every_number_of_workers() -> None:
    (way,) = play_trials(job())
    assert (way.times, way.status, set(way.workers)) == (60, "succeeded", {1, 2, 4, 16})


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param({"content_hash": "0" * 64}, "the hash of content differs", id="in results only"),
        pytest.param({"behaviour_hash": "0" * 64}, "the hash of behaviour differs", id="in behaviour"),
    ],
)
def test_ways_whose_decisions_are_the_same_are_told_apart_by_their_hashes(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], words: str
) -> None:
    (way,) = play_trials(job(times=1))
    other = msgspec.structs.replace(way, **changed)
    monkeypatch.setattr(lab, "_played", lambda *_: [(0, way), (1, other)])
    report = determine(principal=workshop.alice, plan={"steps": [step("a", "say")]}, times=2)
    assert not report.identical
    assert report.divergence is not None and words in report.divergence.detail
    assert (report.divergence.seq, report.divergence.actual) == (None, "0" * 64)


def test_it_plays_in_many_orders() -> None:
    orders = {tuple(shuffled({str(n): n for n in range(6)}, Random(number))) for number in range(20)}  # noqa: S311 - only an order is left to chance
    assert len(orders) > 10


def test_a_back_off_that_goes_by_the_order_of_things_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    as_it_is, played = retry.delay_ms, iter(range(10**6))
    for module in (retry, outcomes):
        monkeypatch.setattr(module, "delay_ms", lambda *given, **more: as_it_is(*given, **more) + next(played) % 2)
    assert len(play_trials(job())) > 1


def test_a_run_that_ends_early_behaves_by_what_came_first() -> None:
    script = {each["step_id"]: [Ok(1)] for each in PLAN["steps"]} | {"s1": [Fail("NOT_FOUND")]}
    assert len(play_trials(job(script=script))) > 1, "what else had begun by then is nobody's promise"


@pytest.fixture
def plan_file(workshop: Workshop, tmp_path: Path) -> Path:
    steps = [
        step("a", "say", said=1),
        step("b", "sleepy", "a"),
        step("c", "say", "a", said="${steps.b.result.said}"),
        step("d", "costly", worst=9, cost=3),
    ]
    (tmp_path / "plan.json").write_text(json.dumps({"steps": steps}))
    return tmp_path / "plan.json"


@pytest.mark.slow
def test_the_command_plays_it_in_processes_of_its_own(plan_file: Path) -> None:
    out, errors = io.StringIO(), io.StringIO()
    call_command("determinism", str(plan_file), "--times", "100", "--json", stdout=out, stderr=errors)
    report = json.loads(out.getvalue())
    assert (report["identical"], report["times"], report["divergence"]) == (True, 100, None)
    (way,) = report["behaviours"]
    assert (way["status"], sum(way["by_hash_seed"].values()), len(way["by_hash_seed"])) == ("succeeded", 100, 4)
    assert "100 of 100 played" in errors.getvalue()


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no times": ({"times": 0}, "INVALID_INPUT"),
    "too many times": ({"times": 10**9}, "INVALID_INPUT"),
    "no plan": ({"plan": {"steps": []}}, "PLAN_INVALID"),
    "a skill nobody has": ({"plan": {"steps": [step("a", "no_such")]}}, "PLAN_INVALID"),
    "an agent nobody has": ({"agent_ref": "nobody"}, "NOT_FOUND"),
    "outcomes of no step": ({"outcomes": [{"step_id": "zz", "result": 1}]}, "INVALID_REFERENCE"),
    "outcomes with no known code": ({"outcomes": [{"step_id": "a", "code": "NO_SUCH"}]}, "SCHEMA_VALIDATION_FAILED"),
}


@pytest.mark.parametrize(("given", "code"), BAD.values(), ids=BAD.keys())
def test_it_refuses(workshop: Workshop, given: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        determine(principal=workshop.alice, **{"plan": {"steps": [step("a", "say")]}, "times": 4, **given})
    assert refused.value.code == code
