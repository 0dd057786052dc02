"""Admits a simulation as a run: what was simulated is what is run, at that worst case, or it is refused with the differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runs.contracts.simulation import Blocker, Simulation
from runs.simulation.asking import setting_of
from runs.simulation.course import Course
from runs.simulation.keeping import Json, answer_of, grounds, question_of, stored
from runs.simulation.simulating import simulated
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Agent, Tenant

Fault = dict[str, str]
AGAIN = ["Simulate again, and submit the simulation you get."]


@dataclass(frozen=True)
class Admitted:
    """What a run of a simulation is asked for. `means` is what the worker holds it to."""

    plan: Json
    inputs: Json
    budget_micro_usd: int | None
    deadline_ms: int | None
    means: Json


@dataclass(frozen=True)
class Asked:
    """What the request says beside the simulation's id; None and nothing leave it to the simulation."""

    inputs: Json
    budget_micro_usd: int | None
    deadline_ms: int | None


def admit(simulation_id: str, tenant: Tenant, agent: Agent, asked: Asked) -> Admitted:
    """Return the run a simulation stands for, if all is still as it was simulated.

    Raises Refusal: NOT_FOUND for one that is not there; PLAN_INVALID or INVALID_INPUT (409) naming each difference; the code
    of the first blocker (409) where the plan would not run.
    """
    row = stored(tenant=tenant, simulation_id=simulation_id)
    question, then = question_of(row), answer_of(row)
    _refuse_other_agent(row.agent, agent)
    _refuse_other_terms(question, asked)
    setting = setting_of(agent, question["inputs"], budget_micro_usd=question["budget_micro_usd"], deadline_ms=question["deadline_ms"])
    answer, course = simulated(question["plan"], setting)
    _refuse_changes(then, answer, course, question["plan"], agent.version)
    if not answer.feasible:
        raise _not_feasible(answer)
    return Admitted(
        plan=question["plan"],
        inputs=question["inputs"],
        budget_micro_usd=question["budget_micro_usd"],
        deadline_ms=question["deadline_ms"],
        means={"simulation": {"simulation_id": simulation_id, "worst_micro_usd": then["worst_micro_usd"]}},
    )


# What the request may not say otherwise


def _refuse_other_agent(simulated_for: Agent, agent: Agent) -> None:
    if simulated_for.pk != agent.pk:
        detail = f"simulated for {simulated_for.name} → asked of {agent.name}"
        raise _differs("INVALID_INPUT", [_fault("/agent", detail)])


def _refuse_other_terms(question: Json, asked: Asked) -> None:
    given = {"inputs": asked.inputs or None, "budget_micro_usd": asked.budget_micro_usd, "deadline_ms": asked.deadline_ms}
    faults = [
        _fault(f"/{name}", f"simulated with {_said(question[name])} → asked for {_said(value)}")
        for name, value in given.items()
        if value is not None and value != question[name]
    ]
    if faults:
        raise _differs("INVALID_INPUT", faults)


def _said(value: Any) -> str:
    return "none" if value in (None, {}) else str(value)[:200]


# What may not have changed since


def _refuse_changes(then: Json, answer: Simulation, course: Course | None, plan: Json, agent_version: int) -> None:
    if course is None:
        raise _differs("PLAN_INVALID", [_as_fault(blocker) for blocker in answer.blockers])
    now = grounds(answer, course, agent_version)
    versions = list(_version_changes(then["pins"], now["pins"], plan))
    others = [*_agent_changes(then, now), *_cost_changes(then, now, plan)]
    if versions or others:
        raise _differs("PLAN_INVALID" if versions else "INVALID_INPUT", [*versions, *others])


def _agent_changes(then: Json, now: Json) -> Iterator[Fault]:
    if then["agent_version"] != now["agent_version"]:
        yield _fault("/agent", f"the agent was changed: version {then['agent_version']} → {now['agent_version']}")
    if then["plan_hash"] != now["plan_hash"]:
        yield _fault("/plan", f"the plan reads otherwise by now: {then['plan_hash']} → {now['plan_hash']}")


def _version_changes(then: Json, now: Json, plan: Json) -> Iterator[Fault]:
    for place, step in enumerate(plan["steps"]):
        for key, name in ((step["step_id"], "skill"), (step["step_id"] + "!fallback", "fallback_skill")):
            before, after = then.get(key), now.get(key)
            if before != after:
                yield _fault(f"/plan/steps/{place}/{name}", f"{_version(before)} → {_version(after)}", "PLAN_INVALID")


def _version(pin: Mapping[str, str] | None) -> str:
    return "no such skill" if pin is None else f"{pin['skill']} {pin['version']} ({pin['digest'][:12]})"


def _cost_changes(then: Json, now: Json, plan: Json) -> Iterator[Fault]:
    before, after = then["steps_worst_micro_usd"], now["steps_worst_micro_usd"]
    for place, step in enumerate(plan["steps"]):
        name = step["step_id"]
        if before.get(name) != after.get(name):
            yield _fault(f"/plan/steps/{place}", f"worst case {_money(before.get(name))} → {_money(after.get(name))}")
    if then["worst_micro_usd"] != now["worst_micro_usd"]:
        yield _fault("/worst_micro_usd", f"worst case in all {_money(then['worst_micro_usd'])} → {_money(now['worst_micro_usd'])}")


def _money(micro_usd: int | None) -> str:
    return "unknown" if micro_usd is None else f"{micro_usd} micro-USD"


# Refusals


def _fault(pointer: str, detail: str, code: str = "INVALID_INPUT") -> Fault:
    return {"pointer": pointer, "code": code, "detail": detail}


def _as_fault(blocker: Blocker) -> Fault:
    return _fault(f"/plan{blocker.pointer or ''}", blocker.detail, blocker.code)


def _differs(code: str, faults: list[Fault]) -> Refusal:
    return Refusal(code, "it is not what was simulated: " + faults[0]["detail"], status=409, errors=faults, suggestions=AGAIN)


def _not_feasible(answer: Simulation) -> Refusal:
    first = answer.blockers[0]
    errors = [_as_fault(blocker) for blocker in answer.blockers]
    return Refusal(first.code, f"the simulation says that the plan would not run: {first.detail}", status=409, errors=errors)
