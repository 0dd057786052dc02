"""The published value of a trace: all that is known of a run, as `runs/shell/reading/trace.py` and `remains.py` tell it.

What is null was not there, or retention took it; `removed` says which.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, RootModel

from agents.plan.contracts import Plan
from runs.contracts.explanation import DecisionRecord
from runs.faults.contracts import Fault
from runs.responses import Answer, RunView
from skills.contracts import Contract, Effect, SideEffect

StepStatus = Literal["pending", "running", "waiting", "succeeded", "failed", "skipped", "cancelled", "in_doubt"]


class TracedRun(RunView):
    """The run's row, with what it gives: the results of steps with an `output_key`, else of those nobody waits for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    result: Any


class TracedAttempt(Contract):
    """One call of a step. `retry_due_ms` and `rule` are the answer to its failure; `model` is what its cost is charged to."""

    attempt: int
    skill: str
    started_at_ms: int
    finished_at_ms: int | None
    status: str
    code: str | None
    message: str | None
    cost_micro_usd: int
    latency_ms: int | None
    retry_due_ms: int | None
    rule: str | None
    model: str | None


class TracedWait(Contract):
    """A stretch of time in which a step waited: for a retry, an approval, money, …"""

    for_: str = Field(alias="for")
    from_ms: int
    until_ms: int | None


class TracedFailure(Contract):
    """Why a step failed, with what the catalog advised. `fallback` is the version it would go on with."""

    code: str
    message: str | None
    phase: str | None
    retry_after_ms: int | None
    details: dict[str, Any]
    suggestions: list[str]
    advice: dict[str, Any] | None
    fallback: dict[str, Any] | None
    circuit_until_ms: int | None


class Reversal(Contract):
    """The run that took an effect back, or tried to."""

    run_id: str
    status: str
    by: str
    reason: str
    at: str


class ToldStep(Contract):
    """A step, an item of a for_each (`fetch#3`), or what the run does before its steps (`$plan`, `$admit`)."""

    step_id: str
    skill: str
    version: str | None
    effect: Effect | None
    status: StepStatus
    depends_on: list[str]
    reason: str | None
    attempts: list[TracedAttempt]
    waits: list[TracedWait]
    cost_micro_usd: int
    started_at_ms: int | None
    finished_at_ms: int | None
    failure: TracedFailure | None
    result: Any
    degraded: str | None
    action_hash: str | None
    idempotency_key: str | None


class TracedStep(ToldStep):
    """A step with the run that took its effect back."""

    reversed_by: Reversal | None


class TracedEvent(Contract):
    """A fact of the journal as it was recorded, and the kinds of the decisions it led to."""

    seq: int
    kind: str
    at_ms: int
    step_id: str | None
    attempt: int | None
    data: dict[str, Any]
    decisions: list[str]


class TracedEffect(SideEffect):
    """What a step did, or may have done, outside; and which run took it back."""

    step_id: str
    reversed_status: str | None


class Undoes(Contract):
    """The effect this run takes back."""

    run_id: str
    step_id: str
    by: str
    reason: str


class Trace(Contract):
    """All that is known of a run. `caller_trace` is the W3C traceparent of whoever asked for it; `removed` says what
    retention took, in words."""

    run: TracedRun
    plan: Plan | None
    steps: list[TracedStep]
    decisions: list[DecisionRecord]
    events: list[TracedEvent]
    side_effects: list[TracedEffect]
    faults: list[Fault]
    caller_trace: str | None
    removed: str | None
    undoes: Undoes | None


class OtlpTrace(Answer):
    """The same as OpenTelemetry tells it (OTLP/JSON), where `format=otlp` is asked for."""

    resourceSpans: list[dict[str, Any]]


class TraceAnswer(RootModel[Trace | OtlpTrace]):
    """A run's trace, in the form that was asked for."""
