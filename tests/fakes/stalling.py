"""A skill that hangs on its first attempt until its call is cancelled, for tests that catch a worker in the middle of one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

from skills.base import Params, Skill, skill
from skills.contracts import Effect, SideEffect, failure_mode
from skills.ports import SkillContext

HANGING: set[tuple[str | None, str | None]] = set()
"""The calls that hang in this process now, by run and step."""
EFFECTS: Counter[str | None] = Counter()
"""How often it did what it does to the world, by run."""


class StallsParams(Params):
    effect: Effect = Effect.READ
    until_attempt: int = 2


class Done(Params):
    done: bool = True


@skill(
    name="stalls",
    version="1.0.0",
    description="Hangs until an attempt. What it does to the world is done before.",
    effect=Effect.READ,
    failure_modes=[failure_mode("CANCELLED", "the test cancels it")],
)
class Stalls(Skill):
    Params = StallsParams
    Result = Done

    def effect_of(self, params: Mapping[str, Any]) -> Effect:
        return Effect(params.get("effect", Effect.READ))

    async def run(self, params: StallsParams, context: SkillContext) -> Done:
        if params.effect is not Effect.READ:
            context.report.side_effects.append(SideEffect(type="NOTE", target="memory", effect=params.effect, phase="maybe_sent"))
            EFFECTS[context.run_id] += 1
        if context.attempt < params.until_attempt:
            await _hang((context.run_id, context.step_id))
        return Done()


async def _hang(call: tuple[str | None, str | None]) -> None:
    HANGING.add(call)
    try:
        await asyncio.Event().wait()
    finally:
        HANGING.discard(call)
