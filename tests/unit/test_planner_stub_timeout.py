"""The stub's option `timeout_ms`: how long the step that fetches may take."""

from __future__ import annotations

from typing import Any

import pytest

from agents.planners.interface import PlanRequest
from agents.planners.stub import plan_for
from skills.base import SkillFailure
from skills.registry import registry

GOALS = ("Fetch Bitcoin price and summarize", "Fetch http://x.example/ and summarize it")


def planned(goal: str, options: dict[str, Any]) -> list[dict[str, Any]]:
    skills = [metadata for name in registry.names() if (metadata := registry.metadata(name)) is not None]
    steps: list[dict[str, Any]] = plan_for(PlanRequest(goal=goal, inputs={}, skills=skills, options=options, timeout_ms=1_000))["steps"]
    return steps


@pytest.mark.parametrize("goal", GOALS)
def test_it_gives_the_fetch_its_time_and_no_other_step(goal: str) -> None:
    times = {step["step_id"]: step.get("timeout_ms") for step in planned(goal, {"timeout_ms": 700})}
    assert times.pop("fetch") == 700
    assert set(times.values()) == {None}


@pytest.mark.parametrize("goal", GOALS)
def test_it_leaves_the_time_to_the_skill_where_nothing_is_said(goal: str) -> None:
    assert all("timeout_ms" not in step for step in planned(goal, {}))


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "700"])
def test_it_refuses_what_is_no_time(value: object) -> None:
    with pytest.raises(SkillFailure, match="whole number of milliseconds"):
        planned(GOALS[0], {"timeout_ms": value})
