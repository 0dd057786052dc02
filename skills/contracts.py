"""The values a skill call is made of: StructuredOutcome and SkillMetadata, field by field.

Frozen pydantic models, strict about unknown fields on input; published as JSON Schema by the API.
A field that has no source yet is None, never invented. Money is integer micro-USD; `cost_cents` is derived.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, computed_field, model_validator

from skills.patterns import in_words
from skills.taxonomy import Category, spec_of

Name = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")]


class Contract(BaseModel):
    """Base of every published value: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Effect(StrEnum):
    """What a call does to the world outside, from harmless to final. From it follows what a retry may do."""

    NONE = "none"
    READ = "read"
    IDEMPOTENT_WRITE = "idempotent_write"
    WRITE = "write"
    IRREVERSIBLE = "irreversible"


HARMLESS_EFFECTS = frozenset({Effect.NONE, Effect.READ})
"""What leaves nothing behind: it may be called again, live or in vain, without anybody asking."""
REPEATABLE_EFFECTS = frozenset({Effect.NONE, Effect.READ, Effect.IDEMPOTENT_WRITE})

Phase = Literal["not_sent", "maybe_sent", "acked"]
PricingStatus = Literal["priced", "unpriced", "free"]
RetrySafety = Literal["safe", "unsafe", "unknown"]


def cents(micro_usd: int | None) -> float | None:
    """Return micro-USD as cents with four decimals, the way contracts show money to people."""
    return None if micro_usd is None else round(micro_usd / 10_000, 4)


class Usage(Contract):
    """Tokens of one LLM call, in the four buckets prices are made of."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0


class Execution(Contract):
    """How a call went, whatever came of it."""

    skill: str
    version: str
    latency_ms: int
    cost_micro_usd: int | None
    pricing_status: PricingStatus
    retries: int = 0
    attempt: int = 1
    timestamp: str
    trace_id: str | None = None
    span_id: str | None = None
    cache_hit: bool = False
    degraded: bool = False
    degraded_reason: str | None = None
    usage: Usage | None = None
    pricing_version: str | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def cost_cents(self) -> float | None:
        return cents(self.cost_micro_usd)


class SideEffect(Contract):
    """One thing a call did, or may have done, outside. `target` holds no secrets and no query values."""

    type: str
    target: str
    effect: Effect
    phase: Phase
    idempotency_key: str | None = None
    reversible: bool = False
    reversed_by: str | None = None


class FaultDetail(Contract):
    """One fault in an input: where (RFC 6901), which code, in words."""

    pointer: str
    code: str
    detail: str


def json_pointer(path: Iterable[object]) -> str:
    """Return a path into a JSON value as a pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def faults_of(error: ValidationError) -> list[FaultDetail]:
    """Return pydantic's findings as pointers (RFC 6901) in words."""
    return [
        FaultDetail(
            pointer=json_pointer(fault["loc"]),
            code=fault["type"],
            detail=in_words(str(fault["ctx"]["pattern"])) if fault["type"] == "string_pattern_mismatch" else fault["msg"],
        )
        for fault in error.errors(include_url=False, include_input=False)
    ]


class FailureDetails(Contract):
    """What is known beyond the code; only what applies is set. `injected` names the fault that made the call fail on purpose."""

    upstream_status: int | None = None
    provider: str | None = None
    errors: list[FaultDetail] = []
    target: str | None = None
    injected: str | None = None


class Alternative(Contract):
    """Another call that might reach the same end."""

    skill: str
    params: dict[str, Any] = {}
    reason: str


class FailureInfo(Contract):
    """Why a call failed and what may be done about it."""

    code: str
    category: Category
    message: str
    retryable: bool
    retry_after_ms: int | None = None
    suggestions: list[str] = []
    retry_safety: RetrySafety = "unknown"
    phase: Phase = "not_sent"
    details: FailureDetails = FailureDetails()
    similar_past_failures: int | None = None
    past_recovery_success_rate: float | None = None
    alternatives: list[Alternative] = []
    catalog_match: dict[str, Any] | None = None


class BlockedAction(Contract):
    """A skill that cannot be called now, and why."""

    skill: str
    reason: str


class NextActions(Contract):
    """What can sensibly be called next. `budget_impact` is micro-USD per allowed skill, None where unknown."""

    suggested: list[str] = []
    blocked: list[BlockedAction] = []
    budget_impact: dict[str, int | None] = {}


class StructuredOutcome(Contract):
    """What every skill call returns; it never raises. Exactly one of result and failure is meant, by `success`."""

    success: bool
    result: Any = None
    failure: FailureInfo | None = None
    execution: Execution
    side_effects: list[SideEffect] = []
    next_actions: NextActions = NextActions()

    @model_validator(mode="after")
    def _one_of_both(self) -> StructuredOutcome:
        if self.success == (self.failure is not None) or (not self.success and self.result is not None):
            raise ValueError("an outcome has either a result or a failure")
        return self


LARGEST_MICRO_USD = 2**53 - 1
"""The largest amount of money anything may cost: what JSON says exactly."""

MicroUsd = Annotated[int, Field(strict=True, ge=0, le=LARGEST_MICRO_USD)]


class CostModel(Contract):
    """What a call costs: a base, charged by the runtime for every call that counts, and a price per unit, which the skill
    itself reports. `worst_case_micro_usd` is all of it for the default parameters, None where no price is known."""

    base_micro_usd: MicroUsd = 0
    per_unit: str | None = None
    per_unit_micro_usd: MicroUsd | None = None
    worst_case_micro_usd: MicroUsd | None = 0

    @model_validator(mode="after")
    def _worst_holds_the_base(self) -> CostModel:
        if self.worst_case_micro_usd is not None and self.worst_case_micro_usd < self.base_micro_usd:
            raise ValueError("worst_case_micro_usd is below base_micro_usd, which every call costs")
        return self


class FailureMode(Contract):
    """A way a skill is known to fail. Category and retryable follow from the code."""

    code: str
    category: Category
    typical_cause: str
    retryable: bool


def failure_mode(code: str, typical_cause: str) -> FailureMode:
    """Declare a failure mode; category and retryable come from the taxonomy."""
    spec = spec_of(code)
    return FailureMode(code=code, category=spec.category, typical_cause=typical_cause, retryable=spec.retryable)


class Constraints(Contract):
    """Bounds the runtime holds a skill to. `max_concurrency`: so many calls at once over all workers; null is unlimited."""

    max_input_size_bytes: int = 1_048_576
    max_output_size_bytes: int = 1_048_576
    timeout_ms: int = 30_000
    rate_limit_per_minute: Annotated[int, Field(ge=1)] | None = None
    max_concurrency: Annotated[int, Field(ge=1)] | None = None
    blocked_patterns: list[str] = []


class CompositionHints(Contract):
    """What planners should know about where the skill fits."""

    often_followed_by: list[str] = []
    often_preceded_by: list[str] = []
    anti_patterns: list[str] = []


class MeasuredLatency(Contract):
    """What steps took that came to their result, from the first try on, and how many stand behind it."""

    p50_ms: int
    p95_ms: int
    n: int


class MeasuredCost(Contract):
    """What such steps cost, tries that failed included."""

    p50_micro_usd: int
    p95_micro_usd: int
    n: int


class MeasuredFailures(Contract):
    """Which part of n calls failed."""

    rate: float
    n: int


class Calibration(Contract):
    """Predicted against actual: of n times so many were `inside` the range told before; actual by expected, in the mean and
    at most; and how much wider the range has become for what it promises."""

    n: int
    inside: float | None
    mean_ratio: float | None
    largest_ratio: float | None
    widening: float


class SkillMetadata(Contract):
    """What `describe_skill` returns. `digest` is over all of it but itself and the measured part."""

    name: Name
    version: str
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    config_schema: dict[str, Any]
    digest: str
    cost_model: CostModel
    avg_latency_ms: int
    measured_latency: MeasuredLatency | None = None
    measured_cost: MeasuredCost | None = None
    measured_failures: MeasuredFailures | None = None
    calibration: Calibration | None = None
    failure_modes: list[FailureMode]
    constraints: Constraints
    effect: Effect
    reversible_by: str | None
    key_strategy: Literal["run_step_params", "none"]
    probe: str | None
    deterministic: bool
    required_scopes: list[str]
    composition_hints: CompositionHints
    stability: Literal["experimental", "stable", "deprecated"]
