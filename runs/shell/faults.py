"""Live injection: does the faults a run was accepted with to its calls, on purpose. Costs a run without faults one look.

The journal says everything: the faults stand in the first event, and which call of a step is under way follows from the
rest. So whichever worker goes on with a run does the same.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agents.selectors import allows_faults
from runs.engine.decisions import Decision, StartStep
from runs.engine.events import Fact, StepFailed, StepInterrupted, StepSucceeded
from runs.engine.state import State, StepState
from runs.faults.contracts import Fault, due, unknown_steps
from runs.faults.kinds import FAULTS, FaultKind, phase_of
from runs.faults.world import INJECTED, call_number, is_lost_before
from runs.shell.clock import now_ms
from skills.base import Skill, SkillFailure
from skills.contracts import Effect, FailureDetails, StructuredOutcome
from skills.execution import outcome_of, run_skill
from skills.ports import SkillContext
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant

_STATUS = {FaultKind.RATE_LIMITED: 429, FaultKind.SERVER_ERROR: 500}
_ASK = "Ask an administrator of the platform to let this tenant have faults: on the console at the tenant, or manage.py bootstrap."


def means_of(faults: Sequence[Fault]) -> dict[str, Any]:
    """Return what a run's first event says of its faults."""
    return {"faults": [fault.model_dump(mode="json", exclude_defaults=True) for fault in faults]} if faults else {}


def refuse_faults(tenant: Tenant, means: Mapping[str, Any], plan: Mapping[str, Any] | None) -> None:
    """Raise Refusal where a run is asked for with faults its tenant may not have, or at steps its plan, once known, has not."""
    faults = [Fault.model_validate(raw) for raw in means.get("faults", ())]
    if not faults:
        return
    if not allows_faults(tenant=tenant):
        detail = "this tenant does not allow faults to be injected into its runs"
        errors = [{"pointer": "/faults", "code": "PERMISSION_DENIED", "detail": detail}]
        raise Refusal("PERMISSION_DENIED", detail, errors=errors, suggestions=[_ASK, "Try them on the plan without a run: manage.py chaos"])
    errors = unknown_steps(faults, None if plan is None else [step["step_id"] for step in plan["steps"]])
    if errors:
        raise Refusal("INVALID_REFERENCE", errors[0]["detail"], status=422, errors=errors)


def due_now(state: State, step: StepState) -> Fault | None:
    """Return the fault to be done to the call of a step that is under way."""
    asked = state.means.get("faults")
    return due(asked, step.node, call_number(step)) if asked else None


async def called(fault: Fault, skill: Skill, params: Mapping[str, Any], context: SkillContext, effect: Effect) -> StructuredOutcome:
    """Do a fault to a call and return its outcome. Called back meanwhile, it answers like any call."""
    waits_ms = min(_waits_ms(fault, context), context.timeout_ms)
    try:
        await asyncio.sleep(waits_ms / 1_000)
    except asyncio.CancelledError:
        failure = SkillFailure("CANCELLED", f"{skill.name} was cancelled while it waited")
        return outcome_of(skill, context, latency_ms=0, result=None, failure=failure, effect=effect)
    instead = _instead(fault, effect, is_up=waits_ms >= context.timeout_ms)
    if instead is not None:
        return outcome_of(skill, context, latency_ms=waits_ms, result=None, failure=instead, effect=effect)
    if fault.kind is FaultKind.SLOW:
        context = dataclasses.replace(context, timeout_ms=context.timeout_ms - waits_ms)
    return await run_skill(skill, params, context)


def _waits_ms(fault: Fault, context: SkillContext) -> int:
    """Return how long a fault takes; what is slow takes nearly all the time there is, the others none unless told."""
    if fault.after_ms is not None:
        return fault.after_ms
    return context.timeout_ms * 9 // 10 if fault.kind is FaultKind.SLOW else 0


def _instead(fault: Fault, effect: Effect, *, is_up: bool) -> SkillFailure | None:
    """Return how a call fails that is not made, None for one that is."""
    words = INJECTED + FAULTS[fault.kind].words
    if is_lost_before(fault):
        return SkillFailure("LEASE_LOST", words)
    kind = FaultKind.TIMEOUT if fault.kind is FaultKind.SLOW and is_up else fault.kind
    spec = FAULTS[kind]
    if spec.ends != "fails":
        return None
    return SkillFailure(
        spec.code,
        words,
        phase=phase_of(kind, effect),
        retry_after_ms=spec.retry_after_ms if fault.retry_after_ms is None else fault.retry_after_ms,
        details=FailureDetails(injected=str(fault.kind), upstream_status=_STATUS.get(kind)),
    )


def interruption(fault: Fault, wish: StartStep, outcome: StructuredOutcome) -> StepInterrupted | None:
    """Return what is told instead of an outcome that a fault makes disappear; None where the outcome is told."""
    if FAULTS[fault.kind].ends not in ("dies", "is_overtaken") or (outcome.failure and outcome.failure.code == "CANCELLED"):
        return None
    if is_lost_before(fault):
        return StepInterrupted(now_ms(), wish.step, wish.attempt, "not_sent")
    cost = outcome.execution.cost_micro_usd
    return StepInterrupted(now_ms(), wish.step, wish.attempt, "maybe_sent", wish.worst_micro_usd if cost is None else cost)


def is_told_twice(wish: Decision, answer: Fact, state: State) -> bool:
    """Tell whether the outcome of a call is to be delivered a second time."""
    if not state.means.get("faults") or not isinstance(wish, StartStep) or not isinstance(answer, StepSucceeded | StepFailed):
        return False
    fault = due_now(state, state.steps[wish.step])
    return fault is not None and fault.kind is FaultKind.DUPLICATE_DELIVERY
