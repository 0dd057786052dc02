"""Simulation for people and programs: a plan in, verdict, blockers and low / expected / worst out. No I/O but reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.contracts import AgentProfile
from agents.plan.contracts import Plan
from agents.plan.validation import PlanInvalid, validate_plan
from agents.planners.interface import PlannerFailure
from agents.selectors import default_agent, get_agent
from agents.tenancy import Principal
from runs.contracts import (
    ApprovalForecast,
    Blocker,
    BudgetAfter,
    CostRange,
    DurationRange,
    PermissionGap,
    Simulation,
    StepForecast,
    Verdict,
)
from runs.engine.events import Pin, Terms
from runs.engine.graph import Node, build
from runs.engine.simulate import CASES, Case, Forecast, asks_first, forecast
from runs.shell.admission import bounds_of, call_model, pin_plan, refused_as_written, versions_of
from runs.shell.planning import OFFLINE, propose_offline
from skills.canonical import digest
from skills.refusal import Refusal
from skills.registry import registry

_NO_COST = CostRange(low_micro_usd=None, expected_micro_usd=None, worst_micro_usd=None)
_NO_DURATION = DurationRange(low_ms=None, expected_ms=None, worst_ms=None)

# Which verdict a blocker makes, in the order they are told.
_VERDICTS: tuple[tuple[str, Verdict], ...] = (
    ("PLAN_INVALID", "plan_invalid"),
    ("SKILL_NOT_FOUND", "skill_unavailable"),
    ("SKILL_NOT_ALLOWED", "permission_denied"),
    ("BLOCKED_TARGET", "permission_denied"),
    ("INVALID_INPUT", "plan_invalid"),
    ("PRICE_UNKNOWN", "budget_insufficient"),
    ("BUDGET_EXCEEDED", "budget_insufficient"),
    ("DEADLINE_EXCEEDED", "deadline_insufficient"),
)


def simulate(
    *,
    principal: Principal,
    plan: dict[str, Any] | None = None,
    goal: str | None = None,
    agent_ref: str | None = None,
    inputs: dict[str, Any] | None = None,
    budget_micro_usd: int | None = None,
) -> dict[str, Any]:
    """Simulate a plan, or the plan the agent's planner proposes for a goal; one of the six interfaces.

    A goal needs a planner that costs nothing: money is only ever spent by a run, which has a budget for it. Raises Refusal.
    """
    tenant = principal.tenant
    agent = get_agent(tenant=tenant, ref=agent_ref) if agent_ref else default_agent(tenant=tenant)
    profile = AgentProfile.model_validate(agent.profile)
    given = inputs or {}
    proposed = plan if plan is not None else _planned(goal or "", profile, given)
    return simulate_plan(proposed, profile=profile, inputs=given, budget_micro_usd=budget_micro_usd).model_dump(mode="json")


def _planned(goal: str, profile: AgentProfile, inputs: dict[str, Any]) -> Any:
    if profile.planner.name != OFFLINE:
        detail = f"the planner '{profile.planner.name}' costs money, which only a run may spend"
        raise Refusal("INVALID_INPUT", detail, status=422, suggestions=["Simulate a plan, or submit the goal as a run."])
    answer = propose_offline(goal, profile, inputs)
    if isinstance(answer, PlannerFailure):
        failure = answer.failure
        errors = [fault.model_dump() for fault in failure.details.errors]
        raise Refusal(failure.code, failure.message, errors=errors, suggestions=failure.suggestions)
    return answer.plan


def simulate_plan(
    raw: Any, *, profile: AgentProfile, inputs: Mapping[str, Any], budget_micro_usd: int | None, deadline_ms: int | None = None
) -> Simulation:
    """Return what the plan would cost and take under a profile. An invalid plan is a verdict, not an error."""
    try:
        plan = validate_plan(raw, registry.metadata)
    except PlanInvalid as invalid:
        return _invalid(raw, invalid)
    return simulate_valid(plan, profile=profile, inputs=dict(inputs), budget_micro_usd=budget_micro_usd, deadline_ms=deadline_ms)


def _invalid(raw: Any, invalid: PlanInvalid) -> Simulation:
    blockers = [Blocker(step_id=None, code=f.code, rule="plan_rules", detail=f.detail, pointer=f.pointer) for f in invalid.faults]
    only_skills = {blocker.code for blocker in blockers} == {"SKILL_NOT_FOUND"}
    return _infeasible(raw, None, "skill_unavailable" if only_skills else "plan_invalid", blockers)


def _infeasible(of: Any, plan_hash: str | None, verdict: Verdict, blockers: list[Blocker]) -> Simulation:
    """Return the answer about a plan that cannot even be gone through."""
    return Simulation(
        simulation_id=_id([of, [blocker.model_dump() for blocker in blockers]]),
        plan_hash=plan_hash,
        feasible=False,
        verdict=verdict,
        blockers=blockers,
        cost=_NO_COST,
        duration=_NO_DURATION,
        steps=[],
        permission_gaps=[],
        approvals=[],
        budget_after=None,
    )


def _id(of: Any) -> str:
    """Return an id made of the question and its answer: the same input gives the same bytes."""
    return "sim_" + digest(of)[:32]


def terms_for(profile: AgentProfile, *, budget_micro_usd: int | None, deadline_at_ms: int | None) -> Terms:
    """Return the terms a run is accepted under: the profile's limits, and the caller's where they are tighter."""
    return Terms(
        max_parallel=profile.max_parallel_steps,
        deadline_at_ms=deadline_at_ms,
        limit_micro_usd=tighter(profile.budget.per_run_micro_usd, budget_micro_usd),
        per_step_max_micro_usd=profile.budget.per_step_max_micro_usd,
        allowed_skills=None if profile.allowed_skills is None else tuple(profile.allowed_skills),
        blocked_skills=tuple(profile.blocked_skills),
        approval_effects=tuple(profile.approval_effects),
        approval_ttl_ms=profile.approval_ttl_ms,
        in_doubt_policy=profile.in_doubt_policy,
        on_exhausted=profile.budget.on_exhausted,
        max_attempts=profile.max_attempts,
        max_repetitions=profile.max_repetitions,
    )


def tighter(first: int | None, second: int | None) -> int | None:
    """Return the smaller of two limits, None being no limit."""
    given = [limit for limit in (first, second) if limit is not None]
    return min(given) if given else None


def simulate_valid(
    plan: Plan, *, profile: AgentProfile, inputs: dict[str, Any], budget_micro_usd: int | None, deadline_ms: int | None
) -> Simulation:
    """Simulate a plan that is valid."""
    body = plan.model_dump(mode="json")
    terms = terms_for(profile, budget_micro_usd=budget_micro_usd, deadline_at_ms=None)
    nodes = build(body)
    pinned = pin_plan(nodes, versions_of(body), terms, profile.skill_config)
    if len(pinned.pins) < len(nodes):
        return _infeasible(body, digest(body), "skill_unavailable", pinned.blockers)
    model = call_model(profile.skill_config)
    open_terms = Terms(max_parallel=terms.max_parallel, approval_effects=terms.approval_effects)
    cases = {case: forecast(case, plan=body, pins=pinned.pins, terms=open_terms, inputs=inputs, model=model) for case in CASES}
    limit_ms = tighter(profile.max_run_duration_ms, deadline_ms)
    refused = refused_as_written(body, bounds_of(profile.allowed_hosts))
    blockers = [*pinned.blockers, *refused, *_found(cases["worst"]), *_money(cases["worst"], terms), *_time(cases["expected"], limit_ms)]
    steps = [_step(node, pinned.pins[node.step_id], cases) for node in nodes.values()]
    answer: dict[str, Any] = {
        "plan_hash": digest(body),
        "feasible": not blockers,
        "verdict": _verdict(blockers),
        "blockers": blockers,
        "cost": _cost({case: found.cost_micro_usd for case, found in cases.items()}, unpriced=bool(cases["worst"].unpriced)),
        "duration": _duration({case: found.duration_ms for case, found in cases.items()}),
        "steps": steps,
        "permission_gaps": [
            PermissionGap(step_id=str(b.step_id), skill=nodes[str(b.step_id)].skill, reason=b.detail) for b in pinned.blockers
        ],
        "approvals": _approvals(nodes, pinned.pins, terms),
        "budget_after": _budget_after(terms.limit_micro_usd, cases["worst"]),
    }
    made = Simulation(simulation_id="", **answer)
    return made.model_copy(update={"simulation_id": _id(made.model_dump(mode="json"))})


def _found(worst: Forecast) -> list[Blocker]:
    """Return what the machine itself refused on the way, and calls without a price."""
    denied = [Blocker(step_id=step.partition("#")[0], code=code, rule=rule, detail=detail) for step, code, rule, detail in worst.denied]
    unpriced = [
        Blocker(step_id=step, code="PRICE_UNKNOWN", rule="fail_closed", detail="no price is known for this call")
        for step in dict.fromkeys(worst.unpriced)
    ]
    known = {"SKILL_NOT_ALLOWED"}  # told once already, with the profile's rule
    return [b for b in denied if b.code not in known] + unpriced


def _money(worst: Forecast, terms: Terms) -> list[Blocker]:
    blockers = []
    if terms.limit_micro_usd is not None and worst.cost_micro_usd > terms.limit_micro_usd:
        detail = f"the worst case is {worst.cost_micro_usd} micro-USD, the budget {terms.limit_micro_usd}"
        blockers.append(Blocker(step_id=None, code="BUDGET_EXCEEDED", rule="run_budget", detail=detail))
    cap = terms.per_step_max_micro_usd
    for step, cost in worst.step_cost.items():
        if cap is not None and cost > cap:
            detail = f"the worst case is {cost} micro-USD, a step may cost {cap}"
            blockers.append(Blocker(step_id=step, code="BUDGET_EXCEEDED", rule="per_step_max", detail=detail))
    return blockers


def _time(expected: Forecast, limit_ms: int | None) -> list[Blocker]:
    if limit_ms is None or expected.duration_ms <= limit_ms:
        return []
    detail = f"the plan is expected to take {expected.duration_ms} ms, {limit_ms} are allowed"
    return [Blocker(step_id=None, code="DEADLINE_EXCEEDED", rule="run_duration", detail=detail)]


def _verdict(blockers: list[Blocker]) -> Verdict:
    codes = {blocker.code for blocker in blockers}
    return next((verdict for code, verdict in _VERDICTS if code in codes), "plan_invalid" if codes else "feasible")


def _cost(values: Mapping[Case, int], *, unpriced: bool) -> CostRange:
    # What a call without a price costs at least is its base cost; all beyond that nobody knows.
    expected, worst = (None, None) if unpriced else (values["expected"], values["worst"])
    return CostRange(low_micro_usd=values["low"], expected_micro_usd=expected, worst_micro_usd=worst)


def _duration(values: Mapping[Case, int]) -> DurationRange:
    return DurationRange(low_ms=values["low"], expected_ms=values["expected"], worst_ms=values["worst"])


def _budget_after(limit_micro_usd: int | None, worst: Forecast) -> BudgetAfter | None:
    if limit_micro_usd is None or worst.unpriced:
        return None
    return BudgetAfter(remaining_micro_usd=limit_micro_usd - worst.cost_micro_usd)


def _step(node: Node, pin: Pin, cases: Mapping[Case, Forecast]) -> StepForecast:
    costs = {case: found.step_cost[node.step_id] for case, found in cases.items()}
    return StepForecast(
        step_id=node.step_id,
        skill=pin.skill,
        version=pin.version,
        effect=pin.effect,
        cost=_cost(costs, unpriced=node.step_id in cases["worst"].unpriced),
        duration=_duration({case: found.step_duration[node.step_id] for case, found in cases.items()}),
        source="static",
    )


def _approvals(nodes: Mapping[str, Node], pins: Mapping[str, Pin], terms: Terms) -> list[ApprovalForecast]:
    asked = ((node, asks_first(node, pins[node.step_id], terms)) for node in nodes.values())
    return [ApprovalForecast(step_id=node.step_id, skill=node.skill, reason=reason) for node, reason in asked if reason is not None]
