"""Skills for tests of the shell: each does one thing a worker must bear. Real workers load them by AOS_SKILL_MODULES.

A witness is a file every call appends a line to, with O_APPEND, so that what happened can be counted after a kill.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skills.base import Params, Skill, SkillFailure, skill
from skills.contracts import CostModel, Effect, Phase, SideEffect, failure_mode
from skills.ports import SkillContext
from skills.taxonomy import CODES

ANY_FAILURE = [failure_mode(code, "the test asks for it") for code in CODES]


class Said(Params):
    said: Any = None


class NoParams(Params):
    """The parameters of a skill that has none."""


def bear_witness(witness: str, line: str) -> None:
    """Append a line to a witness file, whole or not at all."""
    descriptor = os.open(witness, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


def witnessed(witness: Path) -> list[str]:
    """Return the lines of a witness file."""
    return witness.read_text().splitlines() if witness.exists() else []


class SayParams(Params):
    said: Any = None


@skill(name="say", version="1.0.0", description="Says what it is told; free and pure.", effect=Effect.NONE, failure_modes=ANY_FAILURE)
class Say(Skill):
    Params = SayParams
    Result = Said

    async def run(self, params: SayParams, context: SkillContext) -> Said:
        return Said(said=params.said)


class SleepyParams(Params):
    ms: int = 0
    witness: str | None = None
    said: Any = None


@skill(name="sleepy", version="1.0.0", description="Reads for so many milliseconds.", effect=Effect.READ, failure_modes=ANY_FAILURE)
class Sleepy(Skill):
    Params = SleepyParams
    Result = Said

    async def run(self, params: SleepyParams, context: SkillContext) -> Said:
        await asyncio.sleep(params.ms / 1_000)
        if params.witness is not None:
            bear_witness(params.witness, f"{context.step_id} {context.attempt}")
        return Said(said=params.said)


class AppendParams(Params):
    witness: str
    before_ms: int = 0
    after_ms: int = 0


@skill(
    name="append_line",
    version="1.0.0",
    description="Writes one line to a file; may dawdle before and after.",
    effect=Effect.WRITE,
    failure_modes=ANY_FAILURE,
)
class AppendLine(Skill):
    Params = AppendParams
    Result = Said

    async def run(self, params: AppendParams, context: SkillContext) -> Said:
        await asyncio.sleep(params.before_ms / 1_000)
        effect = SideEffect(type="FILE_APPEND", target=params.witness, effect=Effect.WRITE, phase="maybe_sent")
        context.report.side_effects.append(effect)
        bear_witness(params.witness, f"{context.step_id} {context.attempt}")
        await asyncio.sleep(params.after_ms / 1_000)
        context.report.side_effects[-1] = effect.model_copy(update={"phase": "acked"})
        return Said(said="written")


class FailsParams(Params):
    code: str
    until_attempt: int = 1_000
    retry_after_ms: int | None = None
    message: str = "as the test asked"
    phase: Phase = "not_sent"
    effect: Effect = Effect.READ


@skill(name="fails", version="1.0.0", description="Fails as told until an attempt.", effect=Effect.READ, failure_modes=ANY_FAILURE)
class Fails(Skill):
    Params = FailsParams
    Result = Said

    def effect_of(self, params: Mapping[str, Any]) -> Effect:
        return Effect(params.get("effect", Effect.READ))

    async def run(self, params: FailsParams, context: SkillContext) -> Said:
        if context.attempt >= params.until_attempt:
            return Said(said="at last")
        raise SkillFailure(params.code, params.message, phase=params.phase, retry_after_ms=params.retry_after_ms)


class FailsUntilFileParams(Params):
    path: str
    code: str


@skill(
    name="fails_until_file", version="1.0.0", description="Fails while a file is missing.", effect=Effect.READ, failure_modes=ANY_FAILURE
)
class FailsUntilFile(Skill):
    Params = FailsUntilFileParams
    Result = Said

    async def run(self, params: FailsUntilFileParams, context: SkillContext) -> Said:
        if Path(params.path).exists():
            return Said(said="mended")
        raise SkillFailure(params.code, "as the test asked", phase="acked")


class CostlyParams(Params):
    worst: int
    cost: int
    first_ms: int = 0
    witness: str | None = None
    model: str | None = None


@skill(
    name="costly",
    version="1.0.0",
    description="Costs what it is told; may dawdle the first time.",
    effect=Effect.READ,
    failure_modes=ANY_FAILURE,
    cost_model=CostModel(worst_case_micro_usd=1_000_000),
)
class Costly(Skill):
    Params = CostlyParams
    Result = Said

    def worst_case_micro_usd(self, params: Mapping[str, Any], config: Mapping[str, Any]) -> int | None:
        return int(params["worst"])

    def model_of(self, params: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
        return params.get("model")

    async def run(self, params: CostlyParams, context: SkillContext) -> Said:
        if params.witness is not None:
            bear_witness(params.witness, f"{context.step_id} {context.attempt}")
        if context.attempt == 1:
            await asyncio.sleep(params.first_ms / 1_000)
        context.report.cost_micro_usd, context.report.priced = params.cost, True
        return Said(said=params.cost)


@skill(name="raises", version="1.0.0", description="Raises what nobody anticipated.", effect=Effect.READ, failure_modes=[])
class Raises(Skill):
    Params = NoParams
    Result = Said

    async def run(self, params: NoParams, context: SkillContext) -> Said:
        raise RuntimeError("nobody anticipated this")


@skill(name="hangs", version="1.0.0", description="Awaits what never comes.", effect=Effect.READ, failure_modes=[])
class Hangs(Skill):
    Params = NoParams
    Result = Said

    async def run(self, params: NoParams, context: SkillContext) -> Said:
        await asyncio.Event().wait()
        return Said()


@skill(
    name="deaf", version="1.0.0", description="Sleeps without awaiting, so that nothing reaches it.", effect=Effect.READ, failure_modes=[]
)
class Deaf(Skill):
    Params = SleepyParams
    Result = Said

    async def run(self, params: SleepyParams, context: SkillContext) -> Said:
        time.sleep(params.ms / 1_000)
        return Said()


@skill(name="bad_result", version="1.0.0", description="Breaks its own schema.", effect=Effect.READ, failure_modes=[])
class BadResult(Skill):
    Params = NoParams
    Result = Said

    async def run(self, params: NoParams, context: SkillContext) -> dict[str, Any]:
        return {"unsaid": True}


class KillsParams(Params):
    before_ms: int = 0
    until_attempt: int = 1_000


@skill(name="kills_worker", version="1.0.0", description="Kills the process it runs in.", effect=Effect.READ, failure_modes=[])
class KillsWorker(Skill):
    Params = KillsParams
    Result = Said

    async def run(self, params: KillsParams, context: SkillContext) -> Said:
        await asyncio.sleep(params.before_ms / 1_000)
        if context.attempt < params.until_attempt:
            os.kill(os.getpid(), signal.SIGKILL)
        return Said(said="spared")


class AsksParams(Params):
    question: str


@skill(name="asks", version="1.0.0", description="Asks a person.", effect=Effect.NONE, failure_modes=[], asks_person=True)
class Asks(Skill):
    Params = AsksParams
    Result = Said
