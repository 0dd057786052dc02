"""What `aos-sdk` 0.1.0 sends: its routes at the root, and its bodies put into today's words (docs/reference/aos-sdk-0.1.md).

The views of /api/v1 that it calls too come here for what is spelt the old way; what is spelt their own way passes unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count
from typing import TYPE_CHECKING, Annotated, Any

from django.db.models.functions import Left
from django.urls import path
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents.contracts import AgentProfile, RateLimit
from agents.ledger import scopes_of_run
from agents.planners.stub import url_in
from agents.rates import rates_of
from agents.selectors import agent_json, default_agent, get_agent
from agents.services import create_agent
from agents.tenancy import Principal, not_found, principal_of
from runs import responses, runtime, selectors, services
from runs.answering import accepted
from runs.contracts.simulation import Simulation
from runs.models import Kept
from runs.query.questions import QUESTIONS
from runs.requests import AgentRef, Cents, Goal, checked_run_id
from skills.api import SkillList
from skills.contracts import Name, cents
from skills.instants import instant
from skills.refusal import Refusal
from skills.registry import registry
from skills.requests import RequestModel, parse_body, parse_query, refuse_inexact

if TYPE_CHECKING:
    from agents.models import Agent

RECALLED_RUNS = 300
"""How many of an agent's latest runs are looked through for words."""
RECALLED_CHARACTERS = 2_000
"""How much of each goal."""

_WORD = re.compile(r"\w{3,}")
_OLD_WORDS = {"/filters": "/params", "/what": "/query_type"}

Steps = Annotated[list[dict[str, Any]], Field(max_length=1_000)]
TenantId = Annotated[str, Field(max_length=64)]


# The bodies, as 0.1.0 spells them


class OldRun(RequestModel):
    agent_id: AgentRef
    goal: Goal
    plan: Steps | None = None


class OldSimulation(RequestModel):
    plan: Steps
    budget_cents: Cents | None = None
    agent_id: AgentRef | None = None
    tenant_id: TenantId | None = None


class OldQuestion(RequestModel):
    query_type: Annotated[str, Field(pattern=r"^[a-z_]{1,64}$")]
    params: dict[str, Any] = {}
    agent_id: AgentRef | None = None
    run_id: str | None = None


class OldAgent(RequestModel):
    name: Name


class OldGoal(RequestModel):
    goal: Goal
    force_skill: Name | None = None


class RecallQuery(RequestModel):
    query: Annotated[str, Field(max_length=10_000)]
    k: Annotated[int, Field(ge=1, le=100)] = 5


class MeansQuery(RequestModel):
    """Whose means are asked for: an agent's by name or id; the tenant can only be the key's own."""

    agent_id: AgentRef | None = None
    tenant_id: TenantId | None = None


# The answers: today's, and what the docstrings of 0.1.0 promise beside it


class RuntimeSimulation(Simulation):
    """A simulation; the last two fields are for plans sent as a list, as aos-sdk 0.1.0 does."""

    estimated_cost_cents: float | None = None
    reason: str | None = None


class SkillLine(BaseModel):
    name: str
    version: str
    description: str


class RuntimeSkills(SkillList):
    """All skills in full, and beside it a line for each."""

    skills: list[SkillLine]
    count: int


class CallerCapabilities(responses.Capabilities):
    """What this installation offers, and what the caller's agent may do with it. Money and rates need the scope runs:read.

    `budget_remaining_cents` is what a run of the agent could spend now; null is unlimited.
    """

    agent: str | None
    skills_available: list[str]
    permissions: list[str]
    budget_remaining_cents: float | None = None
    rate_limits: list[RateLimit] = []


# The translation, called by the views of /api/v1


def run_body(raw: Any) -> Any:
    """Return the body of a submit in today's words."""
    if not _has(raw, "agent_id"):
        return raw
    old = parse_body(OldRun, raw)
    task = {"goal": old.goal} if old.plan is None else {"plan": _plan(old.plan, old.goal)}
    return {"agent": old.agent_id, **task}


def simulation_body(principal: Principal, raw: Any) -> Any:
    """Return the body of a simulation in today's words. Raises Refusal NOT_FOUND for another tenant than the key's."""
    if not _is_old_simulation(raw):
        return raw
    old = parse_body(OldSimulation, raw)
    _refuse_other_tenant(principal, old.tenant_id)
    told = {"budget_cents": old.budget_cents, "agent": old.agent_id}
    return {"plan": _plan(old.plan)} | {name: value for name, value in told.items() if value is not None}


def simulation_answer(raw: Any, answer: dict[str, Any]) -> dict[str, Any]:
    """Return a simulation, with the fields of 0.1.0 where it was asked for in its words."""
    if not _is_old_simulation(raw):
        return answer
    reason = answer["blockers"][0]["detail"] if answer["blockers"] else answer["verdict"]
    return answer | {"estimated_cost_cents": answer["cost"]["cents"]["expected"], "reason": None if answer["feasible"] else reason}


def answer_to(principal: Principal, raw: Any) -> dict[str, Any] | None:
    """Answer a question asked by `query_type`; None for any other body. Raises Refusal."""
    if not _has(raw, "query_type"):
        return None
    old = parse_body(OldQuestion, raw)
    answer = _OLD_ANSWERS[old.query_type](principal, old) if old.query_type in _OLD_ANSWERS else _asked(principal, old)
    return {"query_type": old.query_type} | answer


def skills_answer(described: dict[str, Any]) -> dict[str, Any]:
    """Return the list of skills with a line for each."""
    lines = [SkillLine.model_validate(each).model_dump() for each in described["data"]]
    return described | {"skills": lines, "count": len(lines)}


def means_of_caller(principal: Principal, query: Any) -> dict[str, Any]:
    """Return what an agent of the caller may do: skills, and with runs:read money and rates. Raises Refusal."""
    asked = parse_query(MeansQuery, query)
    _refuse_other_tenant(principal, asked.tenant_id)
    agent = _agent_or_none(principal, asked.agent_id)
    told: dict[str, Any] = {"agent": agent and agent.name, "skills_available": [], "permissions": sorted(principal.scopes)}
    if agent is None:
        return told
    profile = AgentProfile.model_validate(agent.profile)
    told["skills_available"] = [name for name in registry.names() if profile.allows(name)]
    if principal.may("runs:read"):
        told["budget_remaining_cents"] = _remaining_cents(agent, profile)
        told["rate_limits"] = [limit.model_dump(mode="json") for limit in rates_of(agent.tenant_id, agent, profile)]
    return told


def _has(raw: Any, field: str) -> bool:
    return isinstance(raw, dict) and field in raw


def _is_old_simulation(raw: Any) -> bool:
    return isinstance(raw, dict) and (isinstance(raw.get("plan"), list) or not raw.keys().isdisjoint(("agent_id", "tenant_id")))


def _plan(steps: list[dict[str, Any]], goal: str = "") -> dict[str, Any]:
    """Return a list of steps as a plan; those without an id are called s1, s2, … in their order."""
    taken = {step.get("step_id") for step in steps if isinstance(step.get("step_id"), str)}
    free = (name for number in count(1) if (name := f"s{number}") not in taken)
    return {"goal": goal, "steps": [step if "step_id" in step else {"step_id": next(free), **step} for step in steps]}


def _refuse_other_tenant(principal: Principal, tenant_id: str | None) -> None:
    if tenant_id not in (None, principal.tenant.public_id, principal.tenant.slug):
        raise not_found("tenant")


def _agent_or_none(principal: Principal, ref: str | None) -> Agent | None:
    if ref is not None:
        return get_agent(tenant=principal.tenant, ref=ref)
    try:
        return default_agent(tenant=principal.tenant)
    except Refusal:
        # A tenant without an agent asks what there is all the same.
        return None


def _remaining_cents(agent: Agent, profile: AgentProfile) -> float | None:
    """Return what a run of an agent could spend now: the least that is left of any scope it would draw on."""
    standing = scopes_of_run(tenant_id=agent.tenant_id, agent_id=agent.pk)
    left = [profile.budget.per_run_micro_usd, *(scope.remaining_micro_usd for scope in standing)]
    return cents(min((max(0, each) for each in left if each is not None), default=None))


# The questions whose words, or whose reach without a run, are not today's


def _asked(principal: Principal, old: OldQuestion) -> dict[str, Any]:
    """Ask today's question of this name, the run and the agent among its filters where it takes them."""
    known = QUESTIONS[old.query_type][1] if old.query_type in QUESTIONS else ()
    named = {name: ref for name, ref in (("run_id", old.run_id), ("agent", old.agent_id)) if ref is not None and name in known}
    try:
        return runtime.query(tenant=principal.tenant, what=old.query_type, filters=old.params | named)
    except Refusal as refused:
        refused.errors = [fault | {"pointer": _in_old_words(fault["pointer"])} for fault in refused.errors]
        raise


def _in_old_words(pointer: str) -> str:
    first, slash, rest = pointer[1:].partition("/")
    return _OLD_WORDS.get(f"/{first}", f"/{first}") + slash + rest


def _remaining_budget(principal: Principal, old: OldQuestion) -> dict[str, Any]:
    """Say what a run has left, or without one what a run of the agent could spend now."""
    run_id = _run_named(old)
    if run_id is not None:
        budget = runtime.get_resource_contract(tenant=principal.tenant, run_id=run_id)["budget"]
        return {"remaining_budget_cents": budget["cents"]["remaining"], "budget": budget, "run_id": run_id}
    agent = _agent_or_none(principal, old.agent_id)
    if agent is None:
        raise not_found("active agent")
    return {"remaining_budget_cents": _remaining_cents(agent, AgentProfile.model_validate(agent.profile)), "agent": agent.name}


def _tried(principal: Principal, old: OldQuestion) -> dict[str, Any]:
    """Say which steps a run has tried, each with its attempts; without a run those of the latest."""
    run_id = _run_named(old) or _latest_run(principal, old.agent_id)
    if run_id is None:
        return {"run_id": None, "steps": []}
    if "step_id" in old.params:
        return _asked(principal, old.model_copy(update={"run_id": run_id}))
    steps = selectors.trace_json(tenant=principal.tenant, run_id=run_id)["steps"]
    return {"run_id": run_id, "steps": [step for step in steps if step["attempts"]]}


def _last_outcome(principal: Principal, old: OldQuestion) -> dict[str, Any]:
    """Return the latest outcome of a run; without one of the latest run."""
    run_id = _run_named(old) or _latest_run(principal, old.agent_id)
    if run_id is None:
        return {"run_id": None, "outcome": None}
    return {"run_id": run_id} | _asked(principal, old.model_copy(update={"run_id": run_id}))


_OLD_ANSWERS = {
    "remaining_budget_cents": _remaining_budget,
    "what_did_i_try_already": _tried,
    "last_step_outcome": _last_outcome,
}


def _run_named(old: OldQuestion) -> str | None:
    named = old.run_id if old.run_id is not None else old.params.get("run_id")
    return None if named is None else checked_run_id(str(named))


def _latest_run(principal: Principal, agent_ref: str | None) -> str | None:
    agent = None if agent_ref is None else get_agent(tenant=principal.tenant, ref=agent_ref).public_id
    return selectors.list_runs(tenant=principal.tenant, agent=agent).values_list("public_id", flat=True).first()


# The routes at the root


@extend_schema(exclude=True)
class Agents(APIView):
    required_scopes = {"POST": "agents:write"}

    def post(self, request: Request) -> Response:
        """Make an agent of this name, or return the one there is: programs made for 0.1.0 say this at every start."""
        name, tenant = parse_body(OldAgent, request.data).name, principal_of(request).tenant
        try:
            return Response(agent_json(create_agent(tenant=tenant, name=name)), status=201)
        except Refusal as refused:
            if refused.status != 409:
                raise
        return Response(agent_json(get_agent(tenant=tenant, ref=name)))


@extend_schema(exclude=True)
class Goals(APIView):
    required_scopes = {"POST": "runs:write"}

    def post(self, request: Request, agent_id: str) -> Response:
        body = parse_body(OldGoal, request.data)
        refuse_inexact(request.data)
        run, created = services.submit(
            principal=principal_of(request),
            agent_ref=get_agent(tenant=principal_of(request).tenant, ref=agent_id).public_id,
            goal=body.goal,
            plan=None if body.force_skill is None else forced_plan(body.force_skill, body.goal),
            trace_id=getattr(request, "trace_id", None),
            caller_trace=getattr(request, "caller_trace", None),
        )
        return accepted(request, run, created=created)


@extend_schema(exclude=True)
class RunOfAgent(APIView):
    required_scopes = {"GET": "runs:read"}

    def get(self, request: Request, agent_id: str, run_id: str) -> Response:
        tenant = principal_of(request).tenant
        agent, run = get_agent(tenant=tenant, ref=agent_id), selectors.get_run(tenant=tenant, run_id=checked_run_id(run_id))
        if run.agent_id != agent.pk:
            raise not_found("run")
        outcome = None
        if run.is_terminal and run.kept == Kept.EVERYTHING:
            outcome = runtime.query(tenant=tenant, what="last_step_outcome", filters={"run_id": run_id})["outcome"]
        return Response(selectors.run_json(run) | {"agent_id": agent.public_id, "outcome": outcome})


@extend_schema(exclude=True)
class Recall(APIView):
    required_scopes = {"GET": "runs:read"}

    def get(self, request: Request, agent_id: str) -> Response:
        query, tenant = parse_query(RecallQuery, request.query_params), principal_of(request).tenant
        agent = get_agent(tenant=tenant, ref=agent_id)
        rows = selectors.list_runs(tenant=tenant).filter(agent=agent).annotate(asked=Left("goal", RECALLED_CHARACTERS))
        latest = rows.values_list("public_id", "asked", "summary", "status", "created_at")[:RECALLED_RUNS]
        memories = recalled(latest, query.query)[: query.k]
        return Response({"agent_id": agent.public_id, "query": query.query, "memories": memories, "count": len(memories), "source": "runs"})


def recalled(runs: Iterable[tuple[Any, ...]], query: str) -> list[dict[str, Any]]:
    """Return the runs whose goal or summary shares words with a query, most words first, as given among equals."""
    wanted = _words(query)
    found = [
        {
            "run_id": run_id,
            "goal": goal,
            "summary": summary,
            "status": status,
            "created_at": instant(created_at),
            "words_in_common": sorted(wanted & _words(f"{goal} {summary}")),
        }
        for run_id, goal, summary, status, created_at in runs
    ]
    return sorted((each for each in found if each["words_in_common"]), key=lambda each: -len(each["words_in_common"]))


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def forced_plan(skill: str, goal: str) -> dict[str, Any]:
    """Return the plan that hands a goal to one skill, as its only required parameter. Raises Refusal where that cannot be said."""
    required = runtime.describe_skill(name=skill)["input_schema"].get("required", [])
    if len(required) != 1:
        raise _cannot_force(f"{skill} needs {', '.join(required) or 'parameters'}, which a goal does not say", "/force_skill")
    text = url_in(goal) if required[0] == "url" else goal.replace("${", "$${")
    if text is None:
        raise _cannot_force(f"{skill} needs an address, and the goal holds none", "/goal")
    return {"goal": goal, "steps": [{"step_id": "s1", "skill": skill, "params": {required[0]: text}}]}


def _cannot_force(detail: str, pointer: str) -> Refusal:
    fault = {"pointer": pointer, "code": "INVALID_INPUT", "detail": detail}
    return Refusal("INVALID_INPUT", detail, status=422, errors=[fault], suggestions=["Submit a plan: POST /api/v1/runs."])


urlpatterns = [
    path("agents", Agents.as_view(), name="first-sdk-agents"),
    path("agents/<str:agent_id>/goals", Goals.as_view(), name="first-sdk-goals"),
    path("agents/<str:agent_id>/runs/<str:run_id>", RunOfAgent.as_view(), name="first-sdk-run"),
    path("agents/<str:agent_id>/recall", Recall.as_view(), name="first-sdk-recall"),
]
