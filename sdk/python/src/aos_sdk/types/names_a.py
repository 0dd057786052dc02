"""Kinds of records from AcceptedRun to AuditView. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_b import (
        Budget,
    )
    from aos_sdk.types.names_c import (
        Callback,
    )
    from aos_sdk.types.names_c2 import (
        CodeView,
    )
    from aos_sdk.types.names_h import (
        HeatMap,
    )
    from aos_sdk.types.names_m import (
        ModeView,
    )
    from aos_sdk.types.names_p import (
        PlannerChoice,
    )
    from aos_sdk.types.names_r import (
        RateRule, RecoveryMode, RunCost,
    )
    from aos_sdk.types.names_t import (
        Totals,
    )
    from aos_sdk.types.names_u import (
        UnreadableRun,
    )
    from aos_sdk.types.names_v import (
        VersionCounts,
    )
    from aos_sdk.types.names_w import (
        WhoMay,
    )


class AcceptedRun(Record):
    """A run that was accepted; `callback` where one was asked for."""

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
    callback: Callback | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "run_id", "status", "waiting_for", "goal", "agent", "planner", "summary", "failure_code", "cost", "steps_total", "steps_done",
        "retries", "faults", "created_at", "started_at", "finished_at", "behaviour_hash", "content_hash", "journal_head", "parent_run_id",
        "relation", "blocked_by", "trace_id", "kept", "removed_at", "callback",
    })
    _nested: ClassVar[Mapping[str, str]] = {"cost": "RunCost", "callback": "Callback"}


class AccountBody(Record):
    """AccountBody."""

    name: str
    role: Literal["viewer", "auditor", "approver", "operator", "developer", "tenant_admin"] | str
    description: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"name", "role", "description"})


class AccountPage(Record):
    """AccountPage."""

    data: list[AccountView]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "AccountView"}


class AccountView(Record):
    """A program as a member of the tenant; `scopes` is what its keys can do at most."""

    service_account_id: str
    name: str
    description: str
    role: Literal["viewer", "auditor", "approver", "operator", "developer", "tenant_admin"] | str
    scopes: list[str]
    is_active: bool
    created_at: str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "service_account_id", "name", "description", "role", "scopes", "is_active", "created_at",
    })


class AdviceChange(Record):
    """What the catalog would have said about failures of a code or of a signature."""

    code: str | None
    signature: str | None
    mode: RecoveryMode
    max_attempts: int | None
    first_ms: int | None
    cap_ms: int | None
    factor: float | None
    max_restores: int | None
    fallback_skill: str | None
    fallback_params: Record | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "code", "signature", "mode", "max_attempts", "first_ms", "cap_ms", "factor", "max_restores", "fallback_skill", "fallback_params",
    })


class AgentBody(Record):
    """AgentBody."""

    name: str
    description: str | None
    status: Literal["active", "paused", "disabled"] | str | None
    profile: Record | None

    _fields: ClassVar[frozenset[str]] = frozenset({"name", "description", "status", "profile"})


class AgentCounts(Record):
    """AgentCounts."""

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
    agent_id: str | None
    agent: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "failures", "hits", "misses", "match_rate", "followed", "acceptance_rate", "tried", "worked", "success_rate", "rerun",
        "wasted_micro_usd", "agent_id", "agent",
    })


class AgentPage(Record):
    """AgentPage."""

    data: list[AgentView]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "AgentView"}


class AgentProfile(Record):
    """The means of an agent. Unknown fields are refused, so a misspelt limit is never ignored in silence."""

    planner: PlannerChoice | None
    allowed_skills: list[str] | None
    blocked_skills: list[str] | None
    allowed_hosts: list[str] | None
    skill_config: Record | None
    rate_limit_per_minute: int | None
    rate_limits: list[RateRule] | None
    max_parallel_steps: int | None
    max_concurrent_runs: int | None
    max_attempts: int | None
    max_repetitions: int | None
    max_run_duration_ms: int | None
    budget: Budget | None
    approval_effects: list[Literal["idempotent_write", "write", "irreversible"] | str] | None
    approval_above_micro_usd: int | None
    approval_hosts: list[str] | None
    approval_first_use_of_host: bool | None
    plan_may_waive_approval: bool | None
    approval_ttl_ms: int | None
    approval_escalate_after_ms: int | None
    approval_on_expiry: Literal["fail", "skip", "abort"] | str | None
    in_doubt_policy: Literal["ask", "assume_happened", "assume_not"] | str | None
    memory_backend: Literal["none"] | str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "planner", "allowed_skills", "blocked_skills", "allowed_hosts", "skill_config", "rate_limit_per_minute", "rate_limits",
        "max_parallel_steps", "max_concurrent_runs", "max_attempts", "max_repetitions", "max_run_duration_ms", "budget", "approval_effects",
        "approval_above_micro_usd", "approval_hosts", "approval_first_use_of_host", "plan_may_waive_approval", "approval_ttl_ms",
        "approval_escalate_after_ms", "approval_on_expiry", "in_doubt_policy", "memory_backend",
    })
    _nested: ClassVar[Mapping[str, str]] = {"planner": "PlannerChoice", "rate_limits": "RateRule", "budget": "Budget"}


class AgentVersionPage(Record):
    """AgentVersionPage."""

    data: list[AgentVersionView]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "AgentVersionView"}


class AgentVersionView(Record):
    """A version of an agent's profile as it was saved."""

    agent_id: str
    version: int
    is_current: bool
    profile: AgentProfile
    saved_by: str
    reason: str
    saved_at: str

    _fields: ClassVar[frozenset[str]] = frozenset({"agent_id", "version", "is_current", "profile", "saved_by", "reason", "saved_at"})
    _nested: ClassVar[Mapping[str, str]] = {"profile": "AgentProfile"}


class AgentView(Record):
    """An agent as the API shows it. `owner` is who made it, or was given it, as the audit log names actors; null is nobody."""

    agent_id: str
    name: str
    description: str
    status: Literal["active", "paused", "disabled"] | str
    owner: str | None
    profile: AgentProfile
    version: int
    created_at: str
    updated_at: str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "agent_id", "name", "description", "status", "owner", "profile", "version", "created_at", "updated_at",
    })
    _nested: ClassVar[Mapping[str, str]] = {"profile": "AgentProfile"}


class Alternative(Record):
    """Another call that might reach the same end."""

    skill: str
    params: Record | None
    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({"skill", "params", "reason"})


class AnalyticsView(Record):
    """AnalyticsView."""

    from_: str
    to: str
    filters: Record
    totals: Totals
    by_code: list[CodeView]
    by_mode: list[ModeView]
    by_agent: list[AgentCounts]
    by_skill_version: list[VersionCounts]
    heat_map: HeatMap

    _fields: ClassVar[frozenset[str]] = frozenset({
        "from", "to", "filters", "totals", "by_code", "by_mode", "by_agent", "by_skill_version", "heat_map",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "totals": "Totals", "by_code": "CodeView", "by_mode": "ModeView", "by_agent": "AgentCounts", "by_skill_version": "VersionCounts",
        "heat_map": "HeatMap",
    }


class AnswerBody(Record):
    """What somebody decides for a step that waits, as `POST /runs/{run_id}/decide` takes it."""

    run_id: str
    step_id: str
    verdict: str
    action_hash: str | None
    value: Any
    reason: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "step_id", "verdict", "action_hash", "value", "reason"})


class ApprovalBody(Record):
    """A word on exactly the action that was shown: its hash binds it. A no says why, in 10 characters at least."""

    action_hash: str
    reason: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"action_hash", "reason"})


class ApprovalForecast(Record):
    """A step that will ask before it starts: why, and who may answer."""

    step_id: str
    skill: str
    reason: str
    who: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "skill", "reason", "who"})


class ApprovalNotice(Record):
    """A step that will ask somebody before it starts, whom, and why."""

    step_id: str
    skill: str
    reason: str
    asks: WhoMay

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "skill", "reason", "asks"})
    _nested: ClassVar[Mapping[str, str]] = {"asks": "WhoMay"}


class ApprovalPage(Record):
    """ApprovalPage."""

    data: list[ApprovalView]
    unreadable: list[UnreadableRun]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "unreadable", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "ApprovalView", "unreadable": "UnreadableRun"}


class ApprovalView(Record):
    """A call that waits for an approval, with what it would do. Null `worst_micro_usd`: nobody knows what it costs at most."""

    run_id: str
    step_id: str
    agent: str
    goal: str
    requested_by: str
    skill: str
    version: str
    effect: str
    needs_reason: bool
    params: Any
    worst_micro_usd: int | None
    action_hash: str
    asks_because: str
    is_escalated: bool
    on_expiry: Literal["fail", "skip", "abort"] | str
    expires_at: str | None
    run_created_at: str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "run_id", "step_id", "agent", "goal", "requested_by", "skill", "version", "effect", "needs_reason", "params", "worst_micro_usd",
        "action_hash", "asks_because", "is_escalated", "on_expiry", "expires_at", "run_created_at",
    })


class ApproveBody(Record):
    """A yes. With `params` the call happens with these, and `edited_hash` is what the edit was shown as (POST …/edit)."""

    action_hash: str
    reason: str | None
    params: Record | None
    edited_hash: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"action_hash", "reason", "params", "edited_hash"})


class Aspect(Record):
    """Something in which two runs, or a step of them, differ. What does not count is shown and makes no difference."""

    what: str
    counts: bool
    first: Any
    second: Any

    _fields: ClassVar[frozenset[str]] = frozenset({"what", "counts", "first", "second"})


class Assumed(Record):
    """What a what-if could not know and took for granted."""

    step_id: str
    attempt: int
    what: str

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "attempt", "what"})


class Attempt(Record):
    """One attempt to deliver: the HTTP status, or why there is none."""

    at: str
    status: int | None
    error: str
    took_ms: int

    _fields: ClassVar[frozenset[str]] = frozenset({"at", "status", "error", "took_ms"})


class Attempts(Record):
    """Calls the run has made, and how many more it may make; null is unlimited."""

    used: int
    left: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"used", "left"})


class AuditPage(Record):
    """AuditPage."""

    data: list[AuditView]
    next_before: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_before"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "AuditView"}


class AuditView(Record):
    """One thing somebody did. `hash` is over all of it and over `prev`, the hash of the entry before it."""

    seq: int
    at: str
    actor: str
    via: str
    key_id: str | None
    action: str
    words: str
    target: str | None
    before: str | None
    after: str | None
    reason: str | None
    trace_id: str | None
    prev: str
    hash: str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "seq", "at", "actor", "via", "key_id", "action", "words", "target", "before", "after", "reason", "trace_id", "prev", "hash",
    })
