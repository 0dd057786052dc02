"""A step's latest call as the StructuredOutcome it was, read back from its journal and seen with what is known now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runs.engine.events import StepFailed, StepSucceeded
from runs.engine.starting import pin_of
from runs.engine.state import State
from runs.engine.virtual import Entry
from runs.shell.clock import as_datetime
from skills.contracts import (
    Alternative,
    BlockedAction,
    Effect,
    Execution,
    FailureDetails,
    FailureInfo,
    NextActions,
    SideEffect,
    StructuredOutcome,
    Usage,
)
from skills.execution import retry_safety
from skills.instants import instant
from skills.registry import registry
from skills.taxonomy import spec_of
from skills.trace_ids import span_id_of, trace_id_of

Past = Callable[[str], tuple[int, float | None]]
"""How often a failure of this signature was seen, and which part of the recoveries tried against it worked."""


def latest_outcome(
    state: State, history: list[Entry], *, past: Past, trace_id: str | None, step: str | None = None
) -> StructuredOutcome | None:
    """Return the outcome of the latest call of a step (of any, where none is named), None where none has ended."""
    for entry in reversed(history):
        fact = entry.fact
        if isinstance(fact, StepSucceeded | StepFailed) and fact.step in state.steps and (step is None or fact.step == step):
            return outcome_of_fact(state, fact, past, trace_id)
    return None


def outcome_of_fact(state: State, fact: StepSucceeded | StepFailed, past: Past, trace_id: str | None) -> StructuredOutcome:
    """Return a recorded outcome in its published form."""
    step = state.steps[fact.step]
    pin = pin_of(state, step) if step.node in state.pins else None
    failed = isinstance(fact, StepFailed)
    return StructuredOutcome(
        success=not failed,
        result=None if isinstance(fact, StepFailed) else fact.result,
        failure=_failure(fact, Effect(pin.effect) if pin else Effect.NONE, past) if isinstance(fact, StepFailed) else None,
        execution=Execution(
            skill=pin.skill if pin else step.node,
            version=pin.version if pin else "",
            latency_ms=fact.latency_ms,
            cost_micro_usd=None if fact.pricing == "unpriced" else fact.cost_micro_usd,
            pricing_status=fact.pricing,
            trace_id=trace_id_of(trace_id, state.run_id),
            span_id=span_id_of(state.run_id, fact.step, fact.attempt),
            cache_hit=not isinstance(fact, StepFailed) and fact.cache_hit,
            retries=fact.attempt - 1,
            attempt=fact.attempt,
            timestamp=instant(as_datetime(fact.at_ms)),
            degraded=step.degraded is not None,
            degraded_reason=step.degraded,
            usage=None if fact.usage is None else Usage(**fact.usage),
            pricing_version=fact.pricing_version,
        ),
        side_effects=[SideEffect(**effect) for effect in fact.side_effects],
        next_actions=next_actions(state, pin.skill if pin else ""),
    )


def next_actions(state: State, skill: str) -> NextActions:
    """Return which skills often follow this one, which the agent may not call and why, and what each may cost."""
    metadata = {name: registry.metadata(name) for name in registry.names()}
    refused = {name: why for name in metadata if (why := state.terms.why_not(name))}
    called = metadata.get(skill)
    return NextActions(
        suggested=[
            name for name in (called.composition_hints.often_followed_by if called else []) if name in metadata and name not in refused
        ],
        blocked=[BlockedAction(skill=name, reason=why) for name, why in refused.items()],
        budget_impact={name: m.cost_model.worst_case_micro_usd for name, m in metadata.items() if m and name not in refused},
    )


def _failure(fact: StepFailed, effect: Effect, past: Past) -> FailureInfo:
    spec = spec_of(fact.code)
    advice: dict[str, Any] = fact.advice or {}
    seen, worked = past(advice["signature"]) if "signature" in advice else (None, None)
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
        similar_past_failures=seen,
        past_recovery_success_rate=worked,
        alternatives=[Alternative(**alternative) for alternative in fact.alternatives],
        catalog_match=advice or None,
    )
