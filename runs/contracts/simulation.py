"""The published values of runs: what a simulation answers and what a replay reports."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import computed_field

from skills.contracts import Contract, cents

Verdict = Literal[
    "feasible",
    "budget_insufficient",
    "permission_denied",
    "skill_unavailable",
    "plan_invalid",
    "rate_limited",
    "deadline_insufficient",
]


class Cents(Contract):
    """A range of costs in cents with four decimals, derived from micro-USD for people."""

    low: float | None
    expected: float | None
    worst: float | None


class CostRange(Contract):
    """What something costs at least, probably and at most; null where nobody knows the price."""

    low_micro_usd: int | None
    expected_micro_usd: int | None
    worst_micro_usd: int | None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def cents(self) -> Cents:
        return Cents(low=cents(self.low_micro_usd), expected=cents(self.expected_micro_usd), worst=cents(self.worst_micro_usd))


class DurationRange(Contract):
    """How long something takes at least, probably and at most; null where nothing is known."""

    low_ms: int | None
    expected_ms: int | None
    worst_ms: int | None


class BudgetAfter(Contract):
    """What the worst case leaves of the run's budget; below zero it is what is missing."""

    remaining_micro_usd: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def remaining_cents(self) -> float | None:
        return cents(self.remaining_micro_usd)


class ScopeAfter(Contract):
    """What the worst case leaves of a scope of money; null where that is unlimited, or the worst case not known."""

    scope: str
    limit_micro_usd: int | None
    remaining_micro_usd: int | None
    worst_micro_usd: int | None
    after_micro_usd: int | None


class EditedCall(Contract):
    """A waiting call with other parameters: what it would be. `worst_micro_usd` null: no price is known. `missing_micro_usd` is what the
    run's budget lacks for it, `asks_because` the rule by which it asks, `action_hash` what a yes to it is bound to."""

    step_id: str
    skill: str
    version: str
    params: dict[str, Any]
    changes: list[dict[str, Any]]
    low_micro_usd: int
    expected_micro_usd: int
    worst_micro_usd: int | None
    expected_ms: int
    missing_micro_usd: int
    asks_because: str
    blockers: list[Blocker]
    action_hash: str


class Blocker(Contract):
    """Something that would stop the run, and the rule that says so. `scope` is what is short or frozen, `pointer` where in
    the plan it stands, `missing_micro_usd` what a scope of money lacks."""

    step_id: str | None
    code: str
    rule: str
    detail: str
    pointer: str | None = None
    scope: str | None = None
    missing_micro_usd: int | None = None


class StepForecast(Contract):
    """What one step is expected to cost and take. `source` says where the numbers come from: `static` is what the skill
    declares, `history(n)` what n steps of this skill version took and cost before."""

    step_id: str
    skill: str
    version: str
    effect: str
    cost: CostRange
    duration: DurationRange
    source: str


class PermissionGap(Contract):
    step_id: str
    skill: str
    reason: str


class ApprovalForecast(Contract):
    """A step that will ask before it starts: why, and who may answer."""

    step_id: str
    skill: str
    reason: str
    who: str = ""


class RateForecast(Contract):
    """The calls a plan is expected to make under a limit a minute, and how long one of them waits for it at the most."""

    scope: str
    limit: int
    calls: int
    waits_ms: int


class Risk(Contract):
    """What history says may go otherwise, with the number of calls or steps it rests on."""

    kind: Literal["fails", "slow", "unpredictable"]
    skill: str
    version: str
    step_ids: list[str]
    detail: str
    value: float
    n: int


class PlanAlternative(Contract):
    """Another way to the same end, simulated like the plan itself. `change` is what would have to be otherwise; the saving
    is that of the worst case."""

    kind: Literal["cheaper_model", "degraded", "parallel_steps", "larger_budget"]
    step_ids: list[str]
    detail: str
    change: dict[str, Any]
    saving_micro_usd: int | None = None
    cost: CostRange | None = None
    duration: DurationRange | None = None
    verdict: Verdict


class Simulation(Contract):
    """What a plan would cost and take, and what would stop it, before anything is done.

    `budget_after` is null without a budget, and where the worst case is not known; `scopes` holds every scope the run would
    draw on. An approval is no blocker. `risks` come from history alone.
    """

    simulation_id: str
    plan_hash: str | None
    feasible: bool
    verdict: Verdict
    blockers: list[Blocker]
    cost: CostRange
    duration: DurationRange
    steps: list[StepForecast]
    permission_gaps: list[PermissionGap]
    approvals: list[ApprovalForecast]
    budget_after: BudgetAfter | None
    scopes: list[ScopeAfter] = []
    rate_limits: list[RateForecast] = []
    risks: list[Risk] = []
    alternatives: list[PlanAlternative] = []


class Divergence(Contract):
    """Where a replay, or another run, first did something else than the journal says."""

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


ReplayMode = Literal["verify", "tape", "live", "what_if"]


class VersionGap(Contract):
    """A skill version a run was made with that is not here as it was: not registered any more, or another under its name."""

    step_id: str
    skill: str
    version: str
    why: Literal["not_registered", "changed"]
    detail: str


class Ending(Contract):
    """How a run came out, or would have, in the numbers people compare. `duration_ms` is in the time of the run."""

    status: str
    code: str | None
    waiting_for: str | None
    cost_micro_usd: int
    calls: int
    retries: int
    duration_ms: int


class Assumed(Contract):
    """What a what-if could not know and took for granted."""

    step_id: str
    attempt: int
    what: str


class WhatIfOutcome(Contract):
    """How the run came out and how it would have, and on what assumptions. `unknown` says where nobody can know more."""

    changes: dict[str, Any]
    before: Ending
    after: Ending
    decisions: list[dict[str, Any]]
    assumed: list[Assumed]
    unknown: str | None


class ReplayReport(Contract):
    """What a replay found. `matched` is None while a live one is under way; of a what-if it says that nothing would change.

    `content` says of a live one whether results are the same, which is no promise; `waiting_for` what its child waits for.
    """

    run_id: str
    mode: ReplayMode
    status: Literal["done", "running"] = "done"
    matched: bool | None
    child_run_id: str | None = None
    missing: list[VersionGap] = []
    what_if: WhatIfOutcome | None = None
    content: str | None = None
    waiting_for: str | None = None
    divergence: Divergence | None
    invariants: list[Invariant]
    behaviour_hash: str
    recorded_behaviour_hash: str
    content_hash: str
    recorded_content_hash: str
    events: int


class Diverged(Contract):
    """A run whose replay is not as recorded: where first, and what differs in words."""

    run_id: str
    seq: int | None
    step_id: str | None
    detail: str


class BulkReplay(Contract):
    """What came of replaying many runs. `gone` are those whose payload retention removed; `runs` the first of those that differ."""

    mode: Literal["verify", "tape"]
    replayed: int
    matched: int
    diverged: int
    gone: int
    events: int
    took_ms: int
    runs: list[Diverged]
