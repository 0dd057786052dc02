"""Kinds of records from MadeLink to MuteBody. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_c import (
        Category,
    )
    from aos_sdk.types.names_g import (
        GroupedBy,
    )
    from aos_sdk.types.names_o import (
        OneOfMany,
    )
    from aos_sdk.types.names_r import (
        RecoveryMode,
    )
    from aos_sdk.types.names_t import (
        TimesView,
    )


class MadeLink(Record):
    """A link as it stands: `open` until it is used, taken back, or out of time. What else ends it, its call says."""

    link_id: str
    state: Literal["open", "used", "revoked", "expired"] | str
    made_for: str
    made_by: str
    created_at: str
    expires_at: str
    used_at: str | None
    revoked_at: str | None
    revoked_by: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "link_id", "state", "made_for", "made_by", "created_at", "expires_at", "used_at", "revoked_at", "revoked_by",
    })


class MadeLinks(Record):
    """MadeLinks."""

    data: list[MadeLink]

    _fields: ClassVar[frozenset[str]] = frozenset({"data"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "MadeLink"}


class ManyDecisionsBody(Record):
    """One word on many calls, and why. Each is decided on its own; those that cannot be taken back are decided one by one elsewhere."""

    decisions: list[OneOfMany]
    verdict: Literal["approve", "reject"] | str
    reason: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"decisions", "verdict", "reason"})
    _nested: ClassVar[Mapping[str, str]] = {"decisions": "OneOfMany"}


class MarkView(Record):
    """What somebody said about a group last, and who."""

    fixed_in: str | None
    fixed_at: str | None
    muted_until: str | None
    by: str
    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({"fixed_in", "fixed_at", "muted_until", "by", "reason"})


class MarkedView(Record):
    """MarkedView."""

    fixed_in: str | None
    fixed_at: str | None
    muted_until: str | None
    by: str
    reason: str
    signature: str

    _fields: ClassVar[frozenset[str]] = frozenset({"fixed_in", "fixed_at", "muted_until", "by", "reason", "signature"})


class MatchPage(Record):
    """MatchPage."""

    data: list[MatchView]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "MatchView"}


class MatchView(Record):
    """A failure as the API shows it: what it was, what the catalog said, what was decided, what came of it."""

    id: str
    run_id: str
    seq: int
    step_id: str | None
    attempt: int
    skill: str | None
    skill_version: str | None
    code: str
    category: Category
    message: str | None
    signature: str
    grouped_by: GroupedBy
    effect: str | None
    phase: str | None
    cost_micro_usd: int | None
    match_type: Literal["code+skill", "code", "signature", "miss"] | str
    entry: int | None
    confidence: float | None
    decision: str | None
    mode: RecoveryMode | None
    candidate: str | None
    shadow_mode: RecoveryMode | None
    recovery_attempted: bool
    recovery_succeeded: bool | None
    recovered_by: str | None
    injected: bool
    resolved_at: str | None
    created_at: str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "id", "run_id", "seq", "step_id", "attempt", "skill", "skill_version", "code", "category", "message", "signature", "grouped_by",
        "effect", "phase", "cost_micro_usd", "match_type", "entry", "confidence", "decision", "mode", "candidate", "shadow_mode",
        "recovery_attempted", "recovery_succeeded", "recovered_by", "injected", "resolved_at", "created_at",
    })
    _nested: ClassVar[Mapping[str, str]] = {"grouped_by": "GroupedBy"}


class MeasuredCost(Record):
    """What such steps cost, tries that failed included."""

    p50_micro_usd: int
    p95_micro_usd: int
    n: int

    _fields: ClassVar[frozenset[str]] = frozenset({"p50_micro_usd", "p95_micro_usd", "n"})


class MeasuredFailures(Record):
    """Which part of n calls failed."""

    rate: float
    n: int

    _fields: ClassVar[frozenset[str]] = frozenset({"rate", "n"})


class MeasuredLatency(Record):
    """What steps took that came to their result, from the first try on, and how many stand behind it."""

    p50_ms: int
    p95_ms: int
    n: int

    _fields: ClassVar[frozenset[str]] = frozenset({"p50_ms", "p95_ms", "n"})


class ModeView(Record):
    """ModeView."""

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
    mode: RecoveryMode | None
    time_to_recovery: TimesView

    _fields: ClassVar[frozenset[str]] = frozenset({
        "failures", "hits", "misses", "match_rate", "followed", "acceptance_rate", "tried", "worked", "success_rate", "rerun",
        "wasted_micro_usd", "mode", "time_to_recovery",
    })
    _nested: ClassVar[Mapping[str, str]] = {"time_to_recovery": "TimesView"}


class MuteBody(Record):
    """MuteBody."""

    reason: str
    until: str

    _fields: ClassVar[frozenset[str]] = frozenset({"reason", "until"})
