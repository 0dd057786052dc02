"""Facts: what has happened to a run, in the past tense. The journal is a list of these and nothing else.

Every fact says when (`at_ms`, Unix milliseconds); planner and catalog answers arrive as facts too, so a
replay never plans again and never looks anything up.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

PLAN = "$plan"
ADMIT = "$admit"
"""Keys of the two things a run does before its steps; they fail, retry and cost like steps."""


class Terms(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the run was accepted under: limits and policies, fixed for its life (a top-up raises the limit)."""

    max_parallel: int = 8
    deadline_at_ms: int | None = None
    limit_micro_usd: int | None = None
    per_step_max_micro_usd: int | None = None
    allowed_skills: tuple[str, ...] | None = None
    blocked_skills: tuple[str, ...] = ()
    approval_effects: tuple[str, ...] = ("irreversible",)
    approval_above_micro_usd: int | None = None
    approval_hosts: tuple[str, ...] = ()
    approval_first_use: bool = False
    approval_ttl_ms: int = 86_400_000
    approval_escalate_after_ms: int | None = None
    approval_on_expiry: Literal["fail", "skip", "abort"] = "fail"
    plan_may_waive: bool = True
    seek_grants: bool = False
    in_doubt_policy: Literal["ask", "assume_happened", "assume_not"] = "ask"
    on_exhausted: Literal["pause", "fail", "finish_cheap"] = "pause"
    max_attempts: int | None = None
    max_repetitions: int | None = None

    def why_not(self, skill: str) -> str | None:
        """Return why a skill may not be called, None where it may."""
        if skill in self.blocked_skills:
            return f"the agent's profile blocks {skill}"
        if self.allowed_skills is not None and skill not in self.allowed_skills:
            return f"the agent's profile does not allow {skill}"
        return None


class Pin(msgspec.Struct, frozen=True, omit_defaults=True):
    """A skill version fixed at admission, with what the machine must know of it. `cheaper` are the parameters, if any, that
    make a call of it cheaper or free."""

    skill: str
    version: str
    digest: str = ""
    effect: str = "none"
    free: bool = True
    timeout_ms: int = 30_000
    probe: bool = False
    asks: bool = False
    cheaper: dict[str, Any] | None = None


class Fact(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", gc=False):
    """Base of all facts. They hold JSON, which knows no circles: nobody need search thousands of them for any (`gc=False`)."""

    at_ms: int


class RunAccepted(Fact, tag="run_accepted"):
    """A run was taken in. `seed` feeds the jitter: a replay keeps its parent's. `plan` is set where no planner is asked.

    `means` is what the shell needs of the agent's profile (hosts, skill configuration, planner options): fixed here,
    so that a profile edited later changes no run under way. The rules never read it. `release` is the version of AOS.

    A run that does another one again may have its `versions` of skills (by step, its fallback as `step!fallback`), which
    go before those the plan asks for, and results `carried` over from it: those steps are done without a call.
    `from_step` is where it was asked to begin. One that is planned anew tells its planner which plan was `rejected` and its `faults`.
    """

    run_id: str
    terms: Terms
    seed: str = ""
    goal: str = ""
    inputs: dict[str, Any] = {}
    memory: dict[str, Any] = {}
    planner: str = "manual"
    planner_free: bool = True
    simulated: bool = False
    means: dict[str, Any] = {}
    plan: dict[str, Any] | None = None
    release: str = ""
    versions: dict[str, str] = {}
    carried: dict[str, Any] = {}
    from_step: str = ""
    rejected: Any = None
    faults: list[dict[str, str]] = []


class PlanProposed(Fact, tag="plan_proposed"):
    """A planner proposed a plan and it is valid."""

    plan: dict[str, Any]
    attempt: int = 1
    planner: str = "manual"
    planner_version: str = ""
    model: str | None = None
    cost_micro_usd: int = 0
    usage: dict[str, int] | None = None
    pricing_version: str | None = None


class PlanRejected(Fact, tag="plan_rejected"):
    """A planner proposed a plan that breaks the rules; `faults` carry the pointers."""

    faults: list[dict[str, str]]
    rejected: Any
    attempt: int = 1
    cost_micro_usd: int = 0
    usage: dict[str, int] | None = None
    model: str | None = None
    pricing_version: str | None = None


class RunAdmitted(Fact, tag="run_admitted"):
    """The plan's versions are pinned, it was simulated, and money is reserved.

    `granted` is all the run holds of its scopes, what it has spent included, and the part of it that may be spent on
    each model; None asks no ledger (simulations and tests).
    """

    pins: dict[str, Pin]
    plan_hash: str
    attempt: int = 1
    worst_micro_usd: int | None = 0
    granted_micro_usd: int | None = None
    granted_by_model: dict[str, int] = {}


class CostBounded(Fact, tag="cost_bounded"):
    """The worst case of a call with its rendered parameters is known; None: no price is. `model` is what it is charged to, `target`
    where the call goes, as `host:port` or `*`, None for nowhere."""

    step: str
    attempt: int
    worst_micro_usd: int | None
    model: str = ""
    target: str | None = None


class GrantAnswered(Fact, tag="grant_answered"):
    """Whether a yes given in advance is good for a call: `grant` names it and it was used for this call, empty is none."""

    step: str
    attempt: int
    action_hash: str = ""
    grant: str = ""
    by: str = ""


class ReservationExtended(Fact, tag="reservation_extended"):
    """The run now holds this much of its scopes in all, and of it this much for each model."""

    granted_micro_usd: int | None
    granted_by_model: dict[str, int] = {}


class ReservationRefused(Fact, tag="reservation_refused"):
    """A scope has no room for what the run asked. `retry_at_ms` is when it will have by itself: the next day begins."""

    missing_micro_usd: int
    scope: str
    code: str = "BUDGET_EXCEEDED"
    retry_at_ms: int | None = None


class ReservationReturned(Fact, tag="reservation_returned"):
    """What the run held of its scopes and had not spent was given back, because it will wait for long."""


class FundsFreed(Fact, tag="funds_freed"):
    """A scope that was short has room again, or another limit."""

    scope: str


class ToppedUp(Fact, tag="topped_up"):
    """Somebody raised the limit of the run."""

    amount_micro_usd: int
    limit_micro_usd: int | None
    by: str = ""


class StepSucceeded(Fact, tag="step_succeeded"):
    """A call gave a result. Where `pricing` is "unpriced", nobody knows what it cost and its worst case is settled."""

    step: str
    attempt: int
    result: Any = None
    cost_micro_usd: int = 0
    latency_ms: int = 0
    side_effects: list[dict[str, Any]] = []
    usage: dict[str, int] | None = None
    degraded: str | None = None
    cache_hit: bool = False
    pricing: str = "free"
    pricing_version: str | None = None


class StepFailed(Fact, tag="step_failed"):
    """A call, the planner or the admission failed; `advice` is what the catalog says about it.

    `fallback` is the skill the advice would go on with, pinned. `circuit` is the one this failure opened, if any, until
    `circuit_until_ms`.
    """

    step: str
    attempt: int
    code: str
    message: str = ""
    phase: str = "not_sent"
    retry_after_ms: int | None = None
    cost_micro_usd: int = 0
    latency_ms: int = 0
    side_effects: list[dict[str, Any]] = []
    usage: dict[str, int] | None = None
    details: dict[str, Any] = {}
    suggestions: list[str] = []
    alternatives: list[dict[str, Any]] = []
    advice: dict[str, Any] | None = None
    pricing: str = "free"
    pricing_version: str | None = None
    fallback: Pin | None = None
    circuit: str = ""
    circuit_until_ms: int | None = None


class StartHeld(Fact, tag="start_held"):
    """A call was not made, because it may not begin now: a rate is used up, the circuit to its host is open, or somebody
    froze what it belongs to."""

    step: str
    attempt: int
    code: Literal["RATE_LIMITED", "UPSTREAM_UNAVAILABLE", "FROZEN"]
    scope: str
    message: str = ""
    limit: int | None = None
    retry_after_ms: int | None = None


class FreezeLifted(Fact, tag="freeze_lifted"):
    """What held calls back is frozen no more."""

    scope: str
    by: str = ""


class StepInterrupted(Fact, tag="step_interrupted"):
    """A call was called back by its worker; `phase` says how far it had come."""

    step: str
    attempt: int
    phase: str
    cost_micro_usd: int = 0


class RunHandedBack(Fact, tag="run_handed_back"):
    """The worker gives the run back and carries out no further wish; nothing starts until the run is reclaimed."""


class RunReclaimed(Fact, tag="run_reclaimed"):
    """Another session took the run over from one that was lost, or handed it back, with wishes unanswered."""

    crash_count: int = 0


class ProbeAnswered(Fact, tag="probe_answered"):
    """A skill's probe looked whether an effect had happened."""

    step: str
    attempt: int
    answer: Literal["happened", "did_not_happen", "unknown"]


class VerdictGiven(Fact, tag="verdict_given"):
    """A person says what became of an effect in doubt."""

    step: str
    verdict: Literal["happened", "did_not_happen", "probe_again"]
    by: str = ""
    reason: str = ""
    result: Any = None


class ApprovalDecided(Fact, tag="approval_decided"):
    """A person approved or rejected exactly the action the hash names; or approved it with other `params`, as the one of `edited_hash`."""

    step: str
    action_hash: str
    approved: bool
    by: str = ""
    reason: str = ""
    params: Any = None
    edited_hash: str = ""


class AnswerGiven(Fact, tag="answer_given"):
    """A person answered a step's question, or said what to do about an escalated failure."""

    step: str
    value: Any
    by: str = ""


class CancelRequested(Fact, tag="cancel_requested"):
    """Somebody wants the run to stop for good."""

    by: str = ""
    reason: str = ""


class PauseRequested(Fact, tag="pause_requested"):
    """Somebody wants no further step to start."""

    by: str = ""
    reason: str = ""


class ResumeRequested(Fact, tag="resume_requested"):
    """Somebody lets a paused run go on."""

    by: str = ""
    reason: str = ""


class TimeCame(Fact, tag="time_came"):
    """The instant the run waited for is here."""


class RunPoisoned(Fact, tag="run_poisoned"):
    """The run killed its workers once too often."""

    crash_count: int


AnyFact = (
    RunAccepted
    | PlanProposed
    | PlanRejected
    | RunAdmitted
    | CostBounded
    | GrantAnswered
    | ReservationExtended
    | ReservationRefused
    | ReservationReturned
    | FundsFreed
    | ToppedUp
    | StepSucceeded
    | StepFailed
    | StartHeld
    | FreezeLifted
    | StepInterrupted
    | RunHandedBack
    | RunReclaimed
    | ProbeAnswered
    | VerdictGiven
    | ApprovalDecided
    | AnswerGiven
    | CancelRequested
    | PauseRequested
    | ResumeRequested
    | TimeCame
    | RunPoisoned
)

ANSWERS = (
    PlanProposed,
    PlanRejected,
    RunAdmitted,
    CostBounded,
    GrantAnswered,
    ReservationExtended,
    ReservationRefused,
    StepSucceeded,
    StepFailed,
    StartHeld,
    ProbeAnswered,
)
"""The facts that answer a wish; all others come from outside, from people, sessions or the clock."""
