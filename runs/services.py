"""Writes of runs: submit, and the signals by which people and programs reach a run. Each is one transaction, then a ring."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from agents import known_agents, ledger
from agents.contracts import AgentProfile
from agents.known_agents import KnownAgent
from agents.limits import rules_of
from agents.plan.validation import PlanInvalid, validate_plan
from agents.tenancy import Principal
from runs import lineage, selectors
from runs.contracts import Divergence, Invariant, ReplayReport
from runs.engine.events import (
    AnswerGiven,
    ApprovalDecided,
    CancelRequested,
    Fact,
    PauseRequested,
    Pin,
    ResumeRequested,
    RunAccepted,
    ToppedUp,
    VerdictGiven,
)
from runs.engine.machine import step
from runs.engine.replay import hashes, tape, verify
from runs.engine.starting import pin_of
from runs.faults.contracts import Fault
from runs.models import Run, RunStatus
from runs.shell.admission import bounds_of, refused_as_written, skills_of
from runs.shell.bell import ring
from runs.shell.clock import now_ms
from runs.shell.codec import decode_fact
from runs.shell.crash_points import crash_point
from runs.shell.driver import row_of
from runs.shell.faults import means_of, refuse_faults
from runs.shell.inbox import put_signal
from runs.shell.intake import take_in
from runs.shell.reading.history import read_history, read_state
from runs.simulation import terms_for
from runs.simulation.admitting import Asked, admit
from skills.canonical import digest
from skills.contracts import faults_of
from skills.ids import new_id
from skills.refusal import Refusal
from skills.registry import registry
from skills.requests import LARGEST_EXACT

QUEUE_COUNT_SECONDS = 1.0
_queued_seen: dict[int, tuple[float, int]] = {}


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
    parent: Run | None = None,
    relation: str = "",
    called_by: str | None = None,
    simulation_id: str | None = None,
    because: str = "",
    faults: Sequence[Fault] = (),
) -> tuple[Run, bool]:
    """Accept a goal, a plan or a simulation as a run; return it and whether it is new.

    The run, its first event and the idempotency key are one transaction. Raises Refusal: PLAN_INVALID with a
    pointer to each fault, FROZEN for an agent that is not active and for what is frozen, CONCURRENCY_LIMITED when the queue is full,
    INVALID_INPUT (422) when the key was used for another request. A run that is `called_by` another one spends of that
    one's budget too and is over by its deadline; that one must be neither over (409) nor another tenant's (404). A run of a
    simulation costs at most what that said; where something changed since, it is refused with the differences (409).
    `faults` are done to its calls on purpose, where its tenant allows that.
    """
    callers: list[Run] = []
    if called_by is not None:
        callers = _callers(principal, called_by)
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
        means=({"because": because} if because else {}) | means_of(faults),
    )
    run, created = _taken_by_memory(order) or _taken_by_reading(order)
    if created:
        crash_point("submit.committed")
        ring()
    return run, created


def _callers(principal: Principal, run_id: str) -> list[Run]:
    parent = selectors.get_run(tenant=principal.tenant, run_id=run_id)
    _refuse_if_over(parent)
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
        raise _key_reused()
    return run


def _key_reused() -> Refusal:
    fault = {"pointer": "/Idempotency-Key", "code": "idempotency_mismatch", "detail": "the key was used for another request"}
    return Refusal("INVALID_INPUT", "this Idempotency-Key was used for another request", status=422, errors=[fault])


def _take(order: _Order, agent: KnownAgent) -> Run | None:
    """Write an order as a run under an agent; None where the agent has changed or the key is used. Raises Refusal."""
    if order.simulation_id is not None:
        order = _of_simulation(order, order.simulation_id, agent)
    checked = None if order.plan is None else _checked_plan(order.plan, agent.profile)
    skills = set() if checked is None else set(skills_of(checked))
    agent.refuse_frozen(skills)
    refuse_faults(order.principal.tenant, order.means, checked)
    _refuse_when_full(order.principal)
    run = Run(
        public_id=new_id("run"),
        tenant=order.principal.tenant,
        agent=agent.row,
        goal=order.goal or (checked or {}).get("goal", ""),
        priority=order.priority,
        idempotency_key=order.stored_key,
        fingerprint=order.fingerprint,
        trace_id=order.trace_id,
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
    return run if take_in(run, row_of(1, fact, decisions), agent, skills) else None


def _of_simulation(order: _Order, simulation_id: str, agent: KnownAgent) -> _Order:
    admitted = admit(simulation_id, order.principal.tenant, agent.row, Asked(order.inputs, order.budget_micro_usd, order.deadline_ms))
    return replace(order, **{**vars(admitted), "means": order.means | admitted.means})


def _checked_plan(plan: dict[str, Any], profile: AgentProfile) -> dict[str, Any]:
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
        raise Refusal(refused[0].code, refused[0].detail, errors=errors)
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
        seed=run.public_id,
        goal=run.goal,
        inputs=order.inputs,
        planner=run.planner,
        planner_free=profile.planner.name == "stub",
        means=means,
        plan=plan,
    )


# Signals


def _locked(principal: Principal, run_id: str) -> Run:
    """Return the run with its row locked. Raises Refusal for one that is over: what ended never changes."""
    run = selectors.get_run(tenant=principal.tenant, run_id=run_id, lock=True)
    _refuse_if_over(run)
    return run


def _refuse_if_over(run: Run) -> None:
    if run.is_terminal:
        raise Refusal("INVALID_INPUT", f"the run is {run.status}; a run that has ended never changes", status=409, run_id=run.public_id)


def _send(principal: Principal, run_id: str, fact: Fact) -> Run:
    with transaction.atomic():
        run = _locked(principal, run_id)
        put_signal(run.pk, fact, principal.name)
    crash_point("signal.committed")
    ring()
    return run


def cancel_run(*, principal: Principal, run_id: str, reason: str = "") -> dict[str, Any]:
    """Ask a run to stop for good; say what is stopped now, what is in flight, and which effects may still land."""
    run = _send(principal, run_id, CancelRequested(now_ms(), by=principal.name, reason=reason))
    state = read_state(run)
    in_flight = [state.steps[key] for key in state.in_flight if key in state.steps and state.steps[key].asked == "run"]
    effects = {s.key: state.pins[s.node].effect for s in in_flight if s.node in state.pins}
    return {
        "run_id": run_id,
        "requested": "cancel",
        "stopped": [key for key, s in state.steps.items() if s.status in ("pending", "waiting")],
        "in_flight": [{"step_id": s.key, "attempt": s.attempt, "effect": effects.get(s.key, "none")} for s in in_flight],
        "may_still_land": [key for key, effect in effects.items() if effect not in ("none", "read")],
    }


def pause_run(*, principal: Principal, run_id: str, reason: str = "") -> dict[str, Any]:
    """Ask a run to start no further step; what is under way finishes."""
    _send(principal, run_id, PauseRequested(now_ms(), by=principal.name, reason=reason))
    return {"run_id": run_id, "requested": "pause"}


def resume_run(*, principal: Principal, run_id: str, reason: str = "") -> dict[str, Any]:
    """Let a paused run go on."""
    _send(principal, run_id, ResumeRequested(now_ms(), by=principal.name, reason=reason))
    return {"run_id": run_id, "requested": "resume"}


def top_up_run(*, principal: Principal, run_id: str, amount_micro_usd: int, idempotency_key: str | None = None) -> dict[str, Any]:
    """Raise the limit of a run. The same key again changes nothing and answers the same, also when the run is over by then."""
    reference = f"{run_id}:topup:{digest([principal.name, idempotency_key])[:16] if idempotency_key else new_id('top')}"
    with transaction.atomic():
        run = selectors.get_run(tenant=principal.tenant, run_id=run_id, lock=True)
        if run.limit_micro_usd is None:
            _refuse_if_over(run)
            raise Refusal("INVALID_INPUT", "the run has no limit to raise", status=409, run_id=run_id)
        purse = ledger.RunPurse(run.tenant_id, run.agent_id, run_id, run.limit_micro_usd)
        try:
            raised = purse.raise_limit(amount_micro_usd, reference)
        except ledger.ReferenceReused:
            raise _key_reused() from None
        if raised.limit_micro_usd is not None and raised.limit_micro_usd > LARGEST_EXACT:
            raise Refusal("INVALID_INPUT", "the limit would be larger than JSON can say exactly", status=422, run_id=run_id)
        if not raised.repeated:
            _refuse_if_over(run)
            fact = ToppedUp(now_ms(), amount_micro_usd, raised.limit_micro_usd, by=principal.name)
            put_signal(run.pk, fact, principal.name)
    crash_point("signal.committed")
    ring()
    return {"run_id": run_id, "requested": "top_up", "amount_micro_usd": amount_micro_usd, "limit_micro_usd": raised.limit_micro_usd}


_VERDICTS = {
    "approval": ("approve", "reject"),
    "input": ("answer",),
    "escalation": ("retry", "modify", "skip", "abort"),
    "intervention": ("approve", "modify", "abort"),
    "in_doubt": ("happened", "did_not_happen", "probe_again"),
}


def decide_step(
    *, principal: Principal, run_id: str, step_id: str, verdict: str, action_hash: str | None = None, value: Any = None, reason: str = ""
) -> dict[str, Any]:
    """Decide what a step waits for: an approval, a question, a failure somebody must look at, an effect in doubt. Once."""
    with transaction.atomic():
        run = _locked(principal, run_id)
        _refuse_if_decided(run, step_id)
        state = read_state(run)
        waiting = state.steps.get(step_id)
        if waiting is None or waiting.reason not in _VERDICTS:
            raise Refusal("INVALID_INPUT", f"the step '{step_id}' waits for nobody", status=409, run_id=run_id)
        allowed = _VERDICTS[waiting.reason]
        if verdict not in allowed:
            raise _fault("/verdict", "INVALID_INPUT", f"this step takes {', '.join(allowed)}")
        if waiting.reason == "approval":
            _check_approver(principal, run, action_hash, waiting.action_hash)
        if verdict == "modify":
            value = {"params": _checked_params(pin_of(state, waiting), value)}
        fact = _decision(waiting.reason, step_id, verdict, waiting.action_hash, value, reason, principal.name)
        put_signal(run.pk, fact, principal.name)
    crash_point("signal.committed")
    ring()
    return {"run_id": run_id, "step_id": step_id, "requested": verdict}


def _refuse_if_decided(run: Run, step_id: str) -> None:
    """Refuse where a decision about the step is on its way into the journal: what is decided is decided once."""
    for signal in run.signals.filter(consumed_seq__isnull=True):
        fact = decode_fact(signal.data)
        if isinstance(fact, ApprovalDecided | AnswerGiven | VerdictGiven) and fact.step == step_id:
            raise Refusal("INVALID_INPUT", f"already decided by {signal.actor}", status=409, run_id=run.public_id)


def _checked_params(pin: Pin, value: Any) -> dict[str, Any]:
    """Return the parameters a person gives for a call, `{"params": {…}}` or bare. Raises Refusal with a pointer to each fault."""
    given = value.get("params", value) if isinstance(value, dict) else None
    if not isinstance(given, dict):
        raise _fault("/value", "INVALID_INPUT", "give the parameters to go on with as an object")
    skill = registry.resolve(pin.skill, pin.version)
    if skill is None:
        raise Refusal("SKILL_NOT_FOUND", f"{pin.skill} {pin.version} is not registered here", status=409)
    try:
        skill.Params.model_validate(given)
    except ValidationError as error:
        faults = [fault.model_dump() | {"pointer": f"/value/params{fault.pointer}"} for fault in faults_of(error)]
        raise Refusal("SCHEMA_VALIDATION_FAILED", f"the parameters break the schema of {pin.skill}", status=422, errors=faults) from error
    return given


def _fault(pointer: str, code: str, detail: str, status: int = 422) -> Refusal:
    return Refusal(code, detail, status=status, errors=[{"pointer": pointer, "code": code, "detail": detail}])


def _check_approver(principal: Principal, run: Run, given: str | None, expected: str) -> None:
    if principal.name == run.created_by:
        raise Refusal("PERMISSION_DENIED", "who asked for the run may not approve its steps", run_id=run.public_id)
    if given is None:
        raise _fault("/action_hash", "MISSING_REQUIRED_FIELD", "say which action you decide on")
    if given != expected:
        raise _fault("/action_hash", "INVALID_INPUT", "the step asks for another action by now", status=409)


def _decision(waits_for: str, step_id: str, verdict: str, action_hash: str, value: Any, reason: str, by: str) -> Fact:
    at = now_ms()
    if waits_for == "approval":
        return ApprovalDecided(at, step_id, action_hash, verdict == "approve", by=by, reason=reason)
    if waits_for == "in_doubt":
        return VerdictGiven(at, step_id, verdict, by=by, reason=reason, result=value)  # type: ignore[arg-type]
    if waits_for == "input":
        return AnswerGiven(at, step_id, value, by=by)
    return AnswerGiven(at, step_id, (value if isinstance(value, dict) else {}) | {"action": verdict}, by=by)


# Again


def rerun_run(*, principal: Principal, run_id: str, idempotency_key: str | None = None, fingerprint: str = "") -> tuple[Run, bool]:
    """Start a child run with the same goal, plan and inputs; return it and whether it is new. The parent never changes."""
    parent = selectors.get_run(tenant=principal.tenant, run_id=run_id)
    accepted = read_history(parent)[0].fact
    state = read_state(parent)
    assert isinstance(accepted, RunAccepted)
    return submit(
        principal=principal,
        agent_ref=parent.agent.public_id,
        goal=parent.goal,
        plan=state.plan,
        inputs=accepted.inputs,
        budget_micro_usd=accepted.terms.limit_micro_usd,
        priority=parent.priority,
        idempotency_key=idempotency_key,
        fingerprint=fingerprint,
        trace_id=parent.trace_id or None,
        parent=parent,
        relation=lineage.RERUN,
    )


def replay_run(*, principal: Principal, run_id: str, mode: str) -> dict[str, Any]:
    """Replay a run from its journal without I/O and report whether it behaves as recorded. Writes nothing."""
    run = selectors.get_run(tenant=principal.tenant, run_id=run_id)
    recorded = read_history(run)
    replayed = verify(recorded) if mode == "verify" else tape(recorded)
    behaviour, content = hashes(replayed)
    same_hashes = not run.is_terminal or (behaviour, content) == (run.behaviour_hash, run.content_hash)
    invariants = [Invariant(name=name, held=held, detail=detail) for name, held, detail in replayed.invariants]
    invariants.append(Invariant(name="hashes", held=same_hashes, detail="" if same_hashes else "a hash differs from the recorded one"))
    found = replayed.difference
    divergence = found and Divergence(seq=found.seq, step_id=found.step, expected=found.expected, actual=found.actual, detail=found.detail)
    report = ReplayReport(
        run_id=run_id,
        mode=mode,
        matched=divergence is None and all(invariant.held for invariant in invariants),
        divergence=divergence or None,
        invariants=invariants,
        behaviour_hash=behaviour,
        recorded_behaviour_hash=run.behaviour_hash,
        content_hash=content,
        recorded_content_hash=run.content_hash,
        events=len(recorded),
    )
    return report.model_dump(mode="json")
