"""Who may do what with which means: the agent's profile and the resource contract of a run, field by field."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, computed_field, model_validator

from skills.contracts import Contract, Name, cents

MicroUsd = Annotated[int, Field(strict=True, ge=0, le=9_007_199_254_740_991)]
Host = Annotated[str, Field(pattern=r"^(\*\.)?[A-Za-z0-9.-]{1,253}(:\d{1,5})?$|^\[[0-9a-fA-F:.]+\](:\d{1,5})?$")]


class PlannerChoice(Contract):
    """Which planner proposes for the agent, with that planner's own options (model, effort, …)."""

    name: Literal["stub", "claude", "openai_compatible"] = "stub"
    options: dict[str, Any] = {}


class Budget(Contract):
    """What a run may spend; null is unlimited. What the agent may spend in all, or in a day, is its tenant's to say.

    `on_exhausted`: a run that has used it up waits for a top-up, fails, or finishes by what is cheaper or free.
    """

    per_run_micro_usd: MicroUsd | None = 1_000_000
    per_step_max_micro_usd: MicroUsd | None = None
    on_exhausted: Literal["pause", "fail", "finish_cheap"] = "pause"


PerMinute = Annotated[int, Field(ge=1, le=100_000)]


class RateRule(Contract):
    """So many calls a minute of a skill, to a host, or of a skill to a host, by one agent.

    A host stands for all its ports unless it names one; `*.example.com` for all hosts below it together.
    """

    skill: Name | None = None
    host: Host | None = None
    per_minute: PerMinute

    @model_validator(mode="after")
    def _about_something(self) -> Self:
        if self.skill is None and self.host is None:
            raise ValueError("name a skill, a host, or both; for all calls of the agent there is rate_limit_per_minute")
        return self


class AgentProfile(Contract):
    """The means of an agent. Unknown fields are refused, so a misspelt limit is never ignored in silence.

    `allowed_skills` null allows every registered skill that is not blocked; `allowed_hosts` null allows every
    public host. The network guard stands above both. `max_concurrent_runs` null is unlimited; what is beyond it stays
    queued. `rate_limit_per_minute` is about all skill calls of the agent together; a call is made when that and every rule
    of `rate_limits` that is about it let it through.

    A call waits for a person's yes where its plan says so, and where the agent's policy does: by its class of effect, by what it
    may cost (`approval_above_micro_usd`), by where it goes (`approval_hosts`), or because no person let the agent call that host before
    (`approval_first_use_of_host`). A plan's `approval: never` counts only where `plan_may_waive_approval`. Undecided for
    `approval_escalate_after_ms` it goes to the next level; after `approval_ttl_ms` what `approval_on_expiry` says is done. Silence is
    never a yes.
    """

    planner: PlannerChoice = PlannerChoice()
    allowed_skills: list[Name] | None = None
    blocked_skills: list[Name] = []
    allowed_hosts: list[Host] | None = None
    skill_config: dict[Name, dict[str, Any]] = {}
    rate_limit_per_minute: PerMinute | None = None
    rate_limits: Annotated[list[RateRule], Field(max_length=100)] = []
    max_parallel_steps: Annotated[int, Field(ge=1, le=200)] = 8
    max_concurrent_runs: Annotated[int, Field(ge=1, le=100_000)] | None = None
    max_attempts: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    max_repetitions: Annotated[int, Field(ge=2, le=100_000)] | None = 25
    max_run_duration_ms: Annotated[int, Field(ge=100, le=2_592_000_000)] = 3_600_000
    budget: Budget = Budget()
    approval_effects: list[Literal["idempotent_write", "write", "irreversible"]] = ["irreversible"]
    approval_above_micro_usd: MicroUsd | None = None
    approval_hosts: Annotated[list[Host], Field(max_length=200)] = []
    approval_first_use_of_host: bool = False
    plan_may_waive_approval: bool = False
    approval_ttl_ms: Annotated[int, Field(ge=1_000, le=2_592_000_000)] = 86_400_000
    approval_escalate_after_ms: Annotated[int, Field(ge=1_000, le=2_592_000_000)] | None = None
    approval_on_expiry: Literal["fail", "skip", "abort"] = "fail"
    in_doubt_policy: Literal["ask", "assume_happened", "assume_not"] = "ask"
    memory_backend: Literal["none"] = "none"

    def allows(self, skill: str) -> bool:
        """Tell whether the profile lets the agent use a skill."""
        return skill not in self.blocked_skills and (self.allowed_skills is None or skill in self.allowed_skills)


class Money(Contract):
    """The numbers of one scope. `remaining` is null where the total is: unlimited."""

    total_micro_usd: int | None
    spent_micro_usd: int
    reserved_micro_usd: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def remaining_micro_usd(self) -> int | None:
        if self.total_micro_usd is None:
            return None
        return self.total_micro_usd - self.spent_micro_usd - self.reserved_micro_usd

    @computed_field  # type: ignore[prop-decorator]
    @property
    def cents(self) -> dict[str, float | None]:
        return {
            "total": cents(self.total_micro_usd),
            "spent": cents(self.spent_micro_usd),
            "reserved": cents(self.reserved_micro_usd),
            "remaining": cents(self.remaining_micro_usd),
        }


class WhoMay(Contract):
    """Who is allowed to do something: people by their role, programs by a scope of their key, and whom it is not open to."""

    roles: list[str]
    api_scopes: list[str]
    not_by: str | None = None


class Shortage(Contract):
    """Why a run waits for money: the scope that is short, what it lacks for the next step, and what the run may need in all.

    `cost_to_finish_micro_usd` is the worst case, null where nobody knows. At `retry_at` the scope has room by itself.
    """

    scope: str
    missing_micro_usd: int
    cost_to_finish_micro_usd: int | None
    retry_at: str | None
    may_top_up: WhoMay


class RunBudget(Money):
    """The run's own money. `subtree_spent_micro_usd` is its own and that of all runs it called, each counted once."""

    per_step_max_micro_usd: int | None = None
    worst_case_to_finish_micro_usd: int | None = None
    subtree_spent_micro_usd: int = 0
    on_exhausted: Literal["pause", "fail", "finish_cheap"] = "pause"
    may_top_up: WhoMay
    shortage: Shortage | None = None


class RateLimit(Contract):
    """So many calls a minute in a scope. `resets_at` is when all of it is there again if nobody calls; null where it is."""

    scope: str
    limit: int
    remaining: int
    resets_at: str | None


class RunsNow(Contract):
    """Runs that are being worked on, and how many may be; null is unlimited."""

    running: int
    limit: int | None


class Concurrency(Contract):
    """Steps of the run that run now and how many may, and the runs of its agent and its tenant beside it."""

    max_parallel_steps: int
    running: int
    agent_runs: RunsNow
    tenant_runs: RunsNow


class Time(Contract):
    max_run_duration_ms: int
    elapsed_ms: int
    remaining_ms: int
    deadline_at: str | None


class Attempts(Contract):
    """Calls the run has made, and how many more it may make; null is unlimited."""

    used: int
    left: int | None


class ApprovalNotice(Contract):
    """A step that will ask somebody before it starts, whom, and why."""

    step_id: str
    skill: str
    reason: str
    asks: WhoMay


class ScopeMoney(Money):
    """A scope the run draws on. Reserved is what runs hold of it, what they have spent since they last settled included.

    `scope` is its label, `kind:key`, and of a day `kind:key@2026-11-28`.
    """

    scope: str
    kind: Literal["tenant", "agent", "model", "run"]
    key: str
    day: str | None


class ResourceContract(Contract):
    """What a run may use: fixed before it starts, its numbers read live.

    `rate_limits` names the limits its calls stand under, some of them shared with other runs. `blocked_by` is the scope the
    run waits for, because it is short of money or frozen.
    """

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
