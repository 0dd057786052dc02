"""Slots in a worker: a skill with a limit is called by no more runs and steps at once than that."""

from __future__ import annotations

import asyncio

import pytest

from runs.shell import sessions
from skills.base import Params, Skill, skill
from skills.contracts import Constraints, Effect
from skills.ports import SkillContext
from skills.registry import registry
from tests.integration.workshop import Workshop, a_worker, assert_is_whole, over, step


class NoParams(Params):
    """The turnstile asks for nothing."""


@skill(
    name="turnstile",
    version="1.0.0",
    description="Counts who is inside.",
    effect=Effect.NONE,
    failure_modes=[],
    constraints=Constraints(max_concurrency=4),
)
class Turnstile(Skill):
    Params = NoParams
    Result = NoParams
    inside = 0
    most = 0

    async def run(self, params: NoParams, context: SkillContext) -> NoParams:
        cls = type(self)
        cls.inside += 1
        cls.most = max(cls.most, cls.inside)
        for _ in range(20):
            await asyncio.sleep(0)
        cls.inside -= 1
        return NoParams()


@pytest.mark.parametrize(("other_workers", "share"), [(0, 4), (1, 2), (9, 1)])
def test_it_calls_no_more_at_once_than_its_share(workshop: Workshop, other_workers: int, share: int) -> None:
    registry.add(Turnstile)
    Turnstile.most = 0
    for _ in range(other_workers):
        sessions.begin(60_000)
    runs = [workshop.submit(*(step(f"s{n}", "turnstile") for n in range(6))) for _ in range(3)]
    with a_worker():
        ended = [over(run) for run in runs]
    assert [run.status for run in ended] == ["succeeded"] * 3
    assert Turnstile.most == share
    for run in ended:
        assert_is_whole(workshop, run)


def test_it_shows_the_limit_to_who_asks(workshop: Workshop) -> None:
    registry.add(Turnstile)
    described = registry.metadata("turnstile")
    assert described is not None
    assert described.constraints.max_concurrency == 4
