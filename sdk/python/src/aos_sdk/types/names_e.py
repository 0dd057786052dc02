"""Kinds of records from EditBody to ExportView. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_b import (
        Blocker,
    )
    from aos_sdk.types.names_c import (
        Category, Cause,
    )
    from aos_sdk.types.names_f import (
        FailureInfo, FailureTold, FieldChange,
    )
    from aos_sdk.types.names_n import (
        NextActions,
    )
    from aos_sdk.types.names_o import (
        Obstacle,
    )
    from aos_sdk.types.names_p import (
        Pace,
    )
    from aos_sdk.types.names_r import (
        RecoveryMode, RecoveryParameters, RunEventView,
    )
    from aos_sdk.types.names_s import (
        SideEffect,
    )
    from aos_sdk.types.names_u import (
        Usage,
    )


class EditBody(Record):
    """Other parameters for the call of this action."""

    action_hash: str
    params: Record

    _fields: ClassVar[frozenset[str]] = frozenset({"action_hash", "params"})


class EditedCall(Record):
    """A waiting call with other parameters: what it would be. `worst_micro_usd` null: no price is known. `missing_micro_usd` is what the"""

    step_id: str
    skill: str
    version: str
    params: Record
    changes: list[Record]
    low_micro_usd: int
    expected_micro_usd: int
    worst_micro_usd: int | None
    expected_ms: int
    missing_micro_usd: int
    asks_because: str
    blockers: list[Blocker]
    action_hash: str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "step_id", "skill", "version", "params", "changes", "low_micro_usd", "expected_micro_usd", "worst_micro_usd", "expected_ms",
        "missing_micro_usd", "asks_because", "blockers", "action_hash",
    })
    _nested: ClassVar[Mapping[str, str]] = {"blockers": "Blocker"}


Effect = Literal["none", "read", "idempotent_write", "write", "irreversible"] | str


class EffectAgain(Record):
    """A step that would be called again although its effect happened, or may have."""

    step_id: str
    skill: str
    effect: str
    targets: list[str]
    detail: str

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "skill", "effect", "targets", "detail"})


class Ending(Record):
    """How a run came out, or would have, in the numbers people compare. `duration_ms` is in the time of the run."""

    status: str
    code: str | None
    waiting_for: str | None
    cost_micro_usd: int
    calls: int
    retries: int
    duration_ms: int

    _fields: ClassVar[frozenset[str]] = frozenset({"status", "code", "waiting_for", "cost_micro_usd", "calls", "retries", "duration_ms"})


class EntryBody(Record):
    """An override: what to do about a code, or about a code of one skill, instead of what the shared catalog says."""

    code: str
    skill: str | None
    mode: RecoveryMode | None
    parameters: RecoveryParameters | None
    suggestions: list[str] | None
    doc_url: str | None
    prior_confidence: float | None
    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "code", "skill", "mode", "parameters", "suggestions", "doc_url", "prior_confidence", "reason",
    })
    _nested: ClassVar[Mapping[str, str]] = {"parameters": "RecoveryParameters"}


class EntryChangeView(Record):
    """EntryChangeView."""

    code: str
    skill: str | None
    action: Literal["created", "edited", "restored", "unchanged"] | str
    changes: list[FieldChange]

    _fields: ClassVar[frozenset[str]] = frozenset({"code", "skill", "action", "changes"})
    _nested: ClassVar[Mapping[str, str]] = {"changes": "FieldChange"}


class EntryView(Record):
    """A catalog entry as the API shows it."""

    id: int
    code: str
    skill: str | None
    scope: Literal["shared", "tenant"] | str
    category: Category
    retryable: bool
    http_status: int
    when: str
    mode: RecoveryMode
    backoff: Pace
    suggestions: list[str]
    doc_url: str
    parameters: Record
    confidence: float
    confidence_label: Literal["prior", "measured"] | str
    prior_confidence: float
    applied: int
    succeeded: int
    measured_at: str | None
    version: int
    updated_at: str
    removed_at: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "id", "code", "skill", "scope", "category", "retryable", "http_status", "when", "mode", "backoff", "suggestions", "doc_url",
        "parameters", "confidence", "confidence_label", "prior_confidence", "applied", "succeeded", "measured_at", "version", "updated_at",
        "removed_at",
    })
    _nested: ClassVar[Mapping[str, str]] = {"backoff": "Pace"}


class EventPage(Record):
    """Events after a sequence number. `terminal` says that no more will come, `removed` that retention took some of them."""

    data: list[RunEventView]
    next_after: int
    terminal: bool
    removed: bool

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_after", "terminal", "removed"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "RunEventView"}


class ExecuteBody(Record):
    """ExecuteBody."""

    skill: str
    params: Record | None
    version: str | None
    agent: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"skill", "params", "version", "agent"})


class ExecutedOutcome(Record):
    """The outcome of a call by `execute`, with the run that recorded it."""

    success: bool
    result: Any
    failure: FailureInfo | None
    execution: Execution
    side_effects: list[SideEffect] | None
    next_actions: NextActions | None
    run_id: str

    _fields: ClassVar[frozenset[str]] = frozenset({"success", "result", "failure", "execution", "side_effects", "next_actions", "run_id"})
    _nested: ClassVar[Mapping[str, str]] = {
        "failure": "FailureInfo", "execution": "Execution", "side_effects": "SideEffect", "next_actions": "NextActions",
    }


class Execution(Record):
    """How a call went, whatever came of it."""

    skill: str
    version: str
    latency_ms: int
    cost_micro_usd: int | None
    pricing_status: Literal["priced", "unpriced", "free"] | str
    retries: int | None
    attempt: int | None
    timestamp: str
    trace_id: str | None
    span_id: str | None
    cache_hit: bool | None
    degraded: bool | None
    degraded_reason: str | None
    usage: Usage | None
    pricing_version: str | None
    cost_cents: float | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "skill", "version", "latency_ms", "cost_micro_usd", "pricing_status", "retries", "attempt", "timestamp", "trace_id", "span_id",
        "cache_hit", "degraded", "degraded_reason", "usage", "pricing_version", "cost_cents",
    })
    _nested: ClassVar[Mapping[str, str]] = {"usage": "Usage"}


class Explanation(Record):
    """Why a run waits (`blocked_by`, what must be cleared first comes first), or why it ended as it did (`because`)."""

    run_id: str
    status: str
    summary: str
    blocked_by: list[Obstacle]
    because: list[Cause]
    failures: list[FailureTold]

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "status", "summary", "blocked_by", "because", "failures"})
    _nested: ClassVar[Mapping[str, str]] = {"blocked_by": "Obstacle", "because": "Cause", "failures": "FailureTold"}


class ExportView(Record):
    """ExportView."""

    entries: list[Record]

    _fields: ClassVar[frozenset[str]] = frozenset({"entries"})
