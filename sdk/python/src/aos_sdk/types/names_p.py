"""Kinds of records from Pace to Problem. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_c import (
        Category, ChaosCase,
    )
    from aos_sdk.types.names_c2 import (
        CostRange,
    )
    from aos_sdk.types.names_d import (
        DurationRange,
    )
    from aos_sdk.types.names_f import (
        FaultDetail,
    )
    from aos_sdk.types.names_r import (
        RecoveryMode, RecoveryParameters, RetryPolicy,
    )


class Pace(Record):
    """Pace."""

    max_attempts: int
    first_ms: int
    cap_ms: int
    factor: float

    _fields: ClassVar[frozenset[str]] = frozenset({"max_attempts", "first_ms", "cap_ms", "factor"})


class PairReport(Record):
    """What pairs of faults lead to, one after the other on the same step; `cases` are those that went wrong."""

    played: int
    duplicating: int
    cases: list[ChaosCase]

    _fields: ClassVar[frozenset[str]] = frozenset({"played", "duplicating", "cases"})
    _nested: ClassVar[Mapping[str, str]] = {"cases": "ChaosCase"}


class Part(Record):
    """Part."""

    calls: int
    cost_micro_usd: int

    _fields: ClassVar[frozenset[str]] = frozenset({"calls", "cost_micro_usd"})


class PatchedAccountChanges(Record):
    """PatchedAccountChanges."""

    role: Literal["viewer", "auditor", "approver", "operator", "developer", "tenant_admin"] | str | None
    description: str | None
    is_active: bool | None

    _fields: ClassVar[frozenset[str]] = frozenset({"role", "description", "is_active"})


class PatchedAgentChanges(Record):
    """What to change; a given profile replaces the old one whole."""

    name: str | None
    description: str | None
    status: Literal["active", "paused", "disabled"] | str | None
    profile: Record | None
    owner: str | None
    expected_version: int | None
    reason: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"name", "description", "status", "profile", "owner", "expected_version", "reason"})


class PatchedEntryChanges(Record):
    """What to change in which version; given parameters replace the old ones whole."""

    version: int
    reason: str
    mode: RecoveryMode | None
    parameters: RecoveryParameters | None
    suggestions: list[str] | None
    doc_url: str | None
    prior_confidence: float | None

    _fields: ClassVar[frozenset[str]] = frozenset({"version", "reason", "mode", "parameters", "suggestions", "doc_url", "prior_confidence"})
    _nested: ClassVar[Mapping[str, str]] = {"parameters": "RecoveryParameters"}


class PatchedWebhookChanges(Record):
    """What is to be other than it is; `is_enabled` switches an endpoint off, or on again."""

    url: str | None
    event_types: list[str] | None
    description: str | None
    may_answer: bool | None
    is_enabled: bool | None

    _fields: ClassVar[frozenset[str]] = frozenset({"url", "event_types", "description", "may_answer", "is_enabled"})


class PermissionGap(Record):
    """PermissionGap."""

    step_id: str
    skill: str
    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "skill", "reason"})


class Plan(Record):
    """An ordered set of steps that reaches a goal. Order is given by dependencies, not by position."""

    schema_version: Any
    planner: str | None
    planner_version: str | None
    goal: str | None
    steps: list[PlanStep]
    metadata: Record | None

    _fields: ClassVar[frozenset[str]] = frozenset({"schema_version", "planner", "planner_version", "goal", "steps", "metadata"})
    _nested: ClassVar[Mapping[str, str]] = {"steps": "PlanStep"}


class PlanAlternative(Record):
    """Another way to the same end, simulated like the plan itself. `change` is what would have to be otherwise; the saving"""

    kind: Literal["cheaper_model", "degraded", "parallel_steps", "larger_budget"] | str
    step_ids: list[str]
    detail: str
    change: Record
    saving_micro_usd: int | None
    cost: CostRange | None
    duration: DurationRange | None
    verdict: Literal[
        "feasible",     "budget_insufficient",     "permission_denied",     "skill_unavailable",     "plan_invalid",     "rate_limited",
        "deadline_insufficient",
    ] | str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "kind", "step_ids", "detail", "change", "saving_micro_usd", "cost", "duration", "verdict",
    })
    _nested: ClassVar[Mapping[str, str]] = {"cost": "CostRange", "duration": "DurationRange"}


class PlanBody(Record):
    """PlanBody."""

    plan: Record

    _fields: ClassVar[frozenset[str]] = frozenset({"plan"})


class PlanStep(Record):
    """One skill call of a plan."""

    step_id: str
    skill: str
    version: str | None
    params: Record | None
    description: str | None
    depends_on: list[str] | None
    condition: str | None
    for_each: str | None
    max_items: int | None
    on_error: Literal["abort", "continue", "retry", "fallback", "escalate"] | str | None
    retry: RetryPolicy | None
    fallback_skill: str | None
    fallback_params: Record | None
    timeout_ms: int | None
    approval: Literal["never", "always", "policy"] | str | None
    output_key: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "step_id", "skill", "version", "params", "description", "depends_on", "condition", "for_each", "max_items", "on_error", "retry",
        "fallback_skill", "fallback_params", "timeout_ms", "approval", "output_key",
    })
    _nested: ClassVar[Mapping[str, str]] = {"retry": "RetryPolicy"}


class PlanVerdict(Record):
    """PlanVerdict."""

    valid: bool
    plan_hash: str

    _fields: ClassVar[frozenset[str]] = frozenset({"valid", "plan_hash"})


class PlannerChoice(Record):
    """Which planner proposes for the agent, with that planner's own options (model, effort, …)."""

    name: Literal["stub", "claude", "openai_compatible"] | str | None
    options: Record | None

    _fields: ClassVar[frozenset[str]] = frozenset({"name", "options"})


class Policies(Record):
    """Other policies of the agent than the run was accepted under."""

    approval_effects: list[Literal["none", "read", "idempotent_write", "write", "irreversible"] | str] | None
    in_doubt_policy: Literal["ask", "assume_happened", "assume_not"] | str | None
    on_exhausted: Literal["pause", "fail", "finish_cheap"] | str | None
    allowed_skills: list[str] | None
    blocked_skills: list[str] | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "approval_effects", "in_doubt_policy", "on_exhausted", "allowed_skills", "blocked_skills",
    })


class PriceList(Record):
    """PriceList."""

    data: list[PriceView]

    _fields: ClassVar[frozenset[str]] = frozenset({"data"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "PriceView"}


class PriceTier(Record):
    """Micro-USD per million tokens, for calls whose input is longer than `above_input_tokens`."""

    above_input_tokens: int
    input: int
    output: int
    cache_read: int
    cache_write: int

    _fields: ClassVar[frozenset[str]] = frozenset({"above_input_tokens", "input", "output", "cache_read", "cache_write"})


class PriceView(Record):
    """What a model, or a call of a skill, costs from a day on. `version` is what charges name it by (`pricing_version`)."""

    price_id: str
    version: str
    provider: Literal["anthropic", "openai_compatible", "skill"] | str
    model: str
    match: list[Record]
    valid_from: str | None
    state: Literal["in_force", "coming", "past", "withdrawn"] | str
    origin: Literal["shipped", "operator"] | str
    tiers: list[PriceTier]
    per_call_micro_usd: int | None
    created_at: str
    withdrawn_at: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "price_id", "version", "provider", "model", "match", "valid_from", "state", "origin", "tiers", "per_call_micro_usd", "created_at",
        "withdrawn_at",
    })
    _nested: ClassVar[Mapping[str, str]] = {"tiers": "PriceTier"}


class ProbeAnswer(Record):
    """What one look found out."""

    at: str
    attempt: int
    answer: Literal["happened", "did_not_happen", "unknown"] | str

    _fields: ClassVar[frozenset[str]] = frozenset({"at", "attempt", "answer"})


class ProbeTold(Record):
    """Whether the skill can look whether it happened, how, and what it found out so far."""

    possible: bool
    how: str | None
    answers: list[ProbeAnswer]

    _fields: ClassVar[frozenset[str]] = frozenset({"possible", "how", "answers"})
    _nested: ClassVar[Mapping[str, str]] = {"answers": "ProbeAnswer"}


class Problem(Record):
    """Every error of every route (RFC 9457). `type` is the address of the code's page."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    category: Category
    retryable: bool
    retry_safety: Literal["safe", "unsafe", "unknown"] | str
    retry_after_ms: int | None
    suggestions: list[str]
    run_id: str | None
    trace_id: str | None
    errors: list[FaultDetail]

    _fields: ClassVar[frozenset[str]] = frozenset({
        "type", "title", "status", "detail", "instance", "code", "category", "retryable", "retry_safety", "retry_after_ms", "suggestions",
        "run_id", "trace_id", "errors",
    })
    _nested: ClassVar[Mapping[str, str]] = {"errors": "FaultDetail"}
