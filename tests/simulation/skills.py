"""Skills that do what their parameters say, attempt by attempt, and a witness who remembers every effect.

Nothing here is left to chance: the seed decides when it writes the plan.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from runs.shell.crash_points import crash_point
from skills.base import Params, ProbeAnswer, Skill, SkillFailure, skill
from skills.contracts import CostModel, Effect, SideEffect, failure_mode
from skills.ports import SkillContext
from skills.taxonomy import CODES

Act = Literal["ok", "refused", "limited", "answer_lost", "cut_off", "wrong", "raises", "hangs"]
FREE_ACTS: tuple[Act, ...] = ("ok", "refused", "limited", "cut_off", "wrong", "raises", "hangs")
ANY_FAILURE = [failure_mode(code, "the plan says so") for code in CODES]


@dataclass(frozen=True)
class Called:
    """A call that began: which, and at which event of the schedule."""

    run_id: str
    step_id: str
    attempt: int
    effect: Effect
    event: int


@dataclass
class Witness:
    """Stands outside the system and sees what really happened."""

    event: Callable[[], int]
    calls: list[Called] = field(default_factory=list)
    effects: Counter[str] = field(default_factory=Counter)

    def call(self, context: SkillContext, effect: Effect) -> None:
        assert context.run_id is not None
        assert context.step_id is not None
        self.calls.append(Called(context.run_id, context.step_id, context.attempt, effect, self.event()))

    def happened(self, context: SkillContext) -> None:
        self.effects[context.idempotency_key] += 1
        crash_point("effect.after")


class _Stand:
    """Where the witness of the seed that runs now stands."""

    witness: Witness


stand = _Stand()


class ActParams(Params):
    acts: list[Act] = ["ok"]
    before_ms: int = 0
    after_ms: int = 0
    retry_after_ms: int = 0
    worst: int = 0
    cost: int = 0
    gives: Any = None
    seen: Any = None


class Gave(Params):
    value: Any = None


class Acting(Skill):
    """Waits, has its effect, waits again, and ends as the act of this attempt says."""

    Params = ActParams
    Result = Gave

    def worst_case_micro_usd(self, params: Mapping[str, Any], config: Mapping[str, Any]) -> int | None:
        return int(params.get("worst", 0))

    async def run(self, params: ActParams, context: SkillContext) -> Gave:
        stand.witness.call(context, self.effect)
        act = params.acts[min(context.attempt, len(params.acts)) - 1]
        await asyncio.sleep(params.before_ms / 1_000)
        _fail_before(act, params)
        await self._do(act, params, context)
        await asyncio.sleep(params.after_ms / 1_000)
        if act == "hangs":
            await asyncio.Event().wait()
        if params.worst:
            context.report.cost_micro_usd, context.report.priced = params.cost, True
        return Gave(value=params.gives)

    async def _do(self, act: Act, params: ActParams, context: SkillContext) -> None:
        if self.effect is Effect.NONE:
            return
        effect = SideEffect(type="TOLD", target="witness", effect=self.effect, phase="maybe_sent")
        context.report.side_effects.append(effect)
        if act == "cut_off":
            raise SkillFailure("CONNECTION_RESET", "nobody knows how far it came", phase="maybe_sent")
        stand.witness.happened(context)
        if act == "answer_lost":
            raise SkillFailure("CONNECTION_RESET", "it was done, and the answer did not come", phase="maybe_sent")
        await asyncio.sleep(params.after_ms / 2_000)
        context.report.side_effects[-1] = effect.model_copy(update={"phase": "acked"})


def _fail_before(act: Act, params: ActParams) -> None:
    if act == "refused":
        raise SkillFailure("CONNECTION_REFUSED", "nobody answers")
    if act == "limited":
        raise SkillFailure("RATE_LIMITED", "too much", retry_after_ms=params.retry_after_ms)
    if act == "wrong":
        raise SkillFailure("NOT_FOUND", "there is no such thing")
    if act == "raises":
        raise RuntimeError("nobody anticipated this")


@skill(name="look", version="1.0.0", description="Free and pure.", effect=Effect.NONE, failure_modes=ANY_FAILURE)
class Look(Acting): ...


@skill(
    name="fetch",
    version="1.0.0",
    description="Reads; may cost.",
    effect=Effect.READ,
    failure_modes=ANY_FAILURE,
    cost_model=CostModel(worst_case_micro_usd=1_000),
)
class Fetch(Acting): ...


@skill(name="put", version="1.0.0", description="Writes the same twice.", effect=Effect.IDEMPOTENT_WRITE, failure_modes=ANY_FAILURE)
class Put(Acting): ...


@skill(name="send", version="1.0.0", description="Writes, and nobody can ask whether.", effect=Effect.WRITE, failure_modes=ANY_FAILURE)
class Send(Acting): ...


@skill(
    name="book",
    version="1.0.0",
    description="Writes, and can be asked whether it did.",
    effect=Effect.WRITE,
    failure_modes=ANY_FAILURE,
    probe_description="asks the witness",
)
class Book(Acting):
    async def probe(self, params: ActParams, context: SkillContext) -> ProbeAnswer:
        await asyncio.sleep(params.before_ms / 1_000)
        return "happened" if stand.witness.effects[context.idempotency_key] else "did_not_happen"


@skill(name="pay", version="1.0.0", description="Cannot be undone.", effect=Effect.IRREVERSIBLE, failure_modes=ANY_FAILURE)
class Pay(Acting): ...


class AskParams(Params):
    question: str


@skill(name="ask", version="1.0.0", description="Asks a person.", effect=Effect.NONE, failure_modes=ANY_FAILURE, asks_person=True)
class Ask(Skill):
    Params = AskParams
    Result = Gave
