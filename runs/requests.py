"""The bodies and headers callers send to the routes of runs, as frozen models."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from agents.contracts import MicroUsd
from agents.pagination import PageQuery
from agents.tenancy import not_found
from runs.contracts.simulation import ReplayMode
from runs.contracts.what_if import Assume, Changes
from runs.faults.contracts import Faults
from runs.faults.kinds import FaultKind
from skills.contracts import Name
from skills.ids import is_id
from skills.requests import RequestModel

AgentRef = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$", description="Name or id of an agent.")]
_PLAIN = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)
_MOST_CENTS = Decimal("900719925474")


def _plainly(amount: Any) -> Any:
    """Return an amount in cents unless it is a text other than plain digits: Python would read ` 1_000` and `1e3` too."""
    if isinstance(amount, str) and _PLAIN.fullmatch(amount) is None:
        raise PydanticCustomError("decimal_parsing", "write an amount of cents as a number, or as a text of plain digits like 12.5")
    return amount


_AS_SAID = WithJsonSchema(
    {
        "anyOf": [
            {"type": "number", "minimum": 0, "maximum": int(_MOST_CENTS)},
            {"type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,4})?$"},
        ]
    }
)
Cents = Annotated[Decimal, Field(ge=0, le=_MOST_CENTS, decimal_places=4), BeforeValidator(_plainly), _AS_SAID]
MoreCents = Annotated[Decimal, Field(gt=0, le=_MOST_CENTS, decimal_places=4), BeforeValidator(_plainly), _AS_SAID]
Goal = Annotated[str, Field(min_length=1, max_length=10_000, pattern=r"\S")]
Reason = Annotated[str, Field(max_length=500)]
StepKey = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}(#\d{1,4})?$", description="Step id, with #n for an item of for_each.")]
DurationMs = Annotated[int, Field(ge=1, le=2_592_000_000)]
Priority = Annotated[int, Field(ge=-100, le=100)]
Status = Literal["queued", "running", "waiting", "succeeded", "partial", "failed", "cancelled", "dead_lettered"]

_MICRO_USD_PER_CENT = 10_000
AGAINST = r"^(last_success|run_[0-9a-f]{32})$"


def micro_usd(amount_micro_usd: int | None, amount_cents: Decimal | None) -> int | None:
    """Return an amount given in either unit as micro-USD; four decimals of a cent are exact."""
    return amount_micro_usd if amount_cents is None else int(amount_cents * _MICRO_USD_PER_CENT)


def checked_run_id(run_id: str) -> str:
    """Return the id, or refuse as for any run that is not there what cannot be an id at all."""
    if not is_id("run", run_id):
        raise not_found("run")
    return run_id


def _exactly_one(given: Iterable[Any], names: str) -> None:
    if sum(each is not None for each in given) != 1:
        raise PydanticCustomError("exactly_one", "give exactly one of {names}", {"names": names})


class WithBudget(RequestModel):
    """A body with a budget of its own, in micro-USD or cents; left out, the agent's profile says."""

    budget_micro_usd: MicroUsd | None = None
    budget_cents: Cents | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> WithBudget:
        if self.budget_micro_usd is not None and self.budget_cents is not None:
            raise PydanticCustomError("exactly_one", "give budget_micro_usd or budget_cents, not both")
        return self

    def limit_micro_usd(self) -> int | None:
        return micro_usd(self.budget_micro_usd, self.budget_cents)


class Submission(WithBudget):
    agent: AgentRef
    inputs: dict[str, Any] = {}
    deadline_ms: DurationMs | None = None
    priority: Priority = 0
    callback_url: Annotated[str, Field(max_length=2_000, description="Where the run's waits and its end are told, signed.")] | None = None
    called_by: Annotated[str, Field(description="The run that calls this one: it spends of that one's budget too.")] | None = None
    faults: Annotated[Faults, Field(description="Faults to inject on purpose, where the tenant allows it.")] = []


class GoalBody(Submission):
    goal: Goal


class RunBody(Submission):
    """A run of a given plan, of a goal for the agent's planner, or of a simulation, which says inputs, budget and deadline too."""

    plan: dict[str, Any] | None = None
    goal: Goal | None = None
    simulation_id: Annotated[str, Field(max_length=64)] | None = None

    @model_validator(mode="after")
    def _one_task(self) -> RunBody:
        _exactly_one((self.plan, self.goal, self.simulation_id), "plan, goal and simulation_id")
        return self


class RunQuery(PageQuery):
    status: Status | None = None
    agent: AgentRef | None = None


class ReasonBody(RequestModel):
    reason: Reason = ""


class ReplayBody(RequestModel):
    """How a run is replayed. `allow_effects` is for live ones, `changes` and `assume` are for what-if."""

    mode: ReplayMode = "verify"
    allow_effects: bool = False
    changes: Changes | None = None
    assume: Assume = "stop"

    @model_validator(mode="after")
    def _belongs(self) -> ReplayBody:
        if (self.changes is not None) != (self.mode == "what_if"):
            raise PydanticCustomError("changes", "give changes for what_if, and for no other mode")
        if self.allow_effects and self.mode != "live":
            raise PydanticCustomError("allow_effects", "allow_effects is for live replays")
        return self


StepParams = Annotated[dict[Name, dict[str, Any]], Field(max_length=200, description="Whole new parameters, by step.")]


class RerunBody(WithBudget):
    """How a run is done again; an empty body does all of it as it was. With `dry_run` the answer says what that would mean."""

    from_step: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$", description="Keep what was done before this step.")] | None = None
    versions: Literal["current", "pinned"] = "current"
    params: StepParams = {}
    inputs: dict[str, Any] | None = None
    plan_anew: Annotated[bool, Field(description="Have another plan made; its planner is told what of this one failed or was refused.")] = (
        False
    )
    repeat_effects: Annotated[bool, Field(description="Agree to calls again whose effect happened already.")] = False
    dry_run: bool = False


class BomQuery(RequestModel):
    against: Annotated[str, Field(pattern=AGAINST, description="last_success of the same plan, or the id of a run.")] | None = None


class EvidenceQuery(RequestModel):
    without_payloads: Annotated[bool, Field(description="Leave out what people and skills wrote.")] = False
    signed: Annotated[bool, Field(description="Sign it with the server's key.")] = False


class TopUpBody(RequestModel):
    amount_micro_usd: Annotated[int, Field(strict=True, ge=1, le=9_007_199_254_740_991)] | None = None
    amount_cents: MoreCents | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> TopUpBody:
        _exactly_one((self.amount_micro_usd, self.amount_cents), "amount_micro_usd and amount_cents")
        return self

    def amount(self) -> int:
        amount = micro_usd(self.amount_micro_usd, self.amount_cents)
        assert amount is not None
        return amount


class DecisionBody(RequestModel):
    """A person's word on a step that waits. `action_hash` binds an approval to what was shown to the approver.

    A no, a yes to what cannot be taken back, and a verdict on what is in doubt say why, in 10 characters at least."""

    step_id: StepKey
    verdict: Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]
    action_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    value: Any = None
    reason: Reason = ""


class EventsQuery(RequestModel):
    after: Annotated[int, Field(ge=0, le=2_147_483_647, description="The last sequence number already seen.")] = 0
    wait: Annotated[int, Field(ge=0, le=60, description="Seconds to wait for a first new event.")] = 0
    limit: Annotated[int, Field(ge=1, le=1_000)] = 200


class TraceQuery(RequestModel):
    format: Annotated[Literal["json", "otlp"], Field(description="otlp: as OpenTelemetry spans (OTLP/JSON).")] = "json"


class DecisionsQuery(RequestModel):
    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,32}$", description="One kind of decision: retry, no_retry, hold_back, …")] | None = None
    step: Annotated[str, Field(pattern=r"^\$?[a-z0-9_-]{1,64}(#\d{1,4})?$", description="A step, or $plan or $admit.")] | None = None
    after: Annotated[int, Field(ge=0, le=2_147_483_647, description="The last event whose decisions were seen.")] = 0
    limit: Annotated[int, Field(ge=1, le=1_000)] = 200


class PlanBody(RequestModel):
    plan: dict[str, Any]


class ExecuteBody(RequestModel):
    skill: Name
    params: dict[str, Any] = {}
    version: Annotated[str, Field(max_length=64)] | None = None
    agent: AgentRef | None = None


class QueryBody(RequestModel):
    what: Annotated[str, Field(pattern=r"^[a-z_]{1,64}$")]
    filters: dict[str, Any] = {}


class SimulateBody(WithBudget):
    plan: dict[str, Any] | None = None
    goal: Goal | None = None
    agent: AgentRef | None = None
    inputs: dict[str, Any] = {}
    deadline_ms: DurationMs | None = None

    @model_validator(mode="after")
    def _one_task(self) -> SimulateBody:
        _exactly_one((self.plan, self.goal), "plan and goal")
        return self


class ChaosBody(SimulateBody):
    """A plan or a goal, and which faults to try on it: all of them unless some are named, on every step unless one is.

    `ignoring_keys` names skills whose other side is taken not to honour idempotency keys.
    """

    faults: Annotated[list[FaultKind], Field(min_length=1, max_length=20)] | None = None
    pairs: bool = True
    step: Name | None = None
    ignoring_keys: Annotated[list[Name], Field(max_length=20)] = []
    seed: Annotated[str, Field(min_length=1, max_length=64)] = "chaos"


class FailureQuery(RequestModel):
    code: Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,64}$")] | None = None
    skill: Name | None = None
