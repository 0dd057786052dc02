"""Skills that write down each call as it is carried out, and skills that bring their worker down."""

from __future__ import annotations

import asyncio
import ctypes
import os
import time
from pathlib import Path

from skills.base import Params, Skill, SkillFailure, skill
from skills.contracts import Effect, SideEffect
from skills.ports import SkillContext
from tests.chaos.witness import Line
from tests.fakes.skills import ANY_FAILURE, NoParams, Said, bear_witness

POLL_SECONDS = 0.02


class CallParams(Params):
    """`until` is a file a call waits for, so that a test can hold calls as long as it needs them held."""

    witness: str
    ms: int = 0
    until: str | None = None


class Called(Params):
    """Which call gave the result."""

    call: str


def note(witness: str, what: str, context: SkillContext, call: str) -> None:
    line = Line(what, str(context.run_id), str(context.step_id), context.attempt, os.getpid(), call)
    bear_witness(witness, str(line))


def begin(witness: str, context: SkillContext) -> str:
    """Write down that a call has begun; return the name it goes by."""
    call = f"{os.getpid()}.{time.monotonic_ns()}"
    note(witness, "began", context, call)
    return call


async def take_time(params: CallParams) -> None:
    await asyncio.sleep(params.ms / 1_000)
    while params.until is not None and not Path(params.until).exists():
        await asyncio.sleep(POLL_SECONDS)


@skill(name="look", version="1.0.0", description="Reads, and says which call it was.", effect=Effect.READ, failure_modes=ANY_FAILURE)
class Look(Skill):
    Params = CallParams
    Result = Called

    async def run(self, params: CallParams, context: SkillContext) -> Called:
        call = begin(params.witness, context)
        await take_time(params)
        return Called(call=call)


@skill(name="change", version="1.0.0", description="Changes the world, then dawdles.", effect=Effect.WRITE, failure_modes=ANY_FAILURE)
class Change(Skill):
    Params = CallParams
    Result = Called

    async def run(self, params: CallParams, context: SkillContext) -> Called:
        call = begin(params.witness, context)
        effect = SideEffect(type="FILE_APPEND", target=params.witness, effect=Effect.WRITE, phase="maybe_sent")
        context.report.side_effects.append(effect)
        note(params.witness, "changed", context, call)
        await take_time(params)
        context.report.side_effects[-1] = effect.model_copy(update={"phase": "acked"})
        return Called(call=call)


class FalterParams(CallParams):
    failures: int = 2
    retry_after_ms: int = 50


@skill(name="falter", version="1.0.0", description="Is refused at first.", effect=Effect.READ, failure_modes=ANY_FAILURE)
class Falter(Skill):
    Params = FalterParams
    Result = Called

    async def run(self, params: FalterParams, context: SkillContext) -> Called:
        call = begin(params.witness, context)
        if context.attempt <= params.failures:
            raise SkillFailure("RATE_LIMITED", "not yet", retry_after_ms=params.retry_after_ms)
        return Called(call=call)


@skill(name="eats_memory", version="1.0.0", description="Takes memory until there is none.", effect=Effect.READ, failure_modes=[])
class EatsMemory(Skill):
    Params = NoParams
    Result = Said

    async def run(self, params: NoParams, context: SkillContext) -> Said:
        eaten: list[bytearray] = []
        while True:
            eaten.append(bytearray(16 * 2**20))
            await asyncio.sleep(0)


@skill(name="blocks_loop", version="1.0.0", description="Sleeps without awaiting.", effect=Effect.READ, failure_modes=[])
class BlocksLoop(Skill):
    Params = NoParams
    Result = Said

    async def run(self, params: NoParams, context: SkillContext) -> Said:
        time.sleep(3_600)
        return Said()


@skill(name="hangs_in_c", version="1.0.0", description="Hangs in C and never lets the GIL go.", effect=Effect.READ, failure_modes=[])
class HangsInC(Skill):
    Params = NoParams
    Result = Said

    async def run(self, params: NoParams, context: SkillContext) -> Said:
        ctypes.PyDLL(None).sleep(3_600)
        return Said()
