"""The *live* world: carries out the machine's wishes with skills, planners, catalog and ledger, and answers with facts.

One instance a worker, shared by all its runs. Never retries and never decides: what follows from an answer is the
machine's business.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import msgspec
from django.conf import settings

from agents.ledger import Amounts, model_key
from agents.plan.references import secret_pointers
from agents.plan.validation import PlanInvalid, validate_plan
from agents.planners.interface import PlannerFailure, PlannerMeans, Spent
from agents.planners.registry import get_planner, propose
from agents.secrets import FileSecrets
from agents.selectors import agent_status
from catalog.lookup import Lookup
from runs.engine.decisions import Admit, BoundCost, CallPlanner, Decision, Deny, ExtendReservation, ProbeStep, SeekGrant, StartStep
from runs.engine.events import (
    ADMIT,
    PLAN,
    CostBounded,
    Fact,
    PlanProposed,
    PlanRejected,
    ProbeAnswered,
    RunAdmitted,
    StartHeld,
    StepFailed,
    StepSucceeded,
)
from runs.engine.simulate import Forecast, forecast
from runs.engine.starting import pin_of
from runs.engine.state import State, StepState
from runs.shell import faults, purse, standing
from runs.shell.admission import Pinned, call_model, pin_advised, pin_plan, versions_of
from runs.shell.breaker import Opened, guarded_target
from runs.shell.call_ids import CURRENT, Call
from runs.shell.claims import Claimed
from runs.shell.clock import now_ms
from runs.shell.database import DatabaseThread
from runs.shell.gate import Gate, Held
from runs.shell.lease import Lease
from runs.shell.operator_means import OperatorSecrets, with_operator_means
from runs.shell.planning import request_for_run
from runs.shell.sessions import Fenced
from runs.shell.slots import Slots
from skills.base import ANYWHERE, SkillFailure
from skills.canonical import digest
from skills.contracts import Effect, FailureInfo, FaultDetail, StructuredOutcome, Usage
from skills.costs import model_of, worst_case_of
from skills.execution import failure_info, probe_skill, run_skill
from skills.net.traced import TracedHttp
from skills.ports import HttpPort, SecretsPort, SkillContext
from skills.registry import registry
from skills.trace_ids import traceparent_of

log = logging.getLogger(__name__)


@dataclass
class Performer:
    """Answers wishes. `http` is the guarded way out, `database` the worker's one database thread, `lease` what it acts under,
    `gate` says what may not begin now."""

    database: DatabaseThread
    http: HttpPort
    lookup: Lookup
    lease: Lease
    gate: Gate
    slots: Slots = field(default_factory=Slots)
    _secrets: dict[int, SecretsPort] = field(default_factory=dict)

    async def answer(self, wish: Decision, run: Claimed, state: State) -> Fact:
        """Carry out one wish. Raises only what the worker cannot go on from (store, defects)."""
        call = CURRENT.set(Call(run, wish.step, getattr(wish, "attempt", 0)))
        try:
            return await self._answered(wish, run, state)
        finally:
            # What comes after it in the same task may be about another run.
            CURRENT.reset(call)

    async def _answered(self, wish: Decision, run: Claimed, state: State) -> Fact:
        if isinstance(wish, StartStep):
            return await self._call(wish, run, state)
        if isinstance(wish, CallPlanner):
            return await self._plan(wish, run, state)
        if isinstance(wish, Admit):
            return await self._admit(wish, run, state)
        if isinstance(wish, ExtendReservation):
            return await self.database.run(purse.extend, self.lease.session_id, wish, run, state)
        if isinstance(wish, SeekGrant):
            return await self._seek(wish, run, state)
        if isinstance(wish, ProbeStep):
            return await self._probe(wish, run, state)
        raise TypeError(f"{type(wish).__name__} is no wish")

    def answer_at_once(self, wish: Decision, run: Claimed, state: State, *, just_claimed: bool) -> Fact | None:
        """Answer a wish that touches nothing outside this process; None for all others. What a claim read of the agent
        is good for an admission while it is `just_claimed`."""
        if isinstance(wish, BoundCost):
            return self._bound(wish, run, state)
        if isinstance(wish, Deny):
            return self._refuse(wish, run, state)
        if isinstance(wish, Admit) and just_claimed:
            return self._admit_for_nothing(wish, run, state)
        return None

    # Calls

    async def _call(self, wish: StartStep, run: Claimed, state: State) -> Fact:
        step = state.steps[wish.step]
        skill = registry.resolve(wish.skill, wish.version)
        if skill is None:
            failure = SkillFailure("SKILL_NOT_FOUND", f"{wish.skill} {wish.version} is not registered on this worker")
            return self._failed(run, wish.step, wish.attempt, wish.skill, failure_info(failure, Effect(wish.effect)))
        context = self._context(run, state, step, wish.skill, wish.timeout_ms, wish.attempt)
        async with self.slots.of(skill):
            rules = state.means.get("rate_limits") or ()
            call = (run.id, wish.step, wish.attempt)
            held = await self.gate.held(
                run=run, skill=skill, params=step.params, rules=rules, effect=wish.effect, call=call, timeout_ms=wish.timeout_ms
            )
            if held is not None:
                return _held(wish, held)
            # Here and no earlier: whoever was frozen, or waited for a slot, may have lost the run meanwhile.
            if wish.effect != "none" and not self.lease.is_held():
                self.gate.breaker.forgo(call)
                raise Fenced("the lease may be over; no effect begins")
            fault = faults.due_now(state, step)
            outcome = await (
                faults.called(fault, skill, step.params, context, Effect(wish.effect)) if fault else run_skill(skill, step.params, context)
            )
        cut_off = fault is not None or _is_over(state)
        opened = await self.gate.breaker.ended(call, run.tenant_id, skill, step.params, outcome, cut_off=cut_off)
        lost = faults.interruption(fault, wish, outcome) if fault else None
        if lost is not None:
            return lost
        if outcome.failure is not None:
            failed = self._failed(run, wish.step, wish.attempt, wish.skill, outcome.failure, outcome=outcome, charged=wish.worst_micro_usd)
            return _with_circuit(_with_fallback(failed, step, state), opened)
        return _succeeded(wish, outcome)

    async def _seek(self, wish: SeekGrant, run: Claimed, state: State) -> Fact:
        step = state.steps[wish.step]
        skill = registry.resolve(wish.skill, pin_of(state, step).version)
        target = wish.target or guarded_target(skill, step.params, pin_of(state, step).effect) or ""
        return await self.database.run(standing.seek, self.lease.session_id, msgspec.structs.replace(wish, target=target), run)

    async def _probe(self, wish: ProbeStep, run: Claimed, state: State) -> Fact:
        step = state.steps[wish.step]
        pin = pin_of(state, step)
        skill = registry.resolve(pin.skill, pin.version)
        answer = "unknown"
        if skill is not None:
            context = self._context(run, state, step, pin.skill, pin.timeout_ms, wish.attempt)
            answer = await probe_skill(skill, step.params, context)
        return ProbeAnswered(now_ms(), wish.step, wish.attempt, answer)  # type: ignore[arg-type]

    def _context(self, run: Claimed, state: State, step: StepState, skill: str, timeout_ms: int, attempt: int) -> SkillContext:
        hosts = state.means.get("allowed_hosts")
        node = state.nodes[step.node]
        secrets = secret_pointers(node.fallback_params) if step.on_fallback and node.fallback_params is not None else node.secrets
        trace_id, span_id = Call(run, step.key, attempt).span()
        return SkillContext(
            http=TracedHttp(self.http, traceparent_of(trace_id, span_id)),
            secrets=self.secrets(run),
            config=with_operator_means(registry.resolve(skill), (state.means.get("skill_config") or {}).get(skill) or {}),
            idempotency_key=step.idempotency_key,
            timeout_ms=timeout_ms,
            attempt=attempt,
            run_id=run.public_id,
            step_id=step.key,
            trace_id=trace_id,
            span_id=span_id,
            allowed_hosts=None if hosts is None else tuple(hosts),
            secret_pointers=frozenset(secrets),
        )

    def secrets(self, run: Claimed) -> SecretsPort:
        if run.tenant_id not in self._secrets:
            self._secrets[run.tenant_id] = OperatorSecrets(FileSecrets(run.tenant_slug, settings.SECRETS_FILE))
        return self._secrets[run.tenant_id]

    # Failures

    def advise(self, tenant_id: int, skill: str, code: str, message: str, target: str = "") -> dict[str, Any]:
        """Return what the catalog says about a failure, as it enters the journal. Asks no database."""
        return self.lookup.advise(tenant_id, skill, code, message, target).model_dump(mode="json")

    def _failed(
        self,
        run: Claimed,
        step: str,
        attempt: int,
        skill: str,
        failure: FailureInfo,
        *,
        outcome: StructuredOutcome | None = None,
        charged: int = 0,
    ) -> StepFailed:
        """Return a failure with the catalog's advice. A cost nobody knows is taken as the worst case held for it."""
        target = failure.details.target or (outcome.side_effects[-1].target if outcome and outcome.side_effects else "")
        advice = self.advise(run.tenant_id, skill, failure.code, failure.message, target)
        execution = outcome.execution if outcome else None
        cost = execution.cost_micro_usd if execution else 0
        return StepFailed(
            now_ms(),
            step,
            attempt,
            failure.code,
            failure.message,
            phase=failure.phase,
            retry_after_ms=failure.retry_after_ms,
            cost_micro_usd=charged if cost is None else cost,
            latency_ms=execution.latency_ms if execution else 0,
            side_effects=[effect.model_dump(mode="json") for effect in outcome.side_effects] if outcome else [],
            usage=_usage(execution.usage) if execution else None,
            details=failure.details.model_dump(mode="json", exclude_defaults=True),
            suggestions=[*failure.suggestions, *advice["suggestions"]],
            alternatives=[alternative.model_dump(mode="json") for alternative in failure.alternatives],
            advice=advice,
            pricing=execution.pricing_status if execution else "free",
            pricing_version=execution.pricing_version if execution else None,
        )

    def _refuse(self, wish: Deny, run: Claimed, state: State) -> Fact:
        step = state.steps[wish.step]
        skill = step.attempts[-1].skill if step.attempts else ""
        failure = failure_info(SkillFailure(wish.code, wish.message), Effect.NONE)
        if wish.step == PLAN and state.faults:
            errors = [FaultDetail(**fault) for fault in state.faults]
            failure = failure.model_copy(update={"details": failure.details.model_copy(update={"errors": errors})})
        return self._failed(run, wish.step, wish.attempt, skill, failure)

    def cancelled(self, wish: StartStep | CallPlanner | Admit, run: Claimed) -> StepFailed:
        """Return the outcome of a call that was cancelled before it began."""
        skill = wish.skill if isinstance(wish, StartStep) else ""
        failure = failure_info(SkillFailure("CANCELLED", "cancelled before it began"), Effect.NONE)
        return self._failed(run, wish.step, wish.attempt, skill, failure)

    # Before the steps

    async def _plan(self, wish: CallPlanner, run: Claimed, state: State) -> Fact:
        frozen = self._frozen(wish, run)
        if frozen is not None:
            return frozen
        request = replace(request_for_run(state, run.trace_id), traceparent=traceparent_of(*Call(run, PLAN, wish.attempt).span()))
        means = PlannerMeans(http=self.http, secrets=self.secrets(run), providers=settings.LLM_PROVIDERS)
        answer = await propose(state.planner, request, means)
        spent = answer.spent
        cost = state.steps[PLAN].held_micro_usd if spent.cost_micro_usd is None else spent.cost_micro_usd
        if isinstance(answer, PlannerFailure):
            failed = self._failed(run, PLAN, wish.attempt, state.planner, answer.failure)
            return _charged(failed, cost, spent)
        try:
            plan = validate_plan(answer.plan, registry.metadata)
        except PlanInvalid as invalid:
            faults = [fault.model_dump() for fault in invalid.faults]
            return PlanRejected(
                now_ms(),
                faults,
                answer.plan,
                attempt=wish.attempt,
                cost_micro_usd=cost,
                usage=_usage(spent.usage),
                model=spent.model,
                pricing_version=spent.pricing_version,
            )
        return PlanProposed(
            now_ms(),
            plan.model_dump(mode="json"),
            attempt=wish.attempt,
            planner=plan.planner,
            planner_version=plan.planner_version,
            model=spent.model,
            cost_micro_usd=cost,
            usage=_usage(spent.usage),
            pricing_version=spent.pricing_version,
        )

    def _bound(self, wish: BoundCost, run: Claimed, state: State) -> Fact:
        if wish.step == PLAN:
            (worst, model), target = self._worst_plan(run, state), None
        else:
            worst, model, target = self._worst_call(state, state.steps[wish.step])
        return CostBounded(now_ms(), wish.step, wish.attempt, worst, model_key(model) if model else "", target)

    def _worst_plan(self, run: Claimed, state: State) -> tuple[int | None, str | None]:
        planner, request = get_planner(state.planner), request_for_run(state, run.trace_id)
        return (planner.worst_case_micro_usd(request), planner.model_of(request)) if planner else (0, None)

    def _worst_call(self, state: State, step: StepState) -> tuple[int | None, str | None, str | None]:
        """Return what a call costs at most, the model it is charged to, and where it goes."""
        pin = pin_of(state, step)
        skill = registry.resolve(pin.skill, pin.version)
        if skill is None:
            return 0, None, ANYWHERE
        config = (state.means.get("skill_config") or {}).get(pin.skill) or {}
        target = guarded_target(skill, step.params, pin.effect)
        return worst_case_of(skill, step.params, config), model_of(skill, step.params, config), target

    def _frozen(self, wish: CallPlanner | Admit, run: Claimed) -> Fact | None:
        frozen = self.gate.freezes.holds(run.tenant_id, run.agent_id)
        return None if frozen is None else StartHeld(now_ms(), wish.step, wish.attempt, "FROZEN", frozen.label, frozen.reason)

    async def _admit(self, wish: Admit, run: Claimed, state: State) -> Fact:
        frozen = self._frozen(wish, run)
        if frozen is not None:
            return frozen
        pinned = self._pinned(state)
        refusal = _admission_refusal(await self.database.run(agent_status, run.agent_id), pinned)
        if refusal is not None:
            return self._not_admitted(wish, run, refusal)
        worst = self._worst(run, state, pinned)
        refusal = _dearer_than_simulated(state, worst)
        if refusal is not None:
            return self._not_admitted(wish, run, refusal)
        wanted = Amounts(worst.cost_micro_usd, worst.cost_by_model)
        held = await self.database.run(purse.reserve, self.lease.session_id, run, state, wanted, wish.attempt)
        return _admitted(wish, state, pinned, worst, held)

    def _admit_for_nothing(self, wish: Admit, run: Claimed, state: State) -> Fact | None:
        """Admit, or refuse to, without asking the database: where nothing can cost and what the claim said of the agent is fresh."""
        frozen = self._frozen(wish, run)
        if frozen is not None:
            return frozen
        pinned = self._pinned(state)
        refusal = _admission_refusal(run.agent_status, pinned)
        if refusal is not None:
            return self._not_admitted(wish, run, refusal)
        if not all(pin.free for pin in pinned.pins.values()):
            return None
        return _admitted(wish, state, pinned, _FREE, purse.held_by(state))

    def _pinned(self, state: State) -> Pinned:
        assert state.plan is not None
        return pin_plan(state.nodes, versions_of(state.plan) | state.versions, state.terms, state.means.get("skill_config") or {})

    def _worst(self, run: Claimed, state: State, pinned: Pinned) -> Forecast:
        assert state.plan is not None
        model = call_model(state.means.get("skill_config") or {}, advise=partial(self.lookup.possible_advice, run.tenant_id))
        known: dict[str, Any] = {"terms": state.terms, "inputs": state.inputs, "carried": state.carried}
        return forecast("worst", plan=state.plan, pins=pinned.pins, model=model, **known)

    def _not_admitted(self, wish: Admit, run: Claimed, refusal: SkillFailure) -> StepFailed:
        return self._failed(run, ADMIT, wish.attempt, "", failure_info(refusal, Effect.NONE))


def _with_fallback(failed: StepFailed, step: StepState, state: State) -> StepFailed:
    """Return a failure with the skill its advice would go on with, pinned: the machine looks nothing up."""
    advice, own = failed.advice or {}, pin_of(state, step)
    if not advice.get("fallback_skill") and not advice.get("fallback_params"):
        return failed
    params, configs = {**step.params, **(advice.get("fallback_params") or {})}, state.means.get("skill_config") or {}
    if advice.get("fallback_skill"):
        pin = pin_advised(advice["fallback_skill"], params, configs)
        return failed if pin is None else msgspec.structs.replace(failed, fallback=pin)
    # The step's own skill with other parameters: gates and retries must not take it for what it was.
    pin = pin_advised(own.skill, params, configs, own.version)
    is_another = pin is not None and (pin.effect != own.effect or (own.free and not pin.free))
    return msgspec.structs.replace(failed, fallback=pin) if is_another else failed


def _with_circuit(failed: StepFailed, opened: Opened | None) -> StepFailed:
    return failed if opened is None else msgspec.structs.replace(failed, circuit=opened.scope, circuit_until_ms=opened.until_ms)


def _is_over(state: State) -> bool:
    """Tell whether a run has no time left: a call that gave no result in what it was given says nothing of its host."""
    deadline = state.terms.deadline_at_ms
    return deadline is not None and now_ms() >= deadline


def _held(wish: StartStep, held: Held) -> StartHeld:
    return StartHeld(now_ms(), wish.step, wish.attempt, held.code, held.scope, held.message, held.limit, held.retry_after_ms)


def _succeeded(wish: StartStep, outcome: StructuredOutcome) -> StepSucceeded:
    execution = outcome.execution
    cost = wish.worst_micro_usd if execution.cost_micro_usd is None else execution.cost_micro_usd
    return StepSucceeded(
        now_ms(),
        wish.step,
        wish.attempt,
        result=outcome.result,
        cost_micro_usd=cost,
        latency_ms=execution.latency_ms,
        side_effects=[effect.model_dump(mode="json") for effect in outcome.side_effects],
        usage=_usage(execution.usage),
        degraded=execution.degraded_reason,
        cache_hit=execution.cache_hit,
        pricing=execution.pricing_status,
        pricing_version=execution.pricing_version,
    )


def _charged(failed: StepFailed, cost: int, spent: Spent) -> StepFailed:
    pricing = "unpriced" if spent.cost_micro_usd is None else "priced"
    return msgspec.structs.replace(
        failed, cost_micro_usd=cost, usage=_usage(spent.usage), pricing=pricing, pricing_version=spent.pricing_version
    )


def _usage(usage: Usage | None) -> dict[str, int] | None:
    return None if usage is None else usage.model_dump()


_FREE = Forecast(0, 0, {}, {}, {}, [], [])
"""The worst case of a plan whose every call is free."""


def _admission_refusal(status: str, pinned: Pinned) -> SkillFailure | None:
    if status != "active":
        return SkillFailure("FROZEN", f"the agent is {status}, which admits nothing")
    if pinned.blockers:
        first = pinned.blockers[0]
        return SkillFailure(first.code, f"{first.step_id}: {first.detail}")
    return None


def _dearer_than_simulated(state: State, worst: Forecast) -> SkillFailure | None:
    """Say why a run that was admitted by its simulation may not cost more than that said; prices may have changed since."""
    simulated = (state.means.get("simulation") or {}).get("worst_micro_usd")
    if simulated is None or worst.cost_micro_usd <= simulated:
        return None
    message = f"the worst case is {worst.cost_micro_usd} micro-USD by now, {simulated} were simulated"
    return SkillFailure("BUDGET_EXCEEDED", message, suggestions=["Simulate again: prices or limits have changed since."])


def _admitted(wish: Admit, state: State, pinned: Pinned, worst: Forecast, held: Amounts) -> RunAdmitted:
    return RunAdmitted(
        now_ms(),
        pinned.pins,
        digest(state.plan),
        attempt=wish.attempt,
        worst_micro_usd=None if worst.unpriced else worst.cost_micro_usd,
        granted_micro_usd=held.total,
        granted_by_model=dict(held.by_model),
    )
