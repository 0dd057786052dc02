"""The published values of runs: what a simulation answers and what a replay reports."""

from __future__ import annotations

from typing import Any, Literal

from skills.contracts import Contract

Verdict = Literal[
    "feasible",
    "budget_insufficient",
    "permission_denied",
    "skill_unavailable",
    "plan_invalid",
    "rate_limited",
    "deadline_insufficient",
]


class Range(Contract):
    """Low, expected and worst of one number; None where nothing is known."""

    low: int | None
    expected: int | None
    worst: int | None


class Blocker(Contract):
    """Something that would stop the run, and the rule that says so."""

    step_id: str | None
    code: str
    rule: str
    detail: str
    pointer: str | None = None


class StepForecast(Contract):
    """What one step is expected to cost and take. `source` says where the numbers come from."""

    step_id: str
    skill: str
    version: str
    effect: str
    cost_micro_usd: Range
    duration_ms: Range
    source: str


class PermissionGap(Contract):
    step_id: str
    skill: str
    reason: str


class ApprovalForecast(Contract):
    step_id: str
    skill: str
    reason: str


class Simulation(Contract):
    """What a plan would cost and take, and what would stop it, before anything is done."""

    simulation_id: str
    plan_hash: str | None
    feasible: bool
    verdict: Verdict
    blockers: list[Blocker]
    cost_micro_usd: Range
    duration_ms: Range
    steps: list[StepForecast]
    permission_gaps: list[PermissionGap]
    approvals: list[ApprovalForecast]
    budget_after_micro_usd: int | None
    risks: list[dict[str, Any]] = []
    alternatives: list[dict[str, Any]] = []


class Divergence(Contract):
    """Where a replay first did something else than the journal says."""

    seq: int | None
    step_id: str | None
    expected: Any
    actual: Any
    detail: str


class Invariant(Contract):
    """One promise a replay checks."""

    name: str
    held: bool
    detail: str = ""


class ReplayReport(Contract):
    """What a replay found."""

    run_id: str
    mode: Literal["verify", "tape"]
    matched: bool
    divergence: Divergence | None
    invariants: list[Invariant]
    behaviour_hash: str
    recorded_behaviour_hash: str
    content_hash: str
    recorded_content_hash: str
    events: int
