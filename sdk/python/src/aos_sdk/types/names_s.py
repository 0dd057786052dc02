"""Kinds of records from SchemaNames to SuggestionView. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_a import (
        ApprovalForecast, Aspect,
    )
    from aos_sdk.types.names_b import (
        Blocker, BudgetAfter,
    )
    from aos_sdk.types.names_c import (
        Calibration, CandidateView, CodeCount,
    )
    from aos_sdk.types.names_c2 import (
        CompositionHints, Constraints, CostModel, CostRange,
    )
    from aos_sdk.types.names_d import (
        DurationRange,
    )
    from aos_sdk.types.names_e import (
        Effect, EntryView, Execution,
    )
    from aos_sdk.types.names_f import (
        FailureInfo, FailureMode,
    )
    from aos_sdk.types.names_m import (
        MeasuredCost, MeasuredFailures, MeasuredLatency,
    )
    from aos_sdk.types.names_n import (
        NextActions,
    )
    from aos_sdk.types.names_p import (
        PermissionGap, PlanAlternative,
    )
    from aos_sdk.types.names_r import (
        RateForecast, RecoveryMode, RetryPolicy, Risk,
    )
    from aos_sdk.types.names_w import (
        WhoMay,
    )


class SchemaNames(Record):
    """SchemaNames."""

    data: list[str]

    _fields: ClassVar[frozenset[str]] = frozenset({"data"})


class ScopeAfter(Record):
    """What the worst case leaves of a scope of money; null where that is unlimited, or the worst case not known."""

    scope: str
    limit_micro_usd: int | None
    remaining_micro_usd: int | None
    worst_micro_usd: int | None
    after_micro_usd: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"scope", "limit_micro_usd", "remaining_micro_usd", "worst_micro_usd", "after_micro_usd"})


class ScopeMoney(Record):
    """A scope the run draws on. Reserved is what runs hold of it, what they have spent since they last settled included."""

    total_micro_usd: int | None
    spent_micro_usd: int
    reserved_micro_usd: int
    scope: str
    kind: Literal["tenant", "agent", "model", "run"] | str
    key: str
    day: str | None
    remaining_micro_usd: int | None
    cents: Record

    _fields: ClassVar[frozenset[str]] = frozenset({
        "total_micro_usd", "spent_micro_usd", "reserved_micro_usd", "scope", "kind", "key", "day", "remaining_micro_usd", "cents",
    })


class SentCall(Record):
    """The call in doubt. `ended_at` null: nobody lived to tell; `target` null: nobody can say."""

    attempt: int
    at: str
    ended_at: str | None
    timeout_ms: int
    phase: Literal["not_sent", "maybe_sent", "acked"] | str
    target: str | None
    idempotency_key: str | None
    bytes_acknowledged: int | None
    provider_reference: str | None
    side_effects: list[SideEffect]

    _fields: ClassVar[frozenset[str]] = frozenset({
        "attempt", "at", "ended_at", "timeout_ms", "phase", "target", "idempotency_key", "bytes_acknowledged", "provider_reference",
        "side_effects",
    })
    _nested: ClassVar[Mapping[str, str]] = {"side_effects": "SideEffect"}


class Shortage(Record):
    """Why a run waits for money: the scope that is short, what it lacks for the next step, and what the run may need in all."""

    scope: str
    missing_micro_usd: int
    cost_to_finish_micro_usd: int | None
    retry_at: str | None
    may_top_up: WhoMay

    _fields: ClassVar[frozenset[str]] = frozenset({"scope", "missing_micro_usd", "cost_to_finish_micro_usd", "retry_at", "may_top_up"})
    _nested: ClassVar[Mapping[str, str]] = {"may_top_up": "WhoMay"}


class SideEffect(Record):
    """One thing a call did, or may have done, outside. `target` holds no secrets and no query values."""

    type: str
    target: str
    effect: Effect
    phase: Literal["not_sent", "maybe_sent", "acked"] | str
    idempotency_key: str | None
    reversible: bool | None
    reversed_by: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"type", "target", "effect", "phase", "idempotency_key", "reversible", "reversed_by"})


class SimulateBody(Record):
    """SimulateBody."""

    budget_micro_usd: int | None
    budget_cents: float | str | None
    plan: Record | None
    goal: str | None
    agent: str | None
    inputs: Record | None
    deadline_ms: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"budget_micro_usd", "budget_cents", "plan", "goal", "agent", "inputs", "deadline_ms"})


class Simulation(Record):
    """What a plan would cost and take, and what would stop it, before anything is done."""

    simulation_id: str
    plan_hash: str | None
    feasible: bool
    verdict: Literal[
        "feasible",     "budget_insufficient",     "permission_denied",     "skill_unavailable",     "plan_invalid",     "rate_limited",
        "deadline_insufficient",
    ] | str
    blockers: list[Blocker]
    cost: CostRange
    duration: DurationRange
    steps: list[StepForecast]
    permission_gaps: list[PermissionGap]
    approvals: list[ApprovalForecast]
    budget_after: BudgetAfter | None
    scopes: list[ScopeAfter] | None
    rate_limits: list[RateForecast] | None
    risks: list[Risk] | None
    alternatives: list[PlanAlternative] | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "simulation_id", "plan_hash", "feasible", "verdict", "blockers", "cost", "duration", "steps", "permission_gaps", "approvals",
        "budget_after", "scopes", "rate_limits", "risks", "alternatives",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "blockers": "Blocker", "cost": "CostRange", "duration": "DurationRange", "steps": "StepForecast",
        "permission_gaps": "PermissionGap", "approvals": "ApprovalForecast", "budget_after": "BudgetAfter", "scopes": "ScopeAfter",
        "rate_limits": "RateForecast", "risks": "Risk", "alternatives": "PlanAlternative",
    }


class SkillLine(Record):
    """SkillLine."""

    name: str
    version: str
    description: str

    _fields: ClassVar[frozenset[str]] = frozenset({"name", "version", "description"})


class SkillList(Record):
    """SkillList."""

    data: list[SkillMetadata]

    _fields: ClassVar[frozenset[str]] = frozenset({"data"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "SkillMetadata"}


class SkillMetadata(Record):
    """What `describe_skill` returns. `digest` is over all of it but itself and the measured part."""

    name: str
    version: str
    description: str
    input_schema: Record
    output_schema: Record
    config_schema: Record
    digest: str
    cost_model: CostModel
    avg_latency_ms: int
    measured_latency: MeasuredLatency | None
    measured_cost: MeasuredCost | None
    measured_failures: MeasuredFailures | None
    calibration: Calibration | None
    failure_modes: list[FailureMode]
    constraints: Constraints
    effect: Effect
    reversible_by: str | None
    key_strategy: Literal["run_step_params", "none"] | str
    probe: str | None
    deterministic: bool
    required_scopes: list[str]
    composition_hints: CompositionHints
    stability: Literal["experimental", "stable", "deprecated"] | str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "name", "version", "description", "input_schema", "output_schema", "config_schema", "digest", "cost_model", "avg_latency_ms",
        "measured_latency", "measured_cost", "measured_failures", "calibration", "failure_modes", "constraints", "effect", "reversible_by",
        "key_strategy", "probe", "deterministic", "required_scopes", "composition_hints", "stability",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "cost_model": "CostModel", "measured_latency": "MeasuredLatency", "measured_cost": "MeasuredCost",
        "measured_failures": "MeasuredFailures", "calibration": "Calibration", "failure_modes": "FailureMode", "constraints": "Constraints",
        "composition_hints": "CompositionHints",
    }


class StatsView(Record):
    """StatsView."""

    data: list[CodeCount]

    _fields: ClassVar[frozenset[str]] = frozenset({"data"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "CodeCount"}


class StepDifference(Record):
    """A step of two runs side by side: in which of them it is, in what it differs, and whether its result is the same."""

    step_id: str
    within: Literal["both", "first", "second"] | str
    same: bool
    content: Literal["same", "differs", "none"] | str
    aspects: list[Aspect]

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "within", "same", "content", "aspects"})
    _nested: ClassVar[Mapping[str, str]] = {"aspects": "Aspect"}


class StepForecast(Record):
    """What one step is expected to cost and take. `source` says where the numbers come from: `static` is what the skill"""

    step_id: str
    skill: str
    version: str
    effect: str
    cost: CostRange
    duration: DurationRange
    source: str

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "skill", "version", "effect", "cost", "duration", "source"})
    _nested: ClassVar[Mapping[str, str]] = {"cost": "CostRange", "duration": "DurationRange"}


class StepPolicy(Record):
    """What a step of the plan would say otherwise."""

    on_error: Literal["abort", "continue", "retry", "fallback", "escalate"] | str | None
    retry: RetryPolicy | None
    fallback_skill: str | None
    fallback_params: Record | None
    condition: str | None
    approval: Literal["never", "always", "policy"] | str | None
    timeout_ms: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "on_error", "retry", "fallback_skill", "fallback_params", "condition", "approval", "timeout_ms",
    })
    _nested: ClassVar[Mapping[str, str]] = {"retry": "RetryPolicy"}


class StructuredOutcome(Record):
    """What every skill call returns; it never raises. Exactly one of result and failure is meant, by `success`."""

    success: bool
    result: Any
    failure: FailureInfo | None
    execution: Execution
    side_effects: list[SideEffect] | None
    next_actions: NextActions | None

    _fields: ClassVar[frozenset[str]] = frozenset({"success", "result", "failure", "execution", "side_effects", "next_actions"})
    _nested: ClassVar[Mapping[str, str]] = {
        "failure": "FailureInfo", "execution": "Execution", "side_effects": "SideEffect", "next_actions": "NextActions",
    }


class SuggestBody(Record):
    """A code, or a failure by its id; about a failure the suggestion is kept as the candidate of its signature."""

    code: str | None
    match_id: str | None
    context: SuggestContext | None

    _fields: ClassVar[frozenset[str]] = frozenset({"code", "match_id", "context"})
    _nested: ClassVar[Mapping[str, str]] = {"context": "SuggestContext"}


class SuggestContext(Record):
    """Which failures of a code are meant."""

    skill: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"skill"})


class SuggestionView(Record):
    """What is suggested, how sure that is and from how many trials, what it rests on, and what else could be done."""

    code: str
    skill: str | None
    signature: str | None
    entry: EntryView | None
    mode: RecoveryMode
    parameters: Record
    because: str
    confidence: float
    confidence_label: Literal["prior", "measured"] | str
    n: int
    confidence_parts: Record
    evidence: Record
    alternatives: list[Record]
    candidate: CandidateView | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "code", "skill", "signature", "entry", "mode", "parameters", "because", "confidence", "confidence_label", "n", "confidence_parts",
        "evidence", "alternatives", "candidate",
    })
    _nested: ClassVar[Mapping[str, str]] = {"entry": "EntryView", "candidate": "CandidateView"}
