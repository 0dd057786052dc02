"""Puts a simulation together: the plan is gone through, what would stop it is gathered, other ways are looked for. No I/O."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from agents.contracts import AgentProfile
from agents.plan.contracts import Plan
from agents.plan.validation import PlanInvalid, validate_plan
from runs.contracts.simulation import Blocker, BudgetAfter, Simulation
from runs.engine.virtual import TooLong
from runs.simulation.alternatives import alternatives_of, variations_of
from runs.simulation.blockers import (
    approvals,
    blockers_as_written,
    blockers_by_numbers,
    blockers_of_invalid,
    permission_gaps,
    rates_under,
    scopes_after,
    verdict_of,
)
from runs.simulation.course import NO_COST, NO_DURATION, Course, go_through
from runs.simulation.risks import risks_of
from runs.simulation.setting import Setting
from skills.canonical import digest
from skills.refusal import Refusal
from skills.registry import registry


def simulate_plan(
    raw: Any, *, profile: AgentProfile, inputs: Mapping[str, Any], budget_micro_usd: int | None, deadline_ms: int | None = None
) -> Simulation:
    """Return what the plan would cost and take under a profile, by what its skills declare."""
    setting = Setting(profile=profile, inputs=dict(inputs), budget_micro_usd=budget_micro_usd, deadline_ms=deadline_ms)
    return simulated(raw, setting)[0]


def simulated(raw: Any, setting: Setting) -> tuple[Simulation, Course | None]:
    """Return the simulation of a plan and how it was gone through. An invalid plan is a verdict, not an error: it has no course.

    The same plan in the same setting gives the same bytes. Raises Refusal for a plan that makes too many calls to be played.
    """
    with _no_pauses():
        return _simulated(raw, setting)


@contextmanager
def _no_pauses() -> Iterator[None]:
    """Let no garbage be collected meanwhile: what a simulation makes lives for milliseconds, and the whole process would be searched
    for it in the middle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _simulated(raw: Any, setting: Setting) -> tuple[Simulation, Course | None]:
    try:
        plan = validate_plan(raw, registry.metadata)
    except PlanInvalid as invalid:
        return _invalid(raw, blockers_of_invalid(raw, invalid, setting), setting), None
    course = _course(plan, setting)
    return _answer(course, setting), course


def _course(plan: Plan, setting: Setting) -> Course:
    try:
        return go_through(plan, setting)
    except TooLong:
        raise Refusal("CONTENT_TOO_LARGE", "the plan makes too many calls to be simulated", suggestions=["Split its loops."]) from None


def _invalid(raw: Any, blockers: list[Blocker], setting: Setting) -> Simulation:
    codes = {blocker.code for blocker in blockers if blocker.rule == "plan_rules"}
    verdict = "skill_unavailable" if codes == {"SKILL_NOT_FOUND"} else "plan_invalid"
    return _identified(_nothing_known(None, blockers) | {"verdict": verdict}, raw, setting)


def _nothing_known(plan_hash: str | None, blockers: list[Blocker]) -> dict[str, Any]:
    """Return the answer about a plan that cannot even be gone through."""
    return {
        "plan_hash": plan_hash,
        "feasible": False,
        "verdict": verdict_of(blockers),
        "blockers": blockers,
        "cost": NO_COST,
        "duration": NO_DURATION,
        "steps": [],
        "permission_gaps": [],
        "approvals": [],
        "budget_after": None,
    }


def _answer(course: Course, setting: Setting) -> Simulation:
    plan_hash = digest(course.body)
    if not course.cases:
        return _identified(_nothing_known(plan_hash, blockers_as_written(course, setting)), course.body, setting)
    variations = variations_of(course)
    models = {*course.cases["worst"].cost_by_model, *(model for each in variations for model in each.models)}
    standing = setting.scopes(sorted(models), course.terms.limit_micro_usd)
    as_written = blockers_as_written(course, setting)
    blockers = [*as_written, *blockers_by_numbers(course, setting, standing)]
    answer: dict[str, Any] = {
        "plan_hash": plan_hash,
        "feasible": not blockers,
        "verdict": verdict_of(blockers),
        "blockers": blockers,
        "cost": course.cost(),
        "duration": course.duration(),
        "steps": course.steps(),
        "permission_gaps": permission_gaps(course),
        "approvals": approvals(course),
        "budget_after": _budget_after(course),
        "scopes": scopes_after(course, standing),
        "rate_limits": rates_under(course.cases["expected"]),
        "risks": risks_of(course),
        "alternatives": alternatives_of(course, setting, standing, as_written, blockers, variations),
    }
    return _identified(answer, course.body, setting)


def _budget_after(course: Course) -> BudgetAfter | None:
    limit, worst = course.terms.limit_micro_usd, course.worst_micro_usd
    return None if limit is None or worst is None else BudgetAfter(remaining_micro_usd=limit - worst)


def _identified(answer: dict[str, Any], plan: Any, setting: Setting) -> Simulation:
    """Return the simulation under an id made of the question and its answer: the same input gives the same bytes."""
    made = Simulation(simulation_id="", **answer)
    asked = [
        answer["plan_hash"] or plan,
        setting.inputs,
        setting.budget_micro_usd,
        setting.deadline_ms,
        setting.agent_id,
        setting.agent_version,
    ]
    # Cents are derived, and no whole numbers, which take far longer to write down exactly.
    told = made.model_dump(mode="json", exclude_computed_fields=True)
    return made.model_copy(update={"simulation_id": "sim_" + digest([asked, told])[:32]})
