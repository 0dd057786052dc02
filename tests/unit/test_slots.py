"""Slots: so many calls of a skill at once, in order, and none lost where a caller gives up."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from runs.shell.slots import Slots, share_of
from skills.base import Skill
from skills.contracts import Constraints
from tests.fakes.skills import Say


class Limited(Say):
    name = "limited"
    constraints = Constraints(max_concurrency=4)


class OtherLimited(Limited):
    name = "other_limited"


class Hall:
    """Who is inside at a time, who has come in at all, and how many were inside at most."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.inside = 0
        self.most = 0
        self.entered: list[int] = []
        self.open = asyncio.Event()

    async def visit(self, number: int, skill: Skill) -> None:
        async with self.slots.of(skill):
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.entered.append(number)
            try:
                await self.open.wait()
            finally:
                self.inside -= 1

    def send(self, count: int, skill: Skill) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self.visit(number, skill)) for number in range(count)]


async def settled() -> None:
    """Let everything that can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("limit", "sessions", "share"),
    [
        pytest.param(4, 1, 4, id="alone"),
        pytest.param(4, 2, 2, id="halves"),
        pytest.param(7, 3, 2, id="never-more-than-the-limit-together"),
        pytest.param(2, 5, 1, id="everybody-comes-to-a-turn"),
        pytest.param(3, 0, 3, id="nobody-counted-yet"),
    ],
)
def test_it_divides_a_limit(limit: int, sessions: int, share: int) -> None:
    assert share_of(limit, sessions) == share


def test_it_lets_in_as_many_as_the_limit_in_the_order_they_came() -> None:
    async def story() -> None:
        hall = Hall(Slots())
        visits = hall.send(10, Limited())
        await settled()
        assert hall.entered == [0, 1, 2, 3]
        hall.open.set()
        await asyncio.gather(*visits)
        assert (hall.entered, hall.most, hall.inside) == (list(range(10)), 4, 0)

    asyncio.run(story())


def test_it_lets_everybody_in_where_there_is_no_limit() -> None:
    async def story() -> None:
        hall = Hall(Slots())
        visits = hall.send(50, Say())
        await settled()
        assert hall.inside == 50
        hall.open.set()
        await asyncio.gather(*visits)

    asyncio.run(story())


def test_it_counts_each_skill_for_itself() -> None:
    async def story() -> None:
        hall = Hall(Slots())
        visits = hall.send(6, Limited()) + hall.send(6, OtherLimited())
        await settled()
        assert hall.inside == 8
        hall.open.set()
        await asyncio.gather(*visits)

    asyncio.run(story())


def test_it_goes_by_a_new_share_at_once() -> None:
    async def story() -> None:
        hall = Hall(Slots())
        hall.slots.divide_by(4)
        visits = hall.send(6, Limited())
        await settled()
        assert hall.inside == 1
        hall.slots.divide_by(2)
        await settled()
        assert hall.inside == 2
        hall.slots.divide_by(4)
        visits[0].cancel()
        await settled()
        assert hall.inside == 1, "a smaller share lets nobody in until there is room"
        hall.open.set()
        await asyncio.gather(*visits, return_exceptions=True)
        assert (hall.inside, len(hall.entered)) == (0, 6)

    asyncio.run(story())


@pytest.mark.parametrize("who", [pytest.param(5, id="waits"), pytest.param(0, id="is-inside")])
def test_it_loses_no_slot_to_one_that(who: int) -> None:
    async def story() -> None:
        hall = Hall(Slots())
        visits = hall.send(8, Limited())
        await settled()
        visits[who].cancel()
        with suppress(asyncio.CancelledError):
            await visits[who]
        await settled()
        hall.open.set()
        await asyncio.gather(*visits, return_exceptions=True)
        assert (hall.most, hall.inside) == (4, 0)
        assert sorted(hall.entered) == [number for number in range(8) if number != who or who == 0]

    asyncio.run(story())


def test_it_loses_no_slot_to_one_that_is_cancelled_just_as_it_is_let_in() -> None:
    async def story() -> None:
        slots, skill = Slots(), Limited()
        held = [slots.of(skill) for _ in range(4)]
        for each in held:
            await each.__aenter__()
        late = asyncio.create_task(slots.of(skill).__aenter__())
        await settled()
        await held[0].__aexit__(None, None, None)
        late.cancel()
        with pytest.raises(asyncio.CancelledError):
            await late
        await asyncio.wait_for(slots.of(skill).__aenter__(), 5)

    asyncio.run(story())
