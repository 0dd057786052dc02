"""Kinds of records from Obstacle to OutcomeChange. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_c import (
        Category, Clearing,
    )
    from aos_sdk.types.names_g import (
        GroupAgent, GroupCandidate, GroupDecision, GroupVersion,
    )
    from aos_sdk.types.names_m import (
        MarkView, MatchView,
    )
    from aos_sdk.types.names_r import (
        Regression,
    )
    from aos_sdk.types.names_w import (
        WhyGrouped,
    )


class Obstacle(Record):
    """Something that keeps a run, or one of its steps, from going on."""

    what: Literal[
        "lease",     "slot",     "schedule",     "paused",     "frozen",     "in_doubt",     "approval",     "input",     "budget",
        "missing_version",     "circuit",     "rate",     "retry",     "dependency",
    ] | str
    step_id: str | None
    detail: str
    scope: str | None
    current: int | None
    limit: int | None
    holder: str | None
    since_at: str | None
    eta_at: str | None
    action: Clearing

    _fields: ClassVar[frozenset[str]] = frozenset({
        "what", "step_id", "detail", "scope", "current", "limit", "holder", "since_at", "eta_at", "action",
    })
    _nested: ClassVar[Mapping[str, str]] = {"action": "Clearing"}


class OneGroupView(Record):
    """OneGroupView."""

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
    signature: str
    state: Literal["new", "ongoing", "regressed", "fixed", "muted"] | str
    code: str
    category: Category
    skill: str | None
    host: str | None
    cause: str | None
    first_seen_at: str
    last_seen_at: str
    agents: list[GroupAgent]
    agents_in_all: int
    skill_versions: list[str]
    mark: MarkView | None
    regressed_on: Regression | None
    from_: str
    to: str
    why_grouped: WhyGrouped
    versions: list[GroupVersion]
    decisions: list[GroupDecision]
    candidate: GroupCandidate | None
    examples: list[MatchView]

    _fields: ClassVar[frozenset[str]] = frozenset({
        "failures", "hits", "misses", "match_rate", "followed", "acceptance_rate", "tried", "worked", "success_rate", "rerun",
        "wasted_micro_usd", "before", "trend", "signature", "state", "code", "category", "skill", "host", "cause", "first_seen_at",
        "last_seen_at", "agents", "agents_in_all", "skill_versions", "mark", "regressed_on", "from", "to", "why_grouped", "versions",
        "decisions", "candidate", "examples",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "agents": "GroupAgent", "mark": "MarkView", "regressed_on": "Regression", "why_grouped": "WhyGrouped", "versions": "GroupVersion",
        "decisions": "GroupDecision", "candidate": "GroupCandidate", "examples": "MatchView",
    }


class OneOfMany(Record):
    """A call as it was shown."""

    run_id: str
    step_id: str
    action_hash: str

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "step_id", "action_hash"})


class OtherChance(Record):
    """The run that does it once more."""

    run_id: str
    status: Literal["queued", "running", "waiting", "succeeded", "partial", "failed", "cancelled", "dead_lettered"] | str

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "status"})


class OtlpTrace(Record):
    """The same as OpenTelemetry tells it (OTLP/JSON), where `format=otlp` is asked for."""

    resourceSpans: list[Record]

    _fields: ClassVar[frozenset[str]] = frozenset({"resourceSpans"})


class OutcomeChange(Record):
    """What a call would have come to instead: a result, or a failure with a code."""

    step_id: str
    attempt: int | None
    result: Any
    code: str | None
    message: str | None
    phase: Literal["not_sent", "maybe_sent", "acked"] | str | None
    retry_after_ms: int | None
    cost_micro_usd: int | None
    latency_ms: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "step_id", "attempt", "result", "code", "message", "phase", "retry_after_ms", "cost_micro_usd", "latency_ms",
    })
