"""Kinds of records from RuntimeSimulation to RuntimeSimulation. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_a import (
        ApprovalForecast,
    )
    from aos_sdk.types.names_b import (
        Blocker, BudgetAfter,
    )
    from aos_sdk.types.names_c2 import (
        CostRange,
    )
    from aos_sdk.types.names_d import (
        DurationRange,
    )
    from aos_sdk.types.names_p import (
        PermissionGap, PlanAlternative,
    )
    from aos_sdk.types.names_r import (
        RateForecast, Risk,
    )
    from aos_sdk.types.names_s import (
        ScopeAfter, StepForecast,
    )


class RuntimeSimulation(Record):
    """A simulation; the last two fields are for plans sent as a list, as aos-sdk 0.1.0 does."""

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
    estimated_cost_cents: float | None
    reason: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "simulation_id", "plan_hash", "feasible", "verdict", "blockers", "cost", "duration", "steps", "permission_gaps", "approvals",
        "budget_after", "scopes", "rate_limits", "risks", "alternatives", "estimated_cost_cents", "reason",
    })
    _nested: ClassVar[Mapping[str, str]] = {
        "blockers": "Blocker", "cost": "CostRange", "duration": "DurationRange", "steps": "StepForecast",
        "permission_gaps": "PermissionGap", "approvals": "ApprovalForecast", "budget_after": "BudgetAfter", "scopes": "ScopeAfter",
        "rate_limits": "RateForecast", "risks": "Risk", "alternatives": "PlanAlternative",
    }
