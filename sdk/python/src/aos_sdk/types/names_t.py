"""Kinds of records from Time to TracedWait. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_d import (
        DecisionRecord,
    )
    from aos_sdk.types.names_e import (
        Effect,
    )
    from aos_sdk.types.names_f import (
        Fault,
    )
    from aos_sdk.types.names_o import (
        OtlpTrace,
    )
    from aos_sdk.types.names_p import (
        Plan,
    )
    from aos_sdk.types.names_r import (
        Reversal, RunCost,
    )
    from aos_sdk.types.names_u import (
        Undoes,
    )


class Time(Record):
    """Time."""

    max_run_duration_ms: int
    elapsed_ms: int
    remaining_ms: int
    deadline_at: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"max_run_duration_ms", "elapsed_ms", "remaining_ms", "deadline_at"})


class TimesView(Record):
    """TimesView."""

    n: int
    p50_ms: int | None
    p95_ms: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"n", "p50_ms", "p95_ms"})


class ToldStep(Record):
    """A step, an item of a for_each (`fetch#3`), or what the run does before its steps (`$plan`, `$admit`)."""

    step_id: str
    skill: str
    version: str | None
    effect: Effect | None
    status: Literal["pending", "running", "waiting", "succeeded", "failed", "skipped", "cancelled", "in_doubt"] | str
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

    _fields: ClassVar[frozenset[str]] = frozenset({
        "step_id", "skill", "version", "effect", "status", "depends_on", "reason", "attempts", "waits", "cost_micro_usd", "started_at_ms",
        "finished_at_ms", "failure", "result", "degraded", "action_hash", "idempotency_key",
    })
    _nested: ClassVar[Mapping[str, str]] = {"attempts": "TracedAttempt", "waits": "TracedWait", "failure": "TracedFailure"}


class TopUpBody(Record):
    """TopUpBody."""

    amount_micro_usd: int | None
    amount_cents: float | str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"amount_micro_usd", "amount_cents"})


class ToppedUpBudget(Record):
    """ToppedUpBudget."""

    total_micro_usd: int | None
    spent_micro_usd: int
    reserved_micro_usd: int
    budget_id: str
    scope: str
    kind: Literal["tenant", "agent", "model"] | str
    key: str
    period: Literal["total", "day"] | str
    agent: str | None
    limit_micro_usd: int | None
    runs_waiting: int
    amount_micro_usd: int
    repeated: bool
    remaining_micro_usd: int | None
    cents: Record

    _fields: ClassVar[frozenset[str]] = frozenset({
        "total_micro_usd", "spent_micro_usd", "reserved_micro_usd", "budget_id", "scope", "kind", "key", "period", "agent",
        "limit_micro_usd", "runs_waiting", "amount_micro_usd", "repeated", "remaining_micro_usd", "cents",
    })


class ToppedUpRun(Record):
    """What a run's limit was raised by, and to what."""

    run_id: str
    requested: str
    amount_micro_usd: int
    limit_micro_usd: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "requested", "amount_micro_usd", "limit_micro_usd"})


class Totals(Record):
    """Totals."""

    failures: int
    hits: int
    misses: int
    match_rate: float | None
    followed: int
    acceptance_rate: float | None
    tried: int
    worked: int
    success_rate: float | None
    rerun: int
    wasted_micro_usd: int | None
    before: int
    trend: float | None
    injected: int
    time_to_recovery: TimesView

    _fields: ClassVar[frozenset[str]] = frozenset({
        "failures", "hits", "misses", "match_rate", "followed", "acceptance_rate", "tried", "worked", "success_rate", "rerun",
        "wasted_micro_usd", "before", "trend", "injected", "time_to_recovery",
    })
    _nested: ClassVar[Mapping[str, str]] = {"time_to_recovery": "TimesView"}


class Trace(Record):
    """All that is known of a run. `caller_trace` is the W3C traceparent of whoever asked for it; `removed` says what"""

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

    _fields: ClassVar[frozenset[str]] = frozenset({
        "run", "plan", "steps", "decisions", "events", "side_effects", "faults", "caller_trace", "removed", "undoes",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "run": "TracedRun", "plan": "Plan", "steps": "TracedStep", "decisions": "DecisionRecord", "events": "TracedEvent",
        "side_effects": "TracedEffect", "faults": "Fault", "undoes": "Undoes",
    }


TraceAnswer: TypeAlias = "Trace | OtlpTrace"


class TracedAttempt(Record):
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

    _fields: ClassVar[frozenset[str]] = frozenset({
        "attempt", "skill", "started_at_ms", "finished_at_ms", "status", "code", "message", "cost_micro_usd", "latency_ms", "retry_due_ms",
        "rule", "model",
    })


class TracedEffect(Record):
    """What a step did, or may have done, outside; and which run took it back."""

    type: str
    target: str
    effect: Effect
    phase: Literal["not_sent", "maybe_sent", "acked"] | str
    idempotency_key: str | None
    reversible: bool | None
    reversed_by: str | None
    step_id: str
    reversed_status: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "type", "target", "effect", "phase", "idempotency_key", "reversible", "reversed_by", "step_id", "reversed_status",
    })


class TracedEvent(Record):
    """A fact of the journal as it was recorded, and the kinds of the decisions it led to."""

    seq: int
    kind: str
    at_ms: int
    step_id: str | None
    attempt: int | None
    data: Record
    decisions: list[str]

    _fields: ClassVar[frozenset[str]] = frozenset({"seq", "kind", "at_ms", "step_id", "attempt", "data", "decisions"})


class TracedFailure(Record):
    """Why a step failed, with what the catalog advised. `fallback` is the version it would go on with."""

    code: str
    message: str | None
    phase: str | None
    retry_after_ms: int | None
    details: Record
    suggestions: list[str]
    advice: Record | None
    fallback: Record | None
    circuit_until_ms: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "code", "message", "phase", "retry_after_ms", "details", "suggestions", "advice", "fallback", "circuit_until_ms",
    })


class TracedRun(Record):
    """The run's row, with what it gives: the results of steps with an `output_key`, else of those nobody waits for."""

    run_id: str
    status: Literal["queued", "running", "waiting", "succeeded", "partial", "failed", "cancelled", "dead_lettered"] | str
    waiting_for: str | None
    goal: str
    agent: str
    planner: str
    summary: str
    failure_code: str | None
    cost: RunCost
    steps_total: int
    steps_done: int
    retries: int
    faults: int
    created_at: str
    started_at: str | None
    finished_at: str | None
    behaviour_hash: str
    content_hash: str
    journal_head: str
    parent_run_id: str | None
    relation: str | None
    blocked_by: str | None
    trace_id: str | None
    kept: Literal["everything", "events", "parts", "effects", "row"] | str
    removed_at: str | None
    result: Any

    _fields: ClassVar[frozenset[str]] = frozenset({
        "run_id", "status", "waiting_for", "goal", "agent", "planner", "summary", "failure_code", "cost", "steps_total", "steps_done",
        "retries", "faults", "created_at", "started_at", "finished_at", "behaviour_hash", "content_hash", "journal_head", "parent_run_id",
        "relation", "blocked_by", "trace_id", "kept", "removed_at", "result",
    })
    _nested: ClassVar[Mapping[str, str]] = {"cost": "RunCost"}


class TracedStep(Record):
    """A step with the run that took its effect back."""

    step_id: str
    skill: str
    version: str | None
    effect: Effect | None
    status: Literal["pending", "running", "waiting", "succeeded", "failed", "skipped", "cancelled", "in_doubt"] | str
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
    reversed_by: Reversal | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "step_id", "skill", "version", "effect", "status", "depends_on", "reason", "attempts", "waits", "cost_micro_usd", "started_at_ms",
        "finished_at_ms", "failure", "result", "degraded", "action_hash", "idempotency_key", "reversed_by",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "attempts": "TracedAttempt", "waits": "TracedWait", "failure": "TracedFailure", "reversed_by": "Reversal",
    }


class TracedWait(Record):
    """A stretch of time in which a step waited: for a retry, an approval, money, …"""

    for_: str
    from_ms: int
    until_ms: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"for", "from_ms", "until_ms"})
