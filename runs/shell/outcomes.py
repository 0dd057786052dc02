"""A step's latest call as the StructuredOutcome it was, read back from its journal. Pure over what it is given."""

from __future__ import annotations

from typing import Any

from runs.engine.events import StepFailed, StepSucceeded
from runs.engine.starting import pin_of
from runs.engine.state import State
from runs.engine.virtual import Entry
from runs.shell.clock import as_datetime
from skills.contracts import Effect, Execution, FailureDetails, FailureInfo, NextActions, SideEffect, StructuredOutcome, Usage
from skills.execution import retry_safety
from skills.taxonomy import spec_of


def latest_outcome(state: State, history: list[Entry], step: str | None = None) -> StructuredOutcome | None:
    """Return the outcome of the latest call of a step (of any, where none is named), None where none has ended."""
    for entry in reversed(history):
        fact = entry.fact
        if isinstance(fact, StepSucceeded | StepFailed) and fact.step in state.steps and (step is None or fact.step == step):
            return outcome_of_fact(state, fact)
    return None


def outcome_of_fact(state: State, fact: StepSucceeded | StepFailed) -> StructuredOutcome:
    """Return a recorded outcome in its published form."""
    step = state.steps[fact.step]
    pin = pin_of(state, step) if step.node in state.pins else None
    failed = isinstance(fact, StepFailed)
    priced = "free" if pin is None or pin.free else "priced"
    return StructuredOutcome(
        success=not failed,
        result=None if isinstance(fact, StepFailed) else fact.result,
        failure=_failure(fact, Effect(pin.effect) if pin else Effect.NONE) if isinstance(fact, StepFailed) else None,
        execution=Execution(
            skill=pin.skill if pin else step.node,
            version=pin.version if pin else "",
            latency_ms=fact.latency_ms,
            cost_micro_usd=fact.cost_micro_usd,
            pricing_status=priced,
            retries=fact.attempt - 1,
            attempt=fact.attempt,
            timestamp=as_datetime(fact.at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            degraded=step.degraded is not None,
            degraded_reason=step.degraded,
            usage=None if fact.usage is None else Usage(**fact.usage),
            pricing_version=fact.pricing_version,
        ),
        side_effects=[SideEffect(**effect) for effect in fact.side_effects],
        next_actions=NextActions(suggested=[key for key, s in state.steps.items() if s.status in ("pending", "waiting")]),
    )


def _failure(fact: StepFailed, effect: Effect) -> FailureInfo:
    spec = spec_of(fact.code)
    advice: dict[str, Any] = fact.advice or {}
    return FailureInfo(
        code=fact.code,
        category=spec.category,
        message=fact.message,
        retryable=spec.retryable,
        retry_after_ms=fact.retry_after_ms,
        suggestions=fact.suggestions,
        retry_safety=retry_safety(effect, fact.phase),  # type: ignore[arg-type]
        phase=fact.phase,
        details=FailureDetails(**fact.details),
        past_recovery_success_rate=None,
        catalog_match=advice or None,
    )
