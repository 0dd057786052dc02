"""Kinds of records from RateForecast to RuntimeSkills. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_a import (
        ApprovalNotice, Aspect, Attempts,
    )
    from aos_sdk.types.names_b import (
        BomChange,
    )
    from aos_sdk.types.names_c import (
        Changes,
    )
    from aos_sdk.types.names_c2 import (
        Concurrency,
    )
    from aos_sdk.types.names_d import (
        Divergence,
    )
    from aos_sdk.types.names_e import (
        EffectAgain,
    )
    from aos_sdk.types.names_f import (
        Fault,
    )
    from aos_sdk.types.names_i import (
        Invariant,
    )
    from aos_sdk.types.names_s import (
        ScopeMoney, Shortage, Simulation, SkillLine, SkillMetadata, StepDifference,
    )
    from aos_sdk.types.names_t import (
        Time,
    )
    from aos_sdk.types.names_v import (
        VersionChange, VersionGap,
    )
    from aos_sdk.types.names_w import (
        WhatIfOutcome, WhoMay,
    )


class RateForecast(Record):
    """The calls a plan is expected to make under a limit a minute, and how long one of them waits for it at the most."""

    scope: str
    limit: int
    calls: int
    waits_ms: int

    _fields: ClassVar[frozenset[str]] = frozenset({"scope", "limit", "calls", "waits_ms"})


class RateLimit(Record):
    """So many calls a minute in a scope. `resets_at` is when all of it is there again if nobody calls; null where it is."""

    scope: str
    limit: int
    remaining: int
    resets_at: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"scope", "limit", "remaining", "resets_at"})


class RateRule(Record):
    """So many calls a minute of a skill, to a host, or of a skill to a host, by one agent."""

    skill: str | None
    host: str | None
    per_minute: int

    _fields: ClassVar[frozenset[str]] = frozenset({"skill", "host", "per_minute"})


class ReasonBody(Record):
    """ReasonBody."""

    reason: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"reason"})


RecoveryMode = Literal[
    "RETRY_IMMEDIATE", "RETRY_EXPONENTIAL", "RETRY_WITH_JITTER", "FALLBACK", "CIRCUIT_BREAKER", "SKIP", "ABORT", "ESCALATE",
    "CHECKPOINT_RESTORE", "MANUAL_INTERVENTION",
] | str


class RecoveryParameters(Record):
    """How a retry paces itself, and how else a mode goes about it; the pace that is None comes from the taxonomy."""

    max_attempts: int | None
    first_ms: int | None
    cap_ms: int | None
    factor: float | None
    max_restores: int | None
    fallback_skill: str | None
    fallback_params: Record | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "max_attempts", "first_ms", "cap_ms", "factor", "max_restores", "fallback_skill", "fallback_params",
    })


class Regression(Record):
    """Regression."""

    skill_version: str | None
    at: str

    _fields: ClassVar[frozenset[str]] = frozenset({"skill_version", "at"})


class RemovedBudget(Record):
    """RemovedBudget."""

    removed: str
    scope: str

    _fields: ClassVar[frozenset[str]] = frozenset({"removed", "scope"})


class ReplayBody(Record):
    """How a run is replayed. `allow_effects` is for live ones, `changes` and `assume` are for what-if."""

    mode: Literal["verify", "tape", "live", "what_if"] | str | None
    allow_effects: bool | None
    changes: Changes | None
    assume: Literal["stop", "success", "failure"] | str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"mode", "allow_effects", "changes", "assume"})
    _nested: ClassVar[Mapping[str, str]] = {"changes": "Changes"}


class ReplayReport(Record):
    """What a replay found. `matched` is None while a live one is under way; of a what-if it says that nothing would change."""

    run_id: str
    mode: Literal["verify", "tape", "live", "what_if"] | str
    status: Literal["done", "running"] | str | None
    matched: bool | None
    child_run_id: str | None
    missing: list[VersionGap] | None
    what_if: WhatIfOutcome | None
    content: str | None
    waiting_for: str | None
    divergence: Divergence | None
    invariants: list[Invariant]
    behaviour_hash: str
    recorded_behaviour_hash: str
    content_hash: str
    recorded_content_hash: str
    events: int

    _fields: ClassVar[frozenset[str]] = frozenset({
        "run_id", "mode", "status", "matched", "child_run_id", "missing", "what_if", "content", "waiting_for", "divergence", "invariants",
        "behaviour_hash", "recorded_behaviour_hash", "content_hash", "recorded_content_hash", "events",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "missing": "VersionGap", "what_if": "WhatIfOutcome", "divergence": "Divergence", "invariants": "Invariant",
    }


class Requested(Record):
    """A wish for a run that was taken down; the run meets it as soon as it can."""

    run_id: str
    requested: str

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "requested"})


class RequeueBody(Record):
    """`accept_doubt`: make effects again that happened, or may have."""

    reason: str
    accept_doubt: bool | None

    _fields: ClassVar[frozenset[str]] = frozenset({"reason", "accept_doubt"})


class RerunBody(Record):
    """How a run is done again; an empty body does all of it as it was. With `dry_run` the answer says what that would mean."""

    budget_micro_usd: int | None
    budget_cents: float | str | None
    from_step: str | None
    versions: Literal["current", "pinned"] | str | None
    params: Record | None
    inputs: Record | None
    plan_anew: bool | None
    repeat_effects: bool | None
    dry_run: bool | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "budget_micro_usd", "budget_cents", "from_step", "versions", "params", "inputs", "plan_anew", "repeat_effects", "dry_run",
    })


class RerunPreview(Record):
    """What doing a run again would mean: which steps are called, which results are kept, with which versions, at what cost; or what its"""

    run_id: str
    from_step: str | None
    versions: Literal["current", "pinned"] | str
    carried: list[str]
    again: list[str]
    version_changes: list[VersionChange]
    tells_planner: list[Record] | None
    effects_again: list[EffectAgain]
    simulation: Simulation | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "run_id", "from_step", "versions", "carried", "again", "version_changes", "tells_planner", "effects_again", "simulation",
    })
    _nested: ClassVar[Mapping[str, str]] = {"version_changes": "VersionChange", "effects_again": "EffectAgain", "simulation": "Simulation"}


class ResetBody(Record):
    """ResetBody."""

    skill: str
    host: str
    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({"skill", "host", "reason"})


class ResourceContract(Record):
    """What a run may use: fixed before it starts, its numbers read live."""

    run_id: str
    blocked_by: str | None
    budget: RunBudget
    rate_limits: list[RateLimit]
    concurrency: Concurrency
    time: Time
    attempts: Attempts
    allowed_skills: list[str]
    blocked_skills: list[str]
    allowed_hosts: list[str] | None
    approvals: list[ApprovalNotice]
    scopes: list[ScopeMoney]

    _fields: ClassVar[frozenset[str]] = frozenset({
        "run_id", "blocked_by", "budget", "rate_limits", "concurrency", "time", "attempts", "allowed_skills", "blocked_skills",
        "allowed_hosts", "approvals", "scopes",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "budget": "RunBudget", "rate_limits": "RateLimit", "concurrency": "Concurrency", "time": "Time", "attempts": "Attempts",
        "approvals": "ApprovalNotice", "scopes": "ScopeMoney",
    }


class RestoreBody(Record):
    """Brings a removed entry back, or any entry to what it said in an earlier version."""

    version: int | None
    to_version: int | None
    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({"version", "to_version", "reason"})


class RetryPolicy(Record):
    """How often to try in all and how long to wait between; what is not given comes from the catalog's advice."""

    max_attempts: int | None
    backoff_ms: int | None
    factor: float | None
    max_backoff_ms: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"max_attempts", "backoff_ms", "factor", "max_backoff_ms"})


class Reversal(Record):
    """The run that took an effect back, or tried to."""

    run_id: str
    status: str
    by: str
    reason: str
    at: str

    _fields: ClassVar[frozenset[str]] = frozenset({"run_id", "status", "by", "reason", "at"})


class RevokeGrantBody(Record):
    """RevokeGrantBody."""

    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({"reason"})


class Risk(Record):
    """What history says may go otherwise, with the number of calls or steps it rests on."""

    kind: Literal["fails", "slow", "unpredictable"] | str
    skill: str
    version: str
    step_ids: list[str]
    detail: str
    value: float
    n: int

    _fields: ClassVar[frozenset[str]] = frozenset({"kind", "skill", "version", "step_ids", "detail", "value", "n"})


class RunBody(Record):
    """A run of a given plan, of a goal for the agent's planner, or of a simulation, which says inputs, budget and deadline too."""

    budget_micro_usd: int | None
    budget_cents: float | str | None
    agent: str
    inputs: Record | None
    deadline_ms: int | None
    priority: int | None
    callback_url: str | None
    called_by: str | None
    faults: list[Fault] | None
    plan: Record | None
    goal: str | None
    simulation_id: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "budget_micro_usd", "budget_cents", "agent", "inputs", "deadline_ms", "priority", "callback_url", "called_by", "faults", "plan",
        "goal", "simulation_id",
    })
    _nested: ClassVar[Mapping[str, str]] = {"faults": "Fault"}


class RunBudget(Record):
    """The run's own money. `subtree_spent_micro_usd` is its own and that of all runs it called, each counted once."""

    total_micro_usd: int | None
    spent_micro_usd: int
    reserved_micro_usd: int
    per_step_max_micro_usd: int | None
    worst_case_to_finish_micro_usd: int | None
    subtree_spent_micro_usd: int | None
    on_exhausted: Literal["pause", "fail", "finish_cheap"] | str | None
    may_top_up: WhoMay
    shortage: Shortage | None
    remaining_micro_usd: int | None
    cents: Record

    _fields: ClassVar[frozenset[str]] = frozenset({
        "total_micro_usd", "spent_micro_usd", "reserved_micro_usd", "per_step_max_micro_usd", "worst_case_to_finish_micro_usd",
        "subtree_spent_micro_usd", "on_exhausted", "may_top_up", "shortage", "remaining_micro_usd", "cents",
    })
    _nested: ClassVar[Mapping[str, str]] = {"may_top_up": "WhoMay", "shortage": "Shortage"}


class RunCost(Record):
    """`subtree_spent_micro_usd`: what the run and all runs it called have spent."""

    spent_micro_usd: int
    subtree_spent_micro_usd: int
    reserved_micro_usd: int
    limit_micro_usd: int | None
    worst_to_finish_micro_usd: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "spent_micro_usd", "subtree_spent_micro_usd", "reserved_micro_usd", "limit_micro_usd", "worst_to_finish_micro_usd",
    })


class RunDifference(Record):
    """Two runs side by side. `same` when nothing that counts differs: results, texts and durations never do."""

    run_id: str
    other_run_id: str
    same: bool
    complete: bool
    divergence: Divergence | None
    other_seq: int | None
    invariants: list[Invariant]
    aspects: list[Aspect]
    made_of: list[BomChange]
    steps: list[StepDifference]

    _fields: ClassVar[frozenset[str]] = frozenset({
        "run_id", "other_run_id", "same", "complete", "divergence", "other_seq", "invariants", "aspects", "made_of", "steps",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "divergence": "Divergence", "invariants": "Invariant", "aspects": "Aspect", "made_of": "BomChange", "steps": "StepDifference",
    }


class RunEventView(Record):
    """RunEventView."""

    seq: int
    kind: str
    at_ms: int
    step_id: str | None
    attempt: int | None
    data: Record

    _fields: ClassVar[frozenset[str]] = frozenset({"seq", "kind", "at_ms", "step_id", "attempt", "data"})


class RunPage(Record):
    """RunPage."""

    data: list[RunView]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "RunView"}


class RunView(Record):
    """A run as lists and pages show it."""

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

    _fields: ClassVar[frozenset[str]] = frozenset({
        "run_id", "status", "waiting_for", "goal", "agent", "planner", "summary", "failure_code", "cost", "steps_total", "steps_done",
        "retries", "faults", "created_at", "started_at", "finished_at", "behaviour_hash", "content_hash", "journal_head", "parent_run_id",
        "relation", "blocked_by", "trace_id", "kept", "removed_at",
    })
    _nested: ClassVar[Mapping[str, str]] = {"cost": "RunCost"}


class RunsNow(Record):
    """Runs that are being worked on, and how many may be; null is unlimited."""

    running: int
    limit: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"running", "limit"})


class RuntimeSkills(Record):
    """All skills in full, and beside it a line for each."""

    data: list[SkillMetadata]
    skills: list[SkillLine]
    count: int

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "skills", "count"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "SkillMetadata", "skills": "SkillLine"}
