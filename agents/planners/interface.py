"""What a planner is: `propose(request) → Proposal | PlannerFailure`. It never raises, and what it says is data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel

from skills.base import SkillFailure
from skills.contracts import Effect, FailureInfo, FaultDetail, SkillMetadata, Usage
from skills.execution import failure_info
from skills.ports import HttpPort, SecretsPort


@dataclass(frozen=True)
class PlanRequest:
    """All a planner gets to see. `skills` are the agent's allowed ones; `faults` and `rejected` are set in the one
    repair round, when the plan proposed before was refused."""

    goal: str
    inputs: dict[str, Any]
    skills: list[SkillMetadata]
    options: dict[str, Any]
    timeout_ms: int
    rejected: Any = None
    faults: list[FaultDetail] = field(default_factory=list)
    trace_id: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True)
class PlannerMeans:
    """The way out of the process, handed in by the runtime.

    `providers` is the operator's configuration, by provider name: {"anthropic": {"api_key": …, "base_url": …},
    "openai_compatible": {…}}; a base URL left out is the provider's own, a key may be left out with one's own base URL.
    """

    http: HttpPort
    secrets: SecretsPort
    providers: dict[str, Any]


@dataclass(frozen=True)
class Spent:
    """What a proposal cost. `cost_micro_usd` is None where no price is known."""

    cost_micro_usd: int | None = 0
    usage: Usage | None = None
    model: str | None = None
    pricing_version: str | None = None


@dataclass(frozen=True)
class Proposal:
    """A proposed plan as untrusted JSON: the caller validates it."""

    plan: Any
    spent: Spent = Spent()


@dataclass(frozen=True)
class PlannerFailure:
    """No plan, and why, in the words of the taxonomy."""

    failure: FailureInfo
    spent: Spent = Spent()


def failed(failure: SkillFailure, spent: Spent | None = None) -> PlannerFailure:
    """Return a failure in the words of the taxonomy. Planning only reads, so trying again is always safe."""
    return PlannerFailure(failure_info(failure, Effect.READ), spent or Spent())


class Planner(Protocol):
    """A planner by name and version; both stand in the plan and in the run's bill of materials."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def options_model(self) -> type[BaseModel]:
        """What an agent's profile may say about this planner."""
        ...

    @property
    def operator_options(self) -> tuple[str, ...]:
        """The options only the operator of the installation may set."""
        ...

    def worst_case_micro_usd(self, request: PlanRequest) -> int | None:
        """Return the most one proposal can cost, None where no price is known."""
        ...

    def model_of(self, request: PlanRequest) -> str | None:
        """Return the model a proposal is charged to, None where it is not priced by model."""
        ...

    async def propose(self, request: PlanRequest, means: PlannerMeans) -> Proposal | PlannerFailure:
        """Return a plan, or why there is none. Cancelled from outside, answer CANCELLED with what was spent."""
        ...
