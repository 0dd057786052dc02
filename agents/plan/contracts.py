"""Plan and PlanStep, field by field: the value a planner proposes and the machine carries out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from skills.contracts import Contract, Name

MAX_STEPS = 200
MAX_PLAN_BYTES = 1_048_576
MAX_ITEMS = 1_000

OnError = Literal["abort", "continue", "retry", "fallback", "escalate"]
Milliseconds = Annotated[int, Field(ge=0, le=86_400_000)]


class RetryPolicy(Contract):
    """How often to try in all and how long to wait between; what is not given comes from the catalog's advice."""

    max_attempts: Annotated[int, Field(ge=1, le=20)] = 3
    backoff_ms: Milliseconds | None = None
    factor: Annotated[float, Field(ge=1.0, le=10.0)] | None = None
    max_backoff_ms: Milliseconds | None = None


class PlanStep(Contract):
    """One skill call of a plan.

    `on_error` says what happens when the attempts are used up; null leaves that to the catalog, and to
    ABORT where the catalog has nothing better.
    """

    step_id: Name
    skill: Name
    version: Annotated[str, Field(max_length=64)] | None = None
    params: dict[str, Any] = {}
    description: Annotated[str, Field(max_length=2_000)] = ""
    depends_on: list[Name] = []
    condition: Annotated[str, Field(max_length=512)] | None = None
    for_each: Annotated[str, Field(max_length=512)] | None = None
    max_items: Annotated[int, Field(ge=1, le=MAX_ITEMS)] = 100
    on_error: OnError | None = None
    retry: RetryPolicy | None = None
    fallback_skill: Name | None = None
    fallback_params: dict[str, Any] | None = None
    timeout_ms: Annotated[int, Field(ge=1, le=3_600_000)] | None = None
    approval: Literal["never", "always", "policy"] = "policy"
    output_key: Name | None = None


class Plan(Contract):
    """An ordered set of steps that reaches a goal. Order is given by dependencies, not by position."""

    schema_version: Literal[1] = 1
    planner: Annotated[str, Field(max_length=64)] = "manual"
    planner_version: Annotated[str, Field(max_length=64)] = "1"
    goal: Annotated[str, Field(max_length=10_000)] = ""
    steps: Annotated[list[PlanStep], Field(min_length=1, max_length=MAX_STEPS)]
    metadata: dict[str, Any] = {}
