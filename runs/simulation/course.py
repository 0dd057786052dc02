"""A plan gone through three times under a setting: what its steps cost and take, and where those numbers come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from agents.limits import rules_of
from agents.plan.contracts import Plan
from runs.contracts.simulation import CostRange, DurationRange, StepForecast
from runs.engine.events import Pin, Terms
from runs.engine.graph import Node, build
from runs.engine.simulate import CASES, CallModel, Case, Forecast, Model, forecasts
from runs.history.measured import Measured
from runs.shell.admission import Pinned, call_model, pin_plan, skills_of, versions_of
from runs.simulation.setting import Setting, SkillVersion
from runs.simulation.terms import terms_for

NO_COST = CostRange(low_micro_usd=None, expected_micro_usd=None, worst_micro_usd=None)
NO_DURATION = DurationRange(low_ms=None, expected_ms=None, worst_ms=None)


@dataclass(frozen=True)
class Course:
    """What came of going through a plan. Where versions cannot be pinned it was not gone through, and `cases` is empty.

    `model` is what its calls cost and take, `prices` the same without their limits and troubles.
    """

    body: dict[str, Any]
    nodes: Mapping[str, Node]
    terms: Terms
    pinned: Pinned
    history: Mapping[SkillVersion, Measured]
    configs: Mapping[str, Any]
    model: Model
    prices: Model
    cases: Mapping[Case, Forecast]

    @property
    def pins(self) -> Mapping[str, Pin]:
        return self.pinned.pins

    @property
    def is_priced(self) -> bool:
        return not self.cases["worst"].unpriced

    @property
    def worst_micro_usd(self) -> int | None:
        return self.cases["worst"].cost_micro_usd if self.is_priced else None

    def cost(self) -> CostRange:
        return cost_range({case: found.cost_micro_usd for case, found in self.cases.items()}, is_priced=self.is_priced)

    def duration(self) -> DurationRange:
        return duration_range({case: found.duration_ms for case, found in self.cases.items()})

    def steps(self) -> list[StepForecast]:
        return [self._step(node) for node in self.nodes.values()]

    def _step(self, node: Node) -> StepForecast:
        pin, name = self.pins[node.step_id], node.step_id
        found = self.history.get((pin.skill, pin.version))
        return StepForecast(
            step_id=name,
            skill=pin.skill,
            version=pin.version,
            effect=pin.effect,
            cost=cost_range(
                {case: each.step_cost[name] for case, each in self.cases.items()}, is_priced=name not in self.cases["worst"].unpriced
            ),
            duration=duration_range({case: each.step_duration[name] for case, each in self.cases.items()}),
            source="static" if found is None else f"history({found.n})",
        )


def cost_range(values: Mapping[Case, int], *, is_priced: bool) -> CostRange:
    # What a call without a price costs at least is its base cost; all beyond that nobody knows.
    expected, worst = (values["expected"], values["worst"]) if is_priced else (None, None)
    return CostRange(low_micro_usd=values["low"], expected_micro_usd=expected, worst_micro_usd=worst)


def duration_range(values: Mapping[Case, int]) -> DurationRange:
    # In virtual time a bad case may end sooner than a good one, because another step took the free place; people read a range.
    low, expected, worst = sorted(values[case] for case in CASES)
    return DurationRange(low_ms=low, expected_ms=expected, worst_ms=worst)


def go_through(plan: Plan, setting: Setting) -> Course:
    """Pin a valid plan and run it in the model world."""
    profile = setting.profile
    body = plan.model_dump(mode="json")
    terms = terms_for(profile, budget_micro_usd=setting.budget_micro_usd, deadline_at_ms=None)
    nodes = build(body)
    pinned = pin_plan(nodes, versions_of(body) | dict(setting.versions), terms, profile.skill_config)
    history = setting.history(sorted(set(skills_of(body))))
    rules = rules_of(setting.agent_id, profile)
    model = measured_model(call_model(profile.skill_config, advise=setting.advise, rules=rules), history)
    is_whole = len(pinned.pins) >= len(nodes) and all(blocker.code != "SKILL_NOT_FOUND" for blocker in pinned.blockers)
    played: dict[str, Any] = {"terms": open_terms(terms), "inputs": setting.inputs, "carried": setting.carried}
    cases = forecasts(plan=body, pins=pinned.pins, model=model, **played) if is_whole else {}
    return Course(
        body, nodes, terms, pinned, history, profile.skill_config, model, measured_model(call_model(profile.skill_config), history), cases
    )


def open_terms(terms: Terms) -> Terms:
    """Return the terms without what forbids a skill: what else would stop the plan is to be seen too."""
    return msgspec.structs.replace(terms, allowed_skills=None, blocked_skills=())


def measured_model(model: Model, history: Mapping[SkillVersion, Measured]) -> Model:
    """Return a model that goes by what was measured, where anything was. The worst cost stays as declared: it is what is reserved."""

    def measured(pin: Pin, params: Any) -> CallModel:
        declared, found = model(pin, params), history.get((pin.skill, pin.version))
        if found is None:
            return declared
        most = declared.worst_micro_usd or 0
        took, cost = found.duration_ms, found.cost_micro_usd
        return msgspec.structs.replace(
            declared,
            low_micro_usd=min(cost.low, most),
            expected_micro_usd=min(cost.expected, most),
            low_ms=took.low,
            expected_ms=took.expected,
            worst_ms=took.worst,
            measured=True,
        )

    return measured if history else model
