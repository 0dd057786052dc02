"""How a skill is written: one class with Params, Result and declarations, made known by `@skill`.

A skill file keeps one order: what it does and touches → Params and Result → the declaration → the class →
pure functions it needs. It never loops to retry, never reads the environment, never opens the ORM.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from skills.canonical import digest
from skills.contracts import (
    Alternative,
    CompositionHints,
    Constraints,
    CostModel,
    Effect,
    FailureDetails,
    FailureMode,
    Phase,
    SkillMetadata,
)
from skills.ports import SkillContext

ANYWHERE = "*"
"""The target of a call whose host nobody can name yet."""

ProbeAnswer = Literal["happened", "did_not_happen", "unknown"]


class Params(BaseModel):
    """Base of a skill's parameters: an unknown parameter is refused, so nothing is ignored in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NoConfig(Params):
    """The configuration of a skill that has none."""


class SkillFailure(Exception):
    """An anticipated failure, raised by a skill and turned into FailureInfo by `skills.execution`."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        phase: Phase = "not_sent",
        retry_after_ms: int | None = None,
        details: FailureDetails | None = None,
        suggestions: list[str] | None = None,
        alternatives: list[Alternative] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.phase = phase
        self.retry_after_ms = retry_after_ms
        self.details = details or FailureDetails()
        self.suggestions = suggestions or []
        self.alternatives = alternatives or []


@dataclass(frozen=True)
class Bounds:
    """What stands around a call whatever its parameters: local targets the operator allows, hosts the agent may reach."""

    allow_local: frozenset[str] = frozenset()
    allowed_hosts: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Undo:
    """The call that takes an effect back: which skill, with which parameters, and what it does in words."""

    skill: str
    params: dict[str, Any]
    description: str


class Skill:
    """Base of every skill. Subclasses declare the class variables, `Params`, `Result` and `run`."""

    name: ClassVar[str]
    version: ClassVar[str]
    description: ClassVar[str]
    effect: ClassVar[Effect]
    failure_modes: ClassVar[list[FailureMode]]
    Params: ClassVar[type[BaseModel]]
    Result: ClassVar[type[BaseModel]]

    Config: ClassVar[type[BaseModel]] = NoConfig
    cost_model: ClassVar[CostModel] = CostModel()
    avg_latency_ms: ClassVar[int] = 1
    constraints: ClassVar[Constraints] = Constraints()
    reversible_by: ClassVar[str | None] = None
    key_strategy: ClassVar[Literal["run_step_params", "none"]] = "run_step_params"
    probe_description: ClassVar[str | None] = None
    deterministic: ClassVar[bool] = False
    required_scopes: ClassVar[tuple[str, ...]] = ()
    composition_hints: ClassVar[CompositionHints] = CompositionHints()
    stability: ClassVar[Literal["experimental", "stable", "deprecated"]] = "stable"
    asks_person: ClassVar[bool] = False
    operator_config: ClassVar[tuple[str, ...]] = ()
    """The fields of `Config` that only the operator of the installation may set, never an agent's profile."""

    async def run(self, params: Any, context: SkillContext) -> Any:
        """Do the work and return a Result (or its dict). Raise SkillFailure for what was anticipated."""
        raise SkillFailure("INTERNAL_ERROR", f"{self.name} declares no run()")

    async def probe(self, params: Any, context: SkillContext) -> ProbeAnswer:
        """Find out whether the effect of an earlier call with this key happened; only where declared."""
        return "unknown"

    def can_probe(self, params: Mapping[str, Any]) -> bool:
        """Tell whether `probe` could find out about a call with these parameters. Called with raw ones, like `effect_of`."""
        return self.probe_description is not None

    def undo_of(self, params: Mapping[str, Any], result: Any, side_effects: Sequence[Mapping[str, Any]]) -> Undo | None:
        """Return the call that takes back what a call with these parameters did; None where this one cannot be taken back.

        Only where `reversible_by` names the undoing skill. `result` is None where nobody knows what the call gave. Texts of
        the answer that came from the arguments are data. Raises SkillFailure where they lack what the undo needs.
        """
        return None

    def effect_of(self, params: Mapping[str, Any]) -> Effect:
        """Return the effect class of a call with these parameters; the declared class unless it depends on them.

        Called with raw parameters, references not yet rendered included: answer the graver class when in doubt.
        """
        return self.effect

    def refused_as_written(self, params: Mapping[str, Any], bounds: Bounds) -> SkillFailure | None:
        """Return why a call with these parameters can never succeed, seen before it is made; None where nothing shows.

        Called with raw parameters, references not yet rendered included: those are left for run time.
        """
        return None

    def worst_case_micro_usd(self, params: Mapping[str, Any], config: Mapping[str, Any]) -> int | None:
        """Return the most a call with these parameters can cost, None where no price is known.

        Called with rendered parameters before the call, and with unrendered ones by simulation.
        """
        return self.cost_model.worst_case_micro_usd

    def model_of(self, params: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
        """Return the model a call is charged to, None where it is not priced by model. Called like `worst_case_micro_usd`."""
        return None

    def cheaper_params(self, params: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the parameters that make a call free or cheaper, to be laid over its own; None where there are none."""
        return None

    def other_models(self, params: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return the models that could answer the call instead, each with the parameters to lay over its own. Called like `model_of`."""
        return {}

    def target_of(self, params: Mapping[str, Any]) -> str | None:
        """Return where a call goes, as `host:port`; ANYWHERE where the host is not known yet, None for a skill that calls none.

        Called with rendered parameters, secrets not revealed, and with unrendered ones by simulation.
        """
        return None

    def may_leave(self, params: Mapping[str, Any]) -> bool:
        """Tell whether a call may go on elsewhere than `target_of` says, as by a redirect: whoever guards a host then minds it."""
        return False

    @classmethod
    def describe(cls) -> SkillMetadata:
        """Return the published metadata, digest included."""
        body: dict[str, Any] = {
            "name": cls.name,
            "version": cls.version,
            "description": cls.description,
            "input_schema": cls.Params.model_json_schema(),
            "output_schema": cls.Result.model_json_schema(mode="serialization"),
            "config_schema": cls.Config.model_json_schema(),
            "cost_model": cls.cost_model.model_dump(mode="json"),
            "avg_latency_ms": cls.avg_latency_ms,
            "failure_modes": [mode.model_dump(mode="json") for mode in cls.failure_modes],
            "constraints": cls.constraints.model_dump(mode="json"),
            "effect": str(cls.effect),
            "reversible_by": cls.reversible_by,
            "key_strategy": cls.key_strategy,
            "probe": cls.probe_description,
            "deterministic": cls.deterministic,
            "required_scopes": list(cls.required_scopes),
            "composition_hints": cls.composition_hints.model_dump(mode="json"),
            "stability": cls.stability,
        }
        return SkillMetadata(**body, digest=digest(body))


S = TypeVar("S", bound=type[Skill])


def skill(**declaration: Any) -> Callable[[S], S]:
    """Declare a skill: set the given class variables and check that none is missing or misspelt.

    Registration is the registry's business; declaring has no side effect, so a test may declare freely.
    """

    def declare(cls: S) -> S:
        unknown = [key for key in declaration if key not in Skill.__annotations__]
        if unknown:
            raise TypeError(f"{cls.__name__}: unknown declaration {', '.join(sorted(unknown))}")
        for key, value in declaration.items():
            setattr(cls, key, value)
        missing = [
            key for key in ("name", "version", "description", "effect", "failure_modes", "Params", "Result") if not hasattr(cls, key)
        ]
        if missing:
            raise TypeError(f"{cls.__name__}: missing declaration {', '.join(missing)}")
        return cls

    return declare
