"""Kinds of records from GivenAnswerBody to GroupedBy. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_c import (
        Category,
    )
    from aos_sdk.types.names_f import (
        Fault,
    )
    from aos_sdk.types.names_m import (
        MarkView,
    )
    from aos_sdk.types.names_r import (
        RecoveryMode, Regression,
    )


class GivenAnswerBody(Record):
    """An answer, of the shape the question's form says."""

    value: Any

    _fields: ClassVar[frozenset[str]] = frozenset({"value"})


class GivenVerdict(Record):
    """A verdict that was taken down, and what it leads to."""

    run_id: str
    step_id: str
    verdict: Literal["happened", "did_not_happen", "probe_again"] | str
    by: str
    leads_to: str

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "step_id", "verdict", "by", "leads_to"})


class GoalBody(Record):
    """GoalBody."""

    budget_micro_usd: int | None
    budget_cents: float | str | None
    agent: str
    inputs: Record | None
    deadline_ms: int | None
    priority: int | None
    callback_url: str | None
    called_by: str | None
    faults: list[Fault] | None
    goal: str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "budget_micro_usd", "budget_cents", "agent", "inputs", "deadline_ms", "priority", "callback_url", "called_by", "faults", "goal",
    })
    _nested: ClassVar[Mapping[str, str]] = {"faults": "Fault"}


class GrantBody(Record):
    """A yes in advance to calls of `skill`; `agent` and `host` left out are all of them. One of `max_uses`, `max_total_micro_usd` and"""

    skill: str
    agent: str | None
    host: str | None
    max_uses: int | None
    max_call_micro_usd: int | None
    max_total_micro_usd: int | None
    expires_at: str | None
    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "skill", "agent", "host", "max_uses", "max_call_micro_usd", "max_total_micro_usd", "expires_at", "reason",
    })


class GrantPage(Record):
    """GrantPage."""

    data: list[GrantView]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "GrantView"}


class GrantUsePage(Record):
    """GrantUsePage."""

    data: list[GrantUseView]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "GrantUseView"}


class GrantUseView(Record):
    """A call that a grant let through."""

    run_id: str
    step_id: str
    action_hash: str
    worst_micro_usd: int
    at: str

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "step_id", "action_hash", "worst_micro_usd", "at"})


class GrantView(Record):
    """A standing grant, and how much of it is used."""

    grant_id: str
    state: Literal["in_force", "revoked", "expired", "used_up"] | str
    skill: str
    agent: str | None
    host: str | None
    max_uses: int | None
    max_call_micro_usd: int | None
    max_total_micro_usd: int | None
    expires_at: str | None
    uses: int
    used_micro_usd: int
    reason: str
    granted_by: str
    created_at: str
    revoked_at: str | None
    revoked_by: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "grant_id", "state", "skill", "agent", "host", "max_uses", "max_call_micro_usd", "max_total_micro_usd", "expires_at", "uses",
        "used_micro_usd", "reason", "granted_by", "created_at", "revoked_at", "revoked_by",
    })


class GroupAgent(Record):
    """GroupAgent."""

    agent_id: str | None
    agent: str | None
    failures: int

    _fields: ClassVar[frozenset[str]] = frozenset({"agent_id", "agent", "failures"})


class GroupCandidate(Record):
    """GroupCandidate."""

    candidate_id: str
    mode: RecoveryMode
    parameters: Record
    state: str
    policy: str
    applied: int
    succeeded: int
    confidence: float
    confidence_label: Literal["prior", "measured"] | str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "candidate_id", "mode", "parameters", "state", "policy", "applied", "succeeded", "confidence", "confidence_label",
    })


class GroupDecision(Record):
    """GroupDecision."""

    decision: str | None
    mode: RecoveryMode | None
    match_type: str
    failures: int
    tried: int
    worked: int
    rerun: int

    _fields: ClassVar[frozenset[str]] = frozenset({"decision", "mode", "match_type", "failures", "tried", "worked", "rerun"})


class GroupPage(Record):
    """GroupPage."""

    from_: str
    to: str
    filters: Record
    data: list[GroupView]
    more: bool

    _fields: ClassVar[frozenset[str]] = frozenset({"from", "to", "filters", "data", "more"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "GroupView"}


class GroupVersion(Record):
    """GroupVersion."""

    skill_version: str | None
    failures: int
    first_seen_at: str
    last_seen_at: str

    _fields: ClassVar[frozenset[str]] = frozenset({"skill_version", "failures", "first_seen_at", "last_seen_at"})


class GroupView(Record):
    """Failures of one signature."""

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

    _fields: ClassVar[frozenset[str]] = frozenset({
        "failures", "hits", "misses", "match_rate", "followed", "acceptance_rate", "tried", "worked", "success_rate", "rerun",
        "wasted_micro_usd", "before", "trend", "signature", "state", "code", "category", "skill", "host", "cause", "first_seen_at",
        "last_seen_at", "agents", "agents_in_all", "skill_versions", "mark", "regressed_on",
    })
    _nested: ClassVar[Mapping[str, str]] = {"agents": "GroupAgent", "mark": "MarkView", "regressed_on": "Regression"}


class GroupedBy(Record):
    """What all failures of a signature share."""

    skill: str | None
    code: str
    host: str | None
    cause: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"skill", "code", "host", "cause"})
