"""How a goal, a plan or a simulation is accepted as a run: checked, written with its first event, then the bell is rung."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from agents import audit, known_agents
from agents.access.operating import refuse_stranger
from agents.contracts import AgentProfile
from agents.idempotency import key_reused
from agents.known_agents import KnownAgent
from agents.limits import rules_of
from agents.plan.validation import PlanInvalid, validate_plan
from agents.tenancy import Principal
from runs import lineage, selectors
from runs.engine.events import RunAccepted
from runs.engine.machine import step
from runs.faults.contracts import Fault
from runs.models import Run, RunStatus
from runs.shell.admission import bounds_of, refused_as_written, skills_of
from runs.shell.bell import ring
from runs.shell.chain import link_of
from runs.shell.clock import now_ms
from runs.shell.crash_points import crash_point
from runs.shell.driver import row_of
from runs.shell.faults import means_of, refuse_faults
from runs.shell.intake import take_in
from runs.signalling import refuse_if_over
from runs.simulation import terms_for
from runs.simulation.admitting import Asked, admit
from runs.webhooks import endpoints
from skills.canonical import digest
from skills.ids import new_id
from skills.net.targets import NEARBY
from skills.refusal import Refusal
from skills.registry import registry
from skills.trace_ids import trace_id_of

QUEUE_COUNT_SECONDS = 1.0
_queued_seen: dict[int, tuple[float, int]] = {}


@dataclass(frozen=True, kw_only=True)
class Again:
    """How a run does another one again: with which versions of skills, which results carried over from it, from which step
    on, and with whose jitter (`seed`, so that back-offs are the same); and which plan its planner is told not to make again, with its
    `faults`. What is empty is as in any other run."""

    versions: Mapping[str, str] = field(default_factory=dict)
    carried: Mapping[str, Any] = field(default_factory=dict)
    from_step: str = ""
    seed: str = ""
    rejected: Mapping[str, Any] | None = None
    faults: Sequence[dict[str, str]] = ()


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What somebody asks a run for."""

    principal: Principal
    agent_ref: str
    goal: str | None
    plan: dict[str, Any] | None
    inputs: dict[str, Any]
    budget_micro_usd: int | None
    deadline_ms: int | None
    priority: int
    stored_key: str | None
    fingerprint: str
    trace_id: str
    parent: Run | None
    relation: str
    callers: tuple[str, ...] = ()
    simulation_id: str | None = None
    means: dict[str, Any] = field(default_factory=dict)
    again: Again = Again()


def submit(
    *,
    principal: Principal,
    agent_ref: str,
    goal: str | None = None,
    plan: dict[str, Any] | None = None,
    inputs: dict[str, Any] | None = None,
    budget_micro_usd: int | None = None,
    deadline_ms: int | None = None,
    priority: int = 0,
    idempotency_key: str | None = None,
    fingerprint: str = "",
    trace_id: str | None = None,
    caller_trace: str | None = None,
    callback_url: str | None = None,
    parent: Run | None = None,
    relation: str = "",
    called_by: str | None = None,
    simulation_id: str | None = None,
    because: str = "",
    faults: Sequence[Fault] = (),
    again: Again | None = None,
) -> tuple[Run, bool]:
    """Accept a goal, a plan or a simulation as a run; return it and whether it is new.

    The run, its first event and the idempotency key are one transaction. Raises Refusal: PLAN_INVALID with a
    pointer to each fault, FROZEN for an agent that is not active and for what is frozen, CONCURRENCY_LIMITED when the queue is full,
    INVALID_INPUT (422) when the key was used for another request. A run that is `called_by` another one spends of that
    one's budget too and is over by its deadline; that one must be neither over (409) nor another tenant's (404). A run of a
    simulation costs at most what that said; where something changed since, it is refused with the differences (409).
    `faults` are done to its calls on purpose, where its tenant allows that. `again` says how it does its `parent` again.
    `callback_url` is told when it waits and when it ends. `caller_trace` is the W3C traceparent of who asked.
    """
    callers = [] if called_by is None else _callers(principal, called_by)
    if callers:
        parent, relation = callers[-1], lineage.CALLED
    order = _Order(
        principal=principal,
        agent_ref=agent_ref,
        goal=goal,
        plan=plan,
        inputs=inputs or {},
        budget_micro_usd=budget_micro_usd,
        deadline_ms=deadline_ms,
        priority=priority,
        stored_key=None if idempotency_key is None else digest([principal.key_id or principal.name, idempotency_key]),
        fingerprint=fingerprint,
        trace_id=trace_id or "",
        parent=parent,
        relation=relation,
        callers=tuple(caller.public_id for caller in callers),
        simulation_id=simulation_id,
        means=_said({"because": because, "caller_trace": caller_trace}) | means_of(faults),
        again=again or Again(),
    )
    run, created = _taken_with(order, callback_url)
    if created:
        crash_point("submit.committed")
        ring()
    return run, created


def _said(means: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in means.items() if value}


def _taken_with(order: _Order, callback_url: str | None) -> tuple[Run, bool]:
    """Take an order with what else stands or falls with it: a callback, or a word in the audit log."""
    if callback_url is not None:
        return _taken_with_callback(order, callback_url)
    return _taken(order) if order.callers or order.parent is None else _taken_and_audited(order, order.parent)


def _taken(order: _Order) -> tuple[Run, bool]:
    return _taken_by_memory(order) or _taken_by_reading(order)


def _taken_and_audited(order: _Order, parent: Run) -> tuple[Run, bool]:
    """Take a run that has to do with one that is there: who did something about that one is written down with it."""
    with transaction.atomic():
        run, created = _taken(order)
        if created:
            done = {"relation": order.relation, "child": run.public_id, "from_step": order.again.from_step}
            audit.record(parent.tenant, "run.again", parent.public_id, by=order.principal.name, after=done)
        return run, created


def _taken_with_callback(order: _Order, url: str) -> tuple[Run, bool]:
    """Take a run whose waits and end are told to an address, which stands or falls with it."""
    endpoints.refuse_uncallable(url, at="/callback_url")
    with transaction.atomic():
        run, created = _taken(order)
        if created:
            endpoints.add_callback(run, url, order.principal.name)
        return run, created


def _callers(principal: Principal, run_id: str) -> list[Run]:
    parent = selectors.get_run(tenant=principal.tenant, run_id=run_id)
    # What it is called for spends the money of that run.
    refuse_stranger(principal, parent.agent)
    refuse_if_over(parent)
    callers = lineage.callers_of(parent)
    lineage.open_purse(parent, [caller.public_id for caller in callers[:-1]])
    return callers


def _taken_by_memory(order: _Order) -> tuple[Run, bool] | None:
    """Take an order by what is remembered of its agent, the common case; None where that says no, for whatever reason."""
    agent = known_agents.remembered(order.principal.tenant, order.agent_ref)
    if agent is None:
        return None
    try:
        run = _take(order, agent)
    except Refusal:
        # The agent may be another by now, and a key that was used comes before everything else.
        return None
    return None if run is None else (run, True)


def _taken_by_reading(order: _Order) -> tuple[Run, bool]:
    """Take an order by what the database says now, or return the run it was already taken as."""
    while True:
        known = _run_of_key(order)
        if known is not None:
            return known, False
        run = _take(order, known_agents.read_agent(order.principal.tenant, order.agent_ref))
        if run is not None:
            return run, True
        # Between reading and writing somebody changed the agent or used the key.


def _run_of_key(order: _Order) -> Run | None:
    if order.stored_key is None:
        return None
    run = Run.objects.filter(tenant=order.principal.tenant, idempotency_key=order.stored_key).first()
    if run is not None and run.fingerprint != order.fingerprint:
        raise key_reused()
    return run


def _take(order: _Order, agent: KnownAgent) -> Run | None:
    """Write an order as a run under an agent; None where the agent has changed or the key is used. Raises Refusal."""
    if order.simulation_id is not None:
        order = _of_simulation(order, order.simulation_id, agent)
    checked = None if order.plan is None else checked_plan(order.plan, agent.profile)
    skills = set() if checked is None else set(skills_of(checked))
    agent.refuse_frozen(skills)
    refuse_faults(order.principal.tenant, order.means, checked)
    _refuse_when_full(order.principal)
    run_id = new_id("run")
    run = Run(
        public_id=run_id,
        tenant=order.principal.tenant,
        agent=agent.row,
        goal=order.goal or (checked or {}).get("goal", ""),
        priority=order.priority,
        idempotency_key=order.stored_key,
        fingerprint=order.fingerprint,
        trace_id=trace_id_of(order.trace_id, run_id),
        created_by=order.principal.name,
        created_at=timezone.now(),
        parent=order.parent,
        relation=order.relation,
        last_seq=1,
        faults=len(order.means.get("faults", ())),
        planner=agent.profile.planner.name if checked is None else "manual",
    )
    fact = _accepted(run, agent.profile, checked, order)
    run.limit_micro_usd, run.deadline_at_ms = fact.terms.limit_micro_usd, fact.terms.deadline_at_ms
    _, decisions = step(None, fact)
    first = row_of(1, fact, decisions)
    run.journal_head = link_of(first)
    return run if take_in(run, first, agent, skills) else None


def _of_simulation(order: _Order, simulation_id: str, agent: KnownAgent) -> _Order:
    admitted = admit(simulation_id, order.principal.tenant, agent.row, Asked(order.inputs, order.budget_micro_usd, order.deadline_ms))
    return replace(order, **{**vars(admitted), "means": order.means | admitted.means})


def checked_plan(plan: dict[str, Any], profile: AgentProfile) -> dict[str, Any]:
    """Return a plan as it is taken from a caller. Raises Refusal with a pointer to each fault."""
    try:
        valid = validate_plan(plan, registry.metadata).model_dump(mode="json")
    except PlanInvalid as invalid:
        errors = [fault.model_dump() | {"pointer": "/plan" + fault.pointer} for fault in invalid.faults]
        raise Refusal("PLAN_INVALID", "the plan breaks the rules plans must keep", errors=errors) from None
    faults = [
        {"pointer": f"/plan/steps/{position}/skill", "code": "SKILL_NOT_ALLOWED", "detail": f"the agent may not use {name}"}
        for position, planned in enumerate(valid["steps"])
        for name in skills_of({"steps": [planned]})
        if not profile.allows(name)
    ]
    if faults:
        raise Refusal("SKILL_NOT_ALLOWED", "the plan uses skills the agent may not", errors=faults)
    refused = refused_as_written(valid, bounds_of(profile.allowed_hosts))
    if refused:
        errors = [{"pointer": f"/plan{blocker.pointer}", "code": blocker.code, "detail": blocker.detail} for blocker in refused]
        # Where the agent may reach every public host, it is for its network alone that one is refused.
        is_nearby = refused[0].code == "BLOCKED_TARGET" and profile.allowed_hosts is None
        raise Refusal(refused[0].code, refused[0].detail, errors=errors, suggestions=[NEARBY] if is_nearby else [])
    return valid


def _refuse_when_full(principal: Principal) -> None:
    """Push back when the tenant's queue is full. Counted once a second: a bound, not a promise to the last run."""
    tenant = principal.tenant
    seen_at, count = _queued_seen.get(tenant.pk, (0.0, 0))
    if time.monotonic() - seen_at > QUEUE_COUNT_SECONDS:
        count = Run.objects.filter(tenant=tenant, status=RunStatus.QUEUED).count()
        _queued_seen[tenant.pk] = (time.monotonic(), count)
    limit = min(tenant.max_queued_runs, settings.MAX_QUEUED_RUNS)
    if count >= limit:
        raise Refusal("CONCURRENCY_LIMITED", f"{count} runs are queued, at most {limit} may be", retry_after_ms=1_000)


def _accepted(run: Run, profile: AgentProfile, plan: dict[str, Any] | None, order: _Order) -> RunAccepted:
    at = now_ms()
    longest = profile.max_run_duration_ms
    duration = longest if order.deadline_ms is None else min(order.deadline_ms, longest)
    means: dict[str, Any] = {
        "allowed_hosts": profile.allowed_hosts,
        "skill_config": profile.skill_config,
        "planner_options": profile.planner.options,
    }
    rules = rules_of(run.agent.public_id, profile)
    if rules:
        means["rate_limits"] = rules
    if order.callers:
        means["ancestors"] = list(order.callers)
    if order.parent is not None and order.relation in lineage.AGAIN:
        means["again_of"] = order.parent.public_id
    means |= order.means
    inherited = order.parent.deadline_at_ms if order.callers and order.parent else None
    return RunAccepted(
        at,
        run.public_id,
        terms_for(profile, budget_micro_usd=order.budget_micro_usd, deadline_at_ms=lineage.soonest(at + duration, inherited)),
        seed=order.again.seed or run.public_id,
        goal=run.goal,
        inputs=order.inputs,
        planner=run.planner,
        planner_free=profile.planner.name == "stub",
        means=means,
        plan=plan,
        release=settings.RELEASE,
        versions=dict(order.again.versions),
        carried=dict(order.again.carried),
        from_step=order.again.from_step,
        rejected=order.again.rejected,
        faults=list(order.again.faults),
    )
