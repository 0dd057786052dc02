"""Kinds of records from DeadLetter to DurationRange. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_a import (
        Attempt,
    )
    from aos_sdk.types.names_c import (
        CallFailure,
    )
    from aos_sdk.types.names_e import (
        Effect,
    )
    from aos_sdk.types.names_l import (
        LastWorker, LeftEffect, LostCall,
    )
    from aos_sdk.types.names_o import (
        OtherChance,
    )
    from aos_sdk.types.names_p import (
        ProbeTold,
    )
    from aos_sdk.types.names_s import (
        SentCall,
    )
    from aos_sdk.types.names_v import (
        VerdictTold,
    )


class DeadLetter(Record):
    """A run that was given up, what it leaves behind, and the run it was queued again as."""

    run_id: str
    goal: str
    agent: str
    code: str | None
    summary: str
    crash_count: int
    created_at: str
    given_up_at: str | None
    last_in_flight: LostCall | None
    effects: list[LeftEffect]
    journal_readable: bool
    last_workers: list[LastWorker]
    requeued_as: OtherChance | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "run_id", "goal", "agent", "code", "summary", "crash_count", "created_at", "given_up_at", "last_in_flight", "effects",
        "journal_readable", "last_workers", "requeued_as",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "last_in_flight": "LostCall", "effects": "LeftEffect", "last_workers": "LastWorker", "requeued_as": "OtherChance",
    }


class DeadLetterPage(Record):
    """Runs that were given up, newest first."""

    data: list[DeadLetter]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "DeadLetter"}


class Decided(Record):
    """A word on a step that waits, taken down."""

    run_id: str
    requested: str
    step_id: str

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "requested", "step_id"})


class DecisionBody(Record):
    """A person's word on a step that waits. `action_hash` binds an approval to what was shown to the approver."""

    step_id: str
    verdict: str
    action_hash: str | None
    value: Any
    reason: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "verdict", "action_hash", "value", "reason"})


class DecisionPage(Record):
    """Decisions after an event; an event's decisions are never parted. `next_after` null: these are the last so far."""

    data: list[DecisionRecord]
    next_after: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_after"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "DecisionRecord"}


class DecisionRecord(Record):
    """What was decided about an event of a run, by which rule and on what grounds (docs/reference/decisions.md)."""

    seq: int
    at_ms: int
    event: str
    kind: str
    rule: str
    words: str
    step_id: str | None
    attempt: int | None
    because: Record
    alternatives: list[str]
    delay_ms: int | None
    due_at_ms: int | None
    due_at: str | None
    detail: Record

    _fields: ClassVar[frozenset[str]] = frozenset({
        "seq", "at_ms", "event", "kind", "rule", "words", "step_id", "attempt", "because", "alternatives", "delay_ms", "due_at_ms",
        "due_at", "detail",
    })


class DecisionResult(Record):
    """What became of one of them."""

    run_id: str
    step_id: str
    result: Literal["decided", "already_decided", "changed", "not_waiting", "refused"] | str
    detail: str

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "step_id", "result", "detail"})


class DecisionResults(Record):
    """DecisionResults."""

    data: list[DecisionResult]

    _fields: ClassVar[frozenset[str]] = frozenset({"data"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "DecisionResult"}


class DeliveryPage(Record):
    """DeliveryPage."""

    data: list[DeliveryView]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "DeliveryView"}


class DeliveryView(Record):
    """DeliveryView."""

    delivery_id: str
    webhook_id: str
    event_type: str
    state: Literal["pending", "delivered", "failed"] | str
    attempts_total: int
    last_attempt: Attempt | None
    next_attempt_at: str | None
    created_at: str
    delivered_at: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "delivery_id", "webhook_id", "event_type", "state", "attempts_total", "last_attempt", "next_attempt_at", "created_at",
        "delivered_at",
    })
    _nested: ClassVar[Mapping[str, str]] = {"last_attempt": "Attempt"}


class Divergence(Record):
    """Where a replay, or another run, first did something else than the journal says."""

    seq: int | None
    step_id: str | None
    expected: Any
    actual: Any
    detail: str

    _fields: ClassVar[frozenset[str]] = frozenset({"seq", "step_id", "expected", "actual", "detail"})


class Doubt(Record):
    """A step whose effect is in doubt, as lists show it."""

    run_id: str
    step_id: str
    skill: str
    version: str
    agent: str
    attempts: int
    failure_code: str | None
    started_at: str | None
    run_created_at: str
    run_waiting_for: str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "run_id", "step_id", "skill", "version", "agent", "attempts", "failure_code", "started_at", "run_created_at", "run_waiting_for",
    })


class DoubtEvidence(Record):
    """What is known of an effect that is in doubt, or was; `choices` says what each verdict leads to."""

    run_id: str
    step_id: str
    status: Literal["in_doubt", "settled"] | str
    run_status: Literal["queued", "running", "waiting", "succeeded", "partial", "failed", "cancelled", "dead_lettered"] | str
    since: str
    agent: str
    skill: str
    version: str
    effect: Effect
    why: str
    sent: SentCall
    failure: CallFailure | None
    probe: ProbeTold
    verdicts: list[VerdictTold]
    choices: Record

    _fields: ClassVar[frozenset[str]] = frozenset({
        "run_id", "step_id", "status", "run_status", "since", "agent", "skill", "version", "effect", "why", "sent", "failure", "probe",
        "verdicts", "choices",
    })
    _nested: ClassVar[Mapping[str, str]] = {"sent": "SentCall", "failure": "CallFailure", "probe": "ProbeTold", "verdicts": "VerdictTold"}


class DoubtPage(Record):
    """Steps in doubt that wait for a verdict, those of the newest runs first."""

    data: list[Doubt]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "Doubt"}


class DriftPage(Record):
    """DriftPage."""

    data: list[DriftView]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "DriftView"}


class DriftReasonBody(Record):
    """What somebody says about an alert."""

    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({"reason"})


class DriftView(Record):
    """A skill version (`name@version`) or an agent (its id) that goes another way than it used to."""

    drift_id: str
    subject_kind: Literal["skill", "agent"] | str
    subject: str
    measure: Literal["failure_rate", "cost", "latency"] | str
    direction: Literal["up", "down"] | str
    baseline: Record
    recent: Record
    score: float
    threshold: float
    state: Literal["open", "acknowledged", "resolved"] | str
    by: str | None
    reason: str | None
    first_seen_at: str
    last_seen_at: str
    closed_at: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "drift_id", "subject_kind", "subject", "measure", "direction", "baseline", "recent", "score", "threshold", "state", "by", "reason",
        "first_seen_at", "last_seen_at", "closed_at",
    })


class DurationRange(Record):
    """How long something takes at least, probably and at most; null where nothing is known."""

    low_ms: int | None
    expected_ms: int | None
    worst_ms: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"low_ms", "expected_ms", "worst_ms"})
