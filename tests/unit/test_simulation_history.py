"""Simulation by history: measured times and costs instead of declared ones, never another worst cost than the declared, and risks."""

from __future__ import annotations

from typing import Any

import pytest

from agents.contracts import AgentProfile
from runs.contracts.simulation import Simulation
from runs.history.measured import History, Measured, Sample, Seen
from runs.simulation.setting import Setting
from runs.simulation.simulating import simulated

LLM = {"llm_invoke": {"provider": "anthropic", "model": "claude-haiku-5-5"}}
ASK: dict[str, Any] = {"step_id": "ask", "skill": "llm_invoke", "params": {"prompt": "say hello", "max_tokens": 100}}
CALL: dict[str, Any] = {"step_id": "call", "skill": "http_call", "params": {"url": "https://example.com/"}}


def known(*samples: Sample, calls: int | None = None, failed: int = 0) -> Measured:
    history = History()
    history.fold(Seen(list(samples), calls=len(samples) if calls is None else calls, failed=failed), 0.0)
    measured = history.measured()
    assert measured is not None
    return measured


def told(*steps: dict[str, Any], profile: dict[str, Any] | None = None, **measured: Measured) -> Simulation:
    given = AgentProfile(skill_config=LLM, budget={"per_run_micro_usd": None}, **(profile or {}))
    history = {(skill, "1.1.0" if skill == "http_call" else "1.0.0"): found for skill, found in measured.items()}
    return simulated({"steps": list(steps)}, Setting(profile=given, history=lambda skills: history))[0]


def test_it_goes_by_what_skills_declare_at_first_sight() -> None:
    assert {step.source for step in told(ASK, CALL).steps} == {"static"}


def test_it_goes_by_what_was_measured_as_soon_as_anything_was() -> None:
    found = told(CALL, ASK, http_call=known(Sample(80, 0)))
    assert [step.source for step in found.steps] == ["history(1)", "static"]
    took = found.steps[0].duration
    assert (took.low_ms, took.expected_ms, took.worst_ms) == (40, 80, 160)


def test_it_narrows_to_the_percentiles_as_evidence_comes() -> None:
    found = told(CALL, http_call=known(*[Sample(each, 0) for each in range(101, 1_101)]))
    took = found.steps[0].duration
    assert took.low_ms == pytest.approx(150 / 1.03, rel=0.05)
    assert took.expected_ms == pytest.approx(600, rel=0.03)
    assert took.worst_ms == pytest.approx(1_050 * 1.03, rel=0.05)


@pytest.mark.parametrize("cost", [0, 3, 10, 10**9], ids=lambda cost: f"measured-at-{cost}")
def test_it_keeps_the_declared_worst_cost_whatever_was_measured(cost: int) -> None:
    static, found = told(ASK), told(ASK, llm_invoke=known(*[Sample(900, cost)] * 50))
    assert found.cost.worst_micro_usd == static.cost.worst_micro_usd
    assert found.steps[0].cost.worst_micro_usd == static.steps[0].cost.worst_micro_usd
    one_call = (static.cost.worst_micro_usd or 0) // 3
    assert found.cost.expected_micro_usd == min(cost, one_call)
    assert (found.cost.low_micro_usd or 0) <= (found.cost.expected_micro_usd or 0) <= (found.cost.worst_micro_usd or 0)


def test_it_takes_as_long_as_whole_steps_took_tries_that_failed_included() -> None:
    found = told(CALL, http_call=known(*[Sample(500, 0)] * 400))
    assert found.steps[0].duration.worst_ms == pytest.approx(500, rel=0.06)
    assert found.duration.worst_ms == found.steps[0].duration.worst_ms, "what tries wait between them is part of it"


def test_it_never_expects_more_than_the_time_out_of_the_step() -> None:
    found = told({**CALL, "timeout_ms": 50}, http_call=known(*[Sample(5_000, 0)] * 20))
    took = found.steps[0].duration
    assert (took.low_ms, took.expected_ms) == (50, 50)
    assert (took.worst_ms or 0) <= 150


def test_it_follows_the_critical_path_under_the_parallel_limit() -> None:
    steps = [{**CALL, "step_id": f"c{number}"} for number in range(6)] + [{**ASK, "depends_on": ["c0"]}]
    history = {"http_call": known(*[Sample(100, 0)] * 400), "llm_invoke": known(*[Sample(1_000, 0)] * 400)}
    for places, expected in ((1, 1_600), (2, 1_300), (7, 1_100)):
        found = told(*steps, profile={"max_parallel_steps": places}, **history)
        assert found.duration.expected_ms == expected, places


def test_it_names_no_risk_without_history() -> None:
    assert told(ASK, CALL).risks == []


@pytest.mark.parametrize(
    ("measured", "kind", "n"),
    [
        pytest.param(known(*[Sample(100, 0)] * 80, calls=100, failed=20), "fails", 100, id="fails often"),
        pytest.param(known(*[Sample(100, 0)] * 90, *[Sample(2_000, 0)] * 10), "slow", 100, id="is slow now and then"),
        pytest.param(known(*[Sample(100, 0)] * 100, calls=103, failed=3), None, 0, id="seldom fails"),
        pytest.param(known(*[Sample(100, 0)] * 4, calls=8, failed=4), None, 0, id="too little is known"),
        pytest.param(known(*[Sample(1, 0)] * 90, *[Sample(30, 0)] * 10), None, 0, id="so fast that it matters to nobody"),
    ],
)
def test_it_names_risks_with_the_number_behind_them(measured: Measured, kind: str | None, n: int) -> None:
    found = told(CALL, {**CALL, "step_id": "again"}, http_call=measured).risks
    assert [risk.kind for risk in found] == ([] if kind is None else [kind])
    for risk in found:
        assert (risk.skill, risk.version, risk.step_ids) == ("http_call", "1.1.0", ["call", "again"])
        assert risk.n == pytest.approx(n, abs=8)


def test_it_says_where_its_predictions_do_not_hold() -> None:
    history = History()
    for took in [3**run for run in range(20)]:
        history.fold(Seen([Sample(took, 0)], calls=1), 0.0)
    measured = history.measured()
    assert measured is not None
    assert "unpredictable" in {risk.kind for risk in told(CALL, http_call=measured).risks}
