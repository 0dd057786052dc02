"""What faults would make of a plan: reads how everything stands, as simulation does, and plays the plan in the script world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agents.contracts import AgentProfile
from agents.plan.contracts import Plan
from agents.plan.validation import PlanInvalid, validate_plan
from agents.selectors import default_agent, get_agent
from agents.tenancy import Principal
from catalog.lookup import Lookup
from runs.engine.events import Pin, Terms
from runs.engine.graph import build
from runs.faults.contracts import ChaosReport
from runs.faults.kinds import FaultKind
from runs.faults.playing import Stage
from runs.faults.rehearsal import rehearse
from runs.faults.trials import MOST_CALLS, Asked, Told, TooLarge, chaos
from runs.shell.admission import call_model, pin_advised, pin_plan, skills_of, versions_of
from runs.simulation import terms_for
from runs.simulation.asking import plan_for, setting_of
from runs.simulation.setting import Setting
from skills.canonical import digest
from skills.refusal import Refusal
from skills.registry import registry

if TYPE_CHECKING:
    from agents.models import Agent

MOST_CALLS_BY_COMMAND = 5 * MOST_CALLS
"""Whoever sits at a terminal and sees it go on may wait longer than a request."""


def try_faults(
    *,
    principal: Principal,
    plan: dict[str, Any] | None = None,
    goal: str | None = None,
    agent_ref: str | None = None,
    inputs: dict[str, Any] | None = None,
    budget_micro_usd: int | None = None,
    deadline_ms: int | None = None,
    faults: Sequence[FaultKind] | None = None,
    pairs: bool = True,
    step: str | None = None,
    ignoring_keys: Sequence[str] = (),
    seed: str = "chaos",
    most_calls: int = MOST_CALLS,
    told: Told = lambda done, of: None,
) -> ChaosReport:
    """Report what faults make of a plan, or of the plan that costs nothing to make for a goal. Touches nothing outside.

    Raises Refusal: PLAN_INVALID, or the code of the first thing that keeps the plan from being pinned, with every pointer.
    """
    tenant = principal.tenant
    agent = get_agent(tenant=tenant, ref=agent_ref) if agent_ref else default_agent(tenant=tenant)
    setting = setting_of(agent, inputs or {}, budget_micro_usd=budget_micro_usd, deadline_ms=deadline_ms)
    body = _valid(plan if plan is not None else plan_for(goal or "", setting)).model_dump(mode="json")
    _refuse_unknown(body, step, ignoring_keys)
    stage = _stage(agent, setting, body, ignoring_keys, seed)
    kinds = tuple(FaultKind) if faults is None else tuple(dict.fromkeys(faults))
    asked = Asked(kinds, pairs, step, most_calls)
    try:
        return chaos(stage, asked, plan_hash=digest(body), agent=agent.name, told=told)
    except TooLarge:
        detail = "the parameters of the plan are too large to try faults on it"
        raise Refusal("CONTENT_TOO_LARGE", detail, suggestions=["Try it with smaller parameters or inputs."]) from None


def _valid(raw: Any) -> Plan:
    try:
        return validate_plan(raw, registry.metadata)
    except PlanInvalid as invalid:
        errors = [fault.model_dump() | {"pointer": "/plan" + fault.pointer} for fault in invalid.faults]
        raise Refusal("PLAN_INVALID", "the plan breaks the rules plans must keep", errors=errors) from None


def _refuse_unknown(plan: Mapping[str, Any], step: str | None, ignoring_keys: Sequence[str]) -> None:
    errors = []
    if step is not None and all(step != planned["step_id"] for planned in plan["steps"]):
        errors.append({"pointer": "/step", "code": "INVALID_REFERENCE", "detail": f"the plan has no step '{step}'"})
    called = set(skills_of(plan))
    for place, skill in enumerate(ignoring_keys):
        if skill not in called:
            fault = {"pointer": f"/ignoring_keys/{place}", "code": "INVALID_REFERENCE", "detail": f"the plan does not call '{skill}'"}
            errors.append(fault)
    if errors:
        raise Refusal("INVALID_REFERENCE", errors[0]["detail"], errors=errors)


def _stage(agent: Agent, setting: Setting, plan: dict[str, Any], ignoring_keys: Sequence[str], seed: str) -> Stage:
    profile, lookup = setting.profile, Lookup.load(agent.tenant_id)
    longest = profile.max_run_duration_ms
    deadline = longest if setting.deadline_ms is None else min(setting.deadline_ms, longest)
    terms = terms_for(profile, budget_micro_usd=setting.budget_micro_usd, deadline_at_ms=deadline)
    return Stage(
        rehearsal=rehearse(plan, setting.inputs),
        pins=_pins(plan, profile, terms),
        terms=terms,
        inputs=setting.inputs,
        model=call_model(profile.skill_config),
        advise=lambda skill, code: lookup.advice_by_code(agent.tenant_id, skill)[code],
        pin_advised=lambda name, params: pin_advised(name, params, profile.skill_config),
        ignoring_keys=tuple(ignoring_keys),
        seed=seed,
    )


def _pins(plan: dict[str, Any], profile: AgentProfile, terms: Terms) -> dict[str, Pin]:
    """Return the pins of a plan. Raises Refusal with everything that keeps it from being pinned."""
    pinned = pin_plan(build(plan), versions_of(plan), terms, profile.skill_config)
    if pinned.blockers:
        place = {step["step_id"]: position for position, step in enumerate(plan["steps"])}
        errors = [
            {"pointer": f"/plan/steps/{place[blocker.step_id or '']}/skill", "code": blocker.code, "detail": blocker.detail}
            for blocker in pinned.blockers
        ]
        raise Refusal(pinned.blockers[0].code, pinned.blockers[0].detail, errors=errors)
    return pinned.pins
