"""The skills workloads run: they do nothing, or wait, and say when they began. Workers load them by AOS_SKILL_MODULES."""

from __future__ import annotations

import asyncio
import os
import time

from skills.base import Params, Skill, skill
from skills.contracts import Effect
from skills.ports import SkillContext


class Began(Params):
    """When a call began, by the clock all processes of a machine share."""

    began_ns: int


class NoParams(Params):
    """The parameters of a skill that has none."""


@skill(name="bench_noop", version="1.0.0", description="Does nothing; its outcome is awaited.", effect=Effect.READ, failure_modes=[])
class AwaitedNoop(Skill):
    Params = NoParams
    Result = Began

    async def run(self, params: NoParams, context: SkillContext) -> Began:
        return Began(began_ns=time.monotonic_ns())


@skill(name="bench_pure", version="1.0.0", description="Does nothing; free and pure.", effect=Effect.NONE, failure_modes=[])
class PureNoop(Skill):
    Params = NoParams
    Result = Began

    async def run(self, params: NoParams, context: SkillContext) -> Began:
        return Began(began_ns=time.monotonic_ns())


class WaitParams(Params):
    ms: int
    witness: str | None = None


@skill(name="bench_wait", version="1.0.0", description="Waits; may note each call in a file.", effect=Effect.READ, failure_modes=[])
class Wait(Skill):
    Params = WaitParams
    Result = Began

    async def run(self, params: WaitParams, context: SkillContext) -> Began:
        began_ns = time.monotonic_ns()
        if params.witness is not None:
            note_call(params.witness, f"{context.run_id} {context.step_id} {context.attempt}")
        await asyncio.sleep(params.ms / 1_000)
        return Began(began_ns=began_ns)


def note_call(witness: str, line: str) -> None:
    """Append a line, whole or not at all: it must tell the truth about a process that is killed."""
    descriptor = os.open(witness, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)
