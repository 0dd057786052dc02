"""Large plans: the work grows with the steps and no faster, each thing is worked out once, and nonsense is answered whole."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from agents.contracts import AgentProfile
from agents.plan.contracts import MAX_STEPS
from runs.simulation import simulate_plan
from runs.simulation.setting import Setting
from runs.simulation.simulating import simulated
from tests.unit.simulated_plan import PROFILE, plan_of, setting


def counted(do: Callable[[], Any]) -> tuple[int, Counter[str]]:
    """Return how many calls of Python functions something makes, and of which of ours."""
    calls, ours = 0, Counter[str]()

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        if event == "call":
            calls += 1
            ours[frame.f_code.co_qualname] += 1

    sys.setprofile(count)
    try:
        do()
    finally:
        sys.setprofile(None)
    return calls, ours


def test_its_work_grows_with_the_steps_and_no_faster() -> None:
    for size in (50, MAX_STEPS):
        simulated(plan_of(size), setting())
    small, large = (counted(lambda size=size: simulated(plan_of(size), setting()))[0] for size in (50, MAX_STEPS))
    assert large / small < 1.15 * MAX_STEPS / 50
    assert large / MAX_STEPS < 1_150, "calls of Python a step; a microsecond or less each on any machine"


def test_it_works_everything_out_once() -> None:
    plan = plan_of(MAX_STEPS)
    simulated(plan, setting())
    _, ours = counted(lambda: simulated(plan, setting()))
    assert ours["_node"] == MAX_STEPS, "the plan is built once for all three cases"
    assert ours["_pin"] == MAX_STEPS
    assert ours["_troubles"] <= 3, "what may go wrong is asked once a skill"
    assert ours["compile_condition"] == 0, "conditions are compiled when they are first seen"
    questions = MAX_STEPS // 3
    assert ours["URL.__init__"] <= 2 * (questions + 1), "an address is read once as it is written, and once for its limits and its gate"
    assert ours["worst_case_of"] <= MAX_STEPS + 6 * questions, "a call is bounded once for its pin, its price, and each cheaper way"
    assert ours["call_model.<locals>.model"] <= MAX_STEPS + 4 * questions, "a call is priced once for all cases, and once a cheaper way"


def test_it_answers_all_faults_of_two_hundred_unknown_skills() -> None:
    plan = {"steps": [{"step_id": f"s{number}", "skill": f"nope_{number}", "params": {"x": [number]}} for number in range(MAX_STEPS)]}
    found, course = simulated(plan, Setting(profile=AgentProfile()))
    assert course is None
    assert (found.verdict, found.feasible, len(found.blockers)) == ("skill_unavailable", False, MAX_STEPS)
    assert [blocker.pointer for blocker in found.blockers] == [f"/steps/{number}/skill" for number in range(MAX_STEPS)]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(None, id="nothing"),
        pytest.param([], id="a list"),
        pytest.param({"steps": "all"}, id="steps in words"),
        pytest.param({"steps": 5}, id="a number of steps"),
        pytest.param({"steps": {"skill": "json_transform"}}, id="one step"),
        pytest.param({"steps": [None, 5, {"skill": 7}, {"skill": "json_transform"}]}, id="steps of nonsense"),
        pytest.param({"steps": []}, id="no steps"),
        pytest.param({"steps": [{"step_id": f"s{n}", "skill": "json_transform"} for n in range(MAX_STEPS + 1)]}, id="too many steps"),
    ],
)
def test_it_answers_nonsense_with_a_verdict(raw: Any) -> None:
    found = simulate_plan(raw, profile=AgentProfile(), inputs={}, budget_micro_usd=None)
    assert (found.feasible, found.verdict) == (False, "plan_invalid")
    assert found.blockers
    assert found.plan_hash is None


def test_it_says_how_long_two_hundred_steps_take(capsys: pytest.CaptureFixture[str]) -> None:
    """For people who read the output; a machine that is busy is no finding."""
    plan, took = plan_of(MAX_STEPS), list[float]()
    for _ in range(7):
        began = time.perf_counter()
        found, _ = simulated(plan, Setting(profile=PROFILE))
        took.append(time.perf_counter() - began)
    assert len(found.steps) == MAX_STEPS
    with capsys.disabled():
        sys.stdout.write(
            f"\nsimulating {MAX_STEPS} steps, three cases and {len(found.alternatives)} alternatives: {min(took) * 1_000:.1f} ms at best\n"
        )
