"""What somebody wants to see changed in a run that is played again without I/O: limits, policies, steps, advice, prices, outcomes. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from agents.plan.contracts import MAX_STEPS, Milliseconds, OnError, RetryPolicy
from runs.faults.contracts import Faults
from skills.contracts import Contract, Name
from skills.taxonomy import CODES, RecoveryMode

Assume = Literal["stop", "success", "failure"]
"""What a call comes to that was never made: nobody knows, so the play stops there; it goes well; it fails as before."""

LARGEST = 9_007_199_254_740_991
Amount = Annotated[int, Field(strict=True, ge=0, le=LARGEST)]
StepKey = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}(#\d{1,4})?$")]
Code = Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,64}$")]
Percent = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


def _known_code(code: str | None) -> None:
    if code is not None and code not in CODES:
        raise PydanticCustomError("unknown_code", "{code} is no code of the taxonomy", {"code": code})


class Limits(Contract):
    """Other limits than the run was accepted under; one that is given as null is no limit."""

    limit_micro_usd: Amount | None = None
    per_step_max_micro_usd: Amount | None = None
    max_parallel: Annotated[int, Field(strict=True, ge=1, le=1_000)] | None = None
    max_attempts: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = None
    max_repetitions: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = None
    deadline_ms: Annotated[int, Field(strict=True, ge=1, le=2_592_000_000, description="After the run was accepted.")] | None = None

    @model_validator(mode="after")
    def _some_parallel(self) -> Limits:
        if "max_parallel" in self.model_fields_set and self.max_parallel is None:
            raise PydanticCustomError("max_parallel", "a run has at least one place")
        return self


class Policies(Contract):
    """Other policies of the agent than the run was accepted under."""

    approval_effects: list[Literal["none", "read", "idempotent_write", "write", "irreversible"]] | None = None
    in_doubt_policy: Literal["ask", "assume_happened", "assume_not"] | None = None
    on_exhausted: Literal["pause", "fail", "finish_cheap"] | None = None
    allowed_skills: list[Name] | None = None
    blocked_skills: list[Name] | None = None


class StepPolicy(Contract):
    """What a step of the plan would say otherwise."""

    on_error: OnError | None = None
    retry: RetryPolicy | None = None
    fallback_skill: Name | None = None
    fallback_params: dict[str, Any] | None = None
    condition: Annotated[str, Field(max_length=512)] | None = None
    approval: Literal["never", "always", "policy"] | None = None
    timeout_ms: Annotated[int, Field(strict=True, ge=1, le=3_600_000)] | None = None


class AdviceChange(Contract):
    """What the catalog would have said about failures of a code or of a signature."""

    code: Code | None = None
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{16,64}$")] | None = None
    mode: RecoveryMode
    max_attempts: Annotated[int, Field(strict=True, ge=1, le=20)] = 3
    first_ms: Milliseconds = 100
    cap_ms: Milliseconds = 5_000
    factor: Annotated[float, Field(ge=1.0, le=10.0)] = 2.0
    max_restores: Annotated[int, Field(strict=True, ge=1, le=5)] | None = None
    fallback_skill: Name | None = None
    fallback_params: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _of_one(self) -> AdviceChange:
        if (self.code is None) == (self.signature is None):
            raise PydanticCustomError("exactly_one", "give exactly one of code and signature")
        _known_code(self.code)
        return self


class OutcomeChange(Contract):
    """What a call would have come to instead: a result, or a failure with a code."""

    step_id: StepKey
    attempt: Annotated[int, Field(strict=True, ge=1, le=1_000)] = 1
    result: Any = None
    code: Code | None = None
    message: Annotated[str, Field(max_length=1_000)] = ""
    phase: Literal["not_sent", "maybe_sent", "acked"] = "not_sent"
    retry_after_ms: Milliseconds | None = None
    cost_micro_usd: Amount | None = None
    latency_ms: Milliseconds | None = None

    @model_validator(mode="after")
    def _one_end(self) -> OutcomeChange:
        if self.code is not None and "result" in self.model_fields_set:
            raise PydanticCustomError("exactly_one", "a call gives a result or fails with a code, not both")
        _known_code(self.code)
        return self


class Changes(Contract):
    """What is changed; at least one thing. `recovery` is a candidate whose advice is tried; `prices` are percent of what was charged,
    by skill or by model; `faults` are done to the recorded calls."""

    limits: Limits | None = None
    policies: Policies | None = None
    steps: Annotated[dict[Name, StepPolicy], Field(max_length=MAX_STEPS)] = {}
    advice: Annotated[list[AdviceChange], Field(max_length=50)] = []
    recovery: Annotated[str, Field(pattern=r"^rec_[0-9a-f]{32}$")] | None = None
    prices: Annotated[dict[Annotated[str, Field(max_length=200)], Percent], Field(max_length=50)] = {}
    faults: Faults = []
    outcomes: Annotated[list[OutcomeChange], Field(max_length=200)] = []

    @model_validator(mode="after")
    def _something(self) -> Changes:
        if not self.model_fields_set or self == Changes.model_construct():
            raise PydanticCustomError("nothing", "say what is to be changed: {names}", {"names": ", ".join(Changes.model_fields)})
        return self
