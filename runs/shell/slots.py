"""Slots: how many calls of a skill may be under way at once, over all workers.

Each worker's share is the limit divided by the live sessions, at least one: so the limit holds as long as there are no
more sessions than that, and with more of them each still comes to its turn, one call at a time. The share is reckoned
anew at every look around; until then a worker that came goes by the new number and the others by the old one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import AbstractAsyncContextManager, nullcontext
from types import TracebackType

from skills.base import Skill

_OPEN: AbstractAsyncContextManager[None] = nullcontext()


def share_of(limit: int, live_sessions: int) -> int:
    """Return how many calls one worker of so many may have under way."""
    return max(1, limit // max(1, live_sessions))


class Slots:
    """The slots of one worker."""

    def __init__(self) -> None:
        self._live_sessions = 1
        self._gates: dict[str, Gate] = {}

    def divide_by(self, live_sessions: int) -> None:
        """Reckon the shares for so many sessions."""
        self._live_sessions = live_sessions
        for gate in self._gates.values():
            gate.resize(share_of(gate.limit, live_sessions))

    def of(self, skill: Skill) -> AbstractAsyncContextManager[None]:
        """Return what to hold during a call of a skill: entering it waits for a slot, or for nothing where there is no limit."""
        limit = skill.constraints.max_concurrency
        if limit is None:
            return _OPEN
        gate = self._gates.get(skill.name)
        if gate is None:
            gate = self._gates[skill.name] = Gate()
        gate.limit = limit
        gate.resize(share_of(limit, self._live_sessions))
        return gate


class Gate(AbstractAsyncContextManager[None]):
    """Lets so many in at once, in the order they came; the number may change while they are in."""

    def __init__(self) -> None:
        self.limit = 1
        self._places = 1
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def resize(self, places: int) -> None:
        self._places = places
        self._let_in()

    async def __aenter__(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            self._give_up(turn)
            raise

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._leave()

    def _let_in(self) -> None:
        while self._waiting and self._inside < self._places:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._inside += 1

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        # Who was let in just when it was cancelled has a place to give back; who was not is passed over.
        if not turn.cancelled():
            self._leave()

    def _leave(self) -> None:
        self._inside -= 1
        self._let_in()
