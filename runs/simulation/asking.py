"""`simulate`, one of the six interfaces: reads how everything stands, simulates, and keeps the answer so that a run can be held to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from agents.contracts import AgentProfile
from agents.freezes import Freezes, Frozen
from agents.ledger import Standing, scopes_of_run
from agents.planners.interface import PlannerFailure
from agents.selectors import default_agent, get_agent
from agents.tenancy import Principal
from catalog.lookup import Lookup
from runs.history.reading import history_of
from runs.shell.planning import OFFLINE, propose_offline
from runs.simulation.keeping import keep
from runs.simulation.setting import Setting
from runs.simulation.simulating import simulated
from skills import prices
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Agent


def simulate(
    *,
    principal: Principal,
    plan: dict[str, Any] | None = None,
    goal: str | None = None,
    agent_ref: str | None = None,
    inputs: dict[str, Any] | None = None,
    budget_micro_usd: int | None = None,
    deadline_ms: int | None = None,
) -> dict[str, Any]:
    """Simulate a plan, or the plan the agent's planner proposes for a goal.

    A goal needs a planner that costs nothing: money is only ever spent by a run, which has a budget for it. Raises Refusal.
    """
    tenant = principal.tenant
    agent = get_agent(tenant=tenant, ref=agent_ref) if agent_ref else default_agent(tenant=tenant)
    setting = setting_of(agent, inputs or {}, budget_micro_usd=budget_micro_usd, deadline_ms=deadline_ms)
    proposed = plan if plan is not None else plan_for(goal or "", setting)
    answer, course = simulated(proposed, setting)
    if course is not None:
        keep(agent, setting, answer, course)
    return answer.model_dump(mode="json")


def setting_of(agent: Agent, inputs: dict[str, Any], *, budget_micro_usd: int | None, deadline_ms: int | None) -> Setting:
    """Return what a run of an agent would begin under now."""
    prices.refresh()
    lookup = Lookup.load(agent.tenant_id)
    return Setting(
        profile=AgentProfile.model_validate(agent.profile),
        inputs=inputs,
        budget_micro_usd=budget_micro_usd,
        deadline_ms=deadline_ms,
        agent_id=agent.public_id,
        agent_version=agent.version,
        agent_status=agent.status,
        advise=partial(lookup.possible_advice, agent.tenant_id),
        scopes=partial(_scopes, agent),
        history=partial(history_of, agent.tenant_id),
        frozen=partial(_frozen, agent),
    )


def _scopes(agent: Agent, models: Collection[str], limit_micro_usd: int | None) -> Sequence[Standing]:
    return scopes_of_run(tenant_id=agent.tenant_id, agent_id=agent.pk, models=models, limit_micro_usd=limit_micro_usd)


def _frozen(agent: Agent, skills: Collection[str]) -> Sequence[Frozen]:
    return Freezes.load([agent.tenant_id]).all_that_hold(agent.tenant_id, agent.public_id, skills)


def plan_for(goal: str, setting: Setting) -> Any:
    """Return the plan that costs nothing to make for a goal. Raises Refusal."""
    profile = setting.profile
    if profile.planner.name != OFFLINE:
        detail = f"the planner '{profile.planner.name}' costs money, which only a run may spend"
        raise Refusal("INVALID_INPUT", detail, status=422, suggestions=["Simulate a plan, or submit the goal as a run."])
    answer = propose_offline(goal, profile, setting.inputs)
    if isinstance(answer, PlannerFailure):
        failure = answer.failure
        errors = [fault.model_dump() for fault in failure.details.errors]
        raise Refusal(failure.code, failure.message, errors=errors, suggestions=failure.suggestions)
    return answer.plan
