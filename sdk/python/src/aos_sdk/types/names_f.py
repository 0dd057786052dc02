"""Kinds of records from FailureDetails to FreezeView. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_a import (
        Alternative,
    )
    from aos_sdk.types.names_c import (
        Category,
    )
    from aos_sdk.types.names_d import (
        DecisionRecord,
    )


class FailureDetails(Record):
    """What is known beyond the code; only what applies is set. `injected` names the fault that made the call fail on purpose."""

    upstream_status: int | None
    provider: str | None
    errors: list[FaultDetail] | None
    target: str | None
    injected: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"upstream_status", "provider", "errors", "target", "injected"})
    _nested: ClassVar[Mapping[str, str]] = {"errors": "FaultDetail"}


class FailureInfo(Record):
    """Why a call failed and what may be done about it."""

    code: str
    category: Category
    message: str
    retryable: bool
    retry_after_ms: int | None
    suggestions: list[str] | None
    retry_safety: Literal["safe", "unsafe", "unknown"] | str | None
    phase: Literal["not_sent", "maybe_sent", "acked"] | str | None
    details: FailureDetails | None
    similar_past_failures: int | None
    past_recovery_success_rate: float | None
    alternatives: list[Alternative] | None
    catalog_match: Record | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "code", "category", "message", "retryable", "retry_after_ms", "suggestions", "retry_safety", "phase", "details",
        "similar_past_failures", "past_recovery_success_rate", "alternatives", "catalog_match",
    })
    _nested: ClassVar[Mapping[str, str]] = {"details": "FailureDetails", "alternatives": "Alternative"}


class FailureMode(Record):
    """A way a skill is known to fail. Category and retryable follow from the code."""

    code: str
    category: Category
    typical_cause: str
    retryable: bool

    _fields: ClassVar[frozenset[str]] = frozenset({"code", "category", "typical_cause", "retryable"})


class FailureTold(Record):
    """One failure of a call, what the catalog advised, and what was decided about it."""

    seq: int
    step_id: str
    attempt: int
    code: str
    message: str
    phase: str
    advice: Record | None
    suggestions: list[str]
    decided: list[DecisionRecord]

    _fields: ClassVar[frozenset[str]] = frozenset({
        "seq", "step_id", "attempt", "code", "message", "phase", "advice", "suggestions", "decided",
    })
    _nested: ClassVar[Mapping[str, str]] = {"decided": "DecisionRecord"}


class Fault(Record):
    """A fault done to calls of a run on purpose: to the `attempt`-th call of a step, or of every step, and the `count` - 1 after it."""

    kind: FaultKind
    step: str | None
    attempt: int | None
    count: int | None
    after_ms: int | None
    retry_after_ms: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"kind", "step", "attempt", "count", "after_ms", "retry_after_ms"})


class FaultDetail(Record):
    """One fault in an input: where (RFC 6901), which code, in words."""

    pointer: str
    code: str
    detail: str

    _fields: ClassVar[frozenset[str]] = frozenset({"pointer", "code", "detail"})


FaultKind = Literal[
    "timeout", "dns", "refused", "rate_limited", "server_error", "malformed", "crash_after_effect", "duplicate_delivery", "lost_lease",
    "slow",
] | str


class FaultReport(Record):
    """What one kind of fault leads to over all steps. `ends` counts the runs by how they came out."""

    kind: FaultKind
    words: str
    cases: int
    ends: Record
    most_calls: int
    duplicates: int
    missing: int
    dishonest: int
    most_cost_micro_usd: int
    longest_ms: int
    must_act: list[str]

    _fields: ClassVar[frozenset[str]] = frozenset({
        "kind", "words", "cases", "ends", "most_calls", "duplicates", "missing", "dishonest", "most_cost_micro_usd", "longest_ms",
        "must_act",
    })


class FeedEvent(Record):
    """Something that happened. `cursor` is the place after it; `data` names the run, where there is one, with a link."""

    cursor: str
    type: str
    timestamp: str
    data: Record

    _fields: ClassVar[frozenset[str]] = frozenset({"cursor", "type", "timestamp", "data"})


class FeedPage(Record):
    """Events after a place. `reset`: the place is so old that events after it may be gone, so this begins with what is kept."""

    data: list[FeedEvent]
    next_after: str
    terminal: bool
    reset: bool

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_after", "terminal", "reset"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "FeedEvent"}


class FieldChange(Record):
    """FieldChange."""

    pointer: str
    before: Any
    after: Any

    _fields: ClassVar[frozenset[str]] = frozenset({"pointer", "before", "after"})


class FixedBody(Record):
    """FixedBody."""

    reason: str
    version: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"reason", "version"})


class ForecastAnswer(Record):
    """ForecastAnswer."""

    from_: str
    to: str
    today: str
    time_zone: str
    data: list[ForecastRow]

    _fields: ClassVar[frozenset[str]] = frozenset({"from", "to", "today", "time_zone", "data"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "ForecastRow"}


class ForecastRow(Record):
    """The month of the tenant or of an agent. Null where there is no day that is over to tell from; a range needs two."""

    scope: Literal["tenant", "agent"] | str
    agent: str | None
    agent_id: str | None
    spent_micro_usd: int
    expected_micro_usd: int | None
    low_micro_usd: int | None
    high_micro_usd: int | None
    days: int
    method: Literal["mean", "weekday"] | str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "scope", "agent", "agent_id", "spent_micro_usd", "expected_micro_usd", "low_micro_usd", "high_micro_usd", "days", "method",
    })


class FoundSkill(Record):
    """A skill that may serve a goal, with the words they share."""

    skill: str
    description: str
    shared_words: list[str]

    _fields: ClassVar[frozenset[str]] = frozenset({"skill", "description", "shared_words"})


class FreezeBody(Record):
    """FreezeBody."""

    kind: Literal["tenant", "agent", "skill"] | str
    key: str | None
    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({"kind", "key", "reason"})


class FreezePage(Record):
    """FreezePage."""

    data: list[FreezeView]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "FreezeView"}


class FreezeView(Record):
    """A freeze, which stands as long as it is `live`. One that stands `everywhere` is lifted by the operator alone."""

    freeze_id: str
    kind: Literal["tenant", "agent", "skill"] | str
    key: str
    everywhere: bool
    live: bool
    reason: str
    frozen_by: str
    frozen_at: str
    lifted_because: str | None
    lifted_by: str | None
    lifted_at: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "freeze_id", "kind", "key", "everywhere", "live", "reason", "frozen_by", "frozen_at", "lifted_because", "lifted_by", "lifted_at",
    })
