"""`query`: the named questions an agent or a person may ask, answered from the rows the engine writes."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from agents.contracts import AgentProfile
from agents.rates import rates_of
from agents.selectors import default_agent, get_agent
from catalog.selectors import past_of
from runs.engine.state import State
from runs.models import Run
from runs.money.resource_contract import get_resource_contract
from runs.selectors import blocked_by_json, decisions_json, explain_json, get_run, list_runs, run_json
from runs.shell.reading.explain import causes, decided_about, failures
from runs.shell.reading.history import read_history, read_state
from runs.shell.reading.outcomes import latest_outcome
from runs.shell.reading.trace import step_json
from skills.refusal import Refusal
from skills.registry import registry

if TYPE_CHECKING:
    from agents.models import Agent, Tenant

Answer = dict[str, Any]


def query(*, tenant: Tenant, what: str, filters: dict[str, Any] | None = None) -> Answer:
    """Answer a named question. Raises Refusal for an unknown name (it lists the known ones) or a missing filter."""
    question = QUESTIONS.get(what)
    if question is None:
        raise Refusal("INVALID_INPUT", f"there is no question '{what}'", errors=_fault("/what", "unknown"), suggestions=sorted(QUESTIONS))
    ask, known = question
    given = filters or {}
    unknown = sorted(set(given) - set(known))
    if unknown:
        detail = f"'{what}' takes no filter {', '.join(unknown)}"
        raise Refusal("INVALID_INPUT", detail, errors=[e for name in unknown for e in _fault(f"/filters/{name}", detail)])
    return {"what": what} | ask(tenant, given)


def _fault(pointer: str, detail: str) -> list[dict[str, str]]:
    return [{"pointer": pointer, "code": "INVALID_INPUT", "detail": detail}]


def _text(filters: dict[str, Any], name: str) -> str:
    value = filters.get(name)
    if not isinstance(value, str) or not value:
        fault = {"pointer": f"/filters/{name}", "code": "MISSING_REQUIRED_FIELD", "detail": f"give {name} as text"}
        raise Refusal("MISSING_REQUIRED_FIELD", f"the filter {name} is missing", errors=[fault])
    return value


def _run(tenant: Tenant, filters: dict[str, Any]) -> Run:
    return get_run(tenant=tenant, run_id=_text(filters, "run_id"))


def _folded(tenant: Tenant, filters: dict[str, Any]) -> tuple[Run, State]:
    run = _run(tenant, filters)
    return run, read_state(run)


def _agent(tenant: Tenant, filters: dict[str, Any]) -> Agent:
    return get_agent(tenant=tenant, ref=_text(filters, "agent")) if "agent" in filters else default_agent(tenant=tenant)


def _step(state: State, filters: dict[str, Any]) -> str:
    step = _text(filters, "step_id")
    if step not in state.steps:
        raise Refusal("NOT_FOUND", f"the run has no step '{step}'", errors=_fault("/filters/step_id", "no such step"))
    return step


def _remaining_budget(tenant: Tenant, filters: dict[str, Any]) -> Answer:
    return {"budget": get_resource_contract(tenant=tenant, run_id=_text(filters, "run_id"))["budget"]}


def _state(tenant: Tenant, filters: dict[str, Any]) -> Answer:
    run, state = _folded(tenant, filters)
    return {"run": run_json(run), "steps": {key: step.status for key, step in state.steps.items()}}


def _history(tenant: Tenant, filters: dict[str, Any]) -> Answer:
    agent = filters.get("agent")
    return {"runs": [run_json(run) for run in list_runs(tenant=tenant, agent=None if agent is None else str(agent))[:50]]}


def _rate_limits(tenant: Tenant, filters: dict[str, Any]) -> Answer:
    agent = _agent(tenant, filters)
    profile = AgentProfile.model_validate(agent.profile)
    return {"agent": agent.name, "rate_limits": [limit.model_dump(mode="json") for limit in rates_of(tenant.pk, agent, profile)]}


def _tried(tenant: Tenant, filters: dict[str, Any]) -> Answer:
    run, state = _folded(tenant, filters)
    step = _step(state, filters)
    history = read_history(run)
    return {"step": step_json(state, state.steps[step]), "failures": failures(history, step), "decided": decided_about(history, step)}


def _last_outcome(tenant: Tenant, filters: dict[str, Any]) -> Answer:
    run, state = _folded(tenant, filters)
    step = _step(state, filters) if "step_id" in filters else None
    past = partial(past_of, tenant)
    outcome = latest_outcome(state, read_history(run), past=past, trace_id=run.trace_id or None, step=step)
    return {"outcome": None if outcome is None else outcome.model_dump(mode="json")}


def _why_failed(tenant: Tenant, filters: dict[str, Any]) -> Answer:
    run, state = _folded(tenant, filters)
    step = _step(state, filters)
    history = read_history(run)
    return {
        "step_id": step,
        "status": state.steps[step].status,
        "failures": failures(history, step),
        "decided": decided_about(history, step),
        "because": [cause.model_dump(mode="json") for cause in causes(state, history) if step in (cause.step_id, cause.root_step_id)],
    }


def _decisions(tenant: Tenant, filters: dict[str, Any]) -> Answer:
    """Return all decisions of a run, or those of one kind or about one step."""
    named = {name: _text(filters, name) for name in ("run_id", "kind", "step_id") if name == "run_id" or name in filters}
    found = decisions_json(tenant=tenant, run_id=named["run_id"], kind=named.get("kind"), step=named.get("step_id"), limit=1_000_000)
    return {"run_id": named["run_id"], "decisions": found["data"]}


def _allowed_skills(tenant: Tenant, filters: dict[str, Any]) -> Answer:
    agent = _agent(tenant, filters)
    profile = AgentProfile.model_validate(agent.profile)
    return {"agent": agent.name, "skills": [name for name in registry.names() if profile.allows(name)]}


def _skills_for_goal(tenant: Tenant, filters: dict[str, Any]) -> Answer:
    """Rank the allowed skills by the words they share with the goal."""
    goal = set(re.findall(r"[a-z]{3,}", _text(filters, "goal").lower()))
    ranked = []
    for name in _allowed_skills(tenant, {k: v for k, v in filters.items() if k == "agent"})["skills"]:
        metadata = registry.metadata(name)
        assert metadata is not None
        shared = sorted(goal & set(re.findall(r"[a-z]{3,}", f"{name} {metadata.description}".lower())))
        ranked.append({"skill": name, "description": metadata.description, "shared_words": shared})
    return {"skills": sorted(ranked, key=lambda found: (-len(found["shared_words"]), found["skill"]))}


def _memories(tenant: Tenant, filters: dict[str, Any]) -> Answer:
    _text(filters, "goal")
    return {"memories": [], "why": "the agent's memory backend is none"}


def _blocked_by(tenant: Tenant, filters: dict[str, Any]) -> Answer:
    run_id = _text(filters, "run_id")
    return {"run_id": run_id, "blocked_by": blocked_by_json(tenant=tenant, run_id=run_id)}


def _explain(tenant: Tenant, filters: dict[str, Any]) -> Answer:
    return explain_json(tenant=tenant, run_id=_text(filters, "run_id"))


Ask = Callable[["Tenant", dict[str, Any]], Answer]
QUESTIONS: dict[str, tuple[Ask, tuple[str, ...]]] = {
    "remaining_budget": (_remaining_budget, ("run_id",)),
    "state": (_state, ("run_id",)),
    "history": (_history, ("agent",)),
    "rate_limits": (_rate_limits, ("agent",)),
    "what_did_i_try_already": (_tried, ("run_id", "step_id")),
    "last_step_outcome": (_last_outcome, ("run_id", "step_id")),
    "why_did_step_fail": (_why_failed, ("run_id", "step_id")),
    "decisions": (_decisions, ("run_id", "kind", "step_id")),
    "allowed_skills": (_allowed_skills, ("agent",)),
    "skills_available_for_goal": (_skills_for_goal, ("goal", "agent")),
    "relevant_memories": (_memories, ("goal", "max_tokens")),
    "blocked_by": (_blocked_by, ("run_id",)),
    "explain": (_explain, ("run_id",)),
}
