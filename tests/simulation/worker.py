"""A worker in virtual time: one drain of the product, in a loop of its own, that may crash, freeze or hang at any moment."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, cast

from runs.shell import drain as shell
from runs.shell.database import DatabaseThread
from tests.simulation.loop import VirtualLoop
from tests.simulation.ports import VirtualDatabase
from tests.simulation.schedule import SECOND, Process, Schedule

STEP_MS = 0.05
"""How long one iteration of a loop takes, typically."""


class Worker(Process):
    """A process with one drain. `on_left` is told when the drain has returned, with what it raised."""

    def __init__(self, name: str, schedule: Schedule, on_left: Callable[[Worker, BaseException | None], None]) -> None:
        super().__init__(name)
        self.schedule = schedule
        self.complaints: list[str] = []
        self._on_left = on_left
        self._stop = self._at_once = False
        self._loop = VirtualLoop(lambda: schedule.now_us / SECOND, self._nudge, self._complain)
        self._turn_at: int | None = None
        self._blocked_until_us = 0
        self._remains: set[asyncio.Task[Any]] = set()

    def start(self, database: VirtualDatabase) -> None:
        self._task = self._loop.create_task(
            _as_by_asyncio_run(shell._drain, cast(DatabaseThread, database), lambda: self._stop, lambda: self._at_once)
        )
        self._nudge()

    def stop(self, *, at_once: bool = False) -> None:
        """Raise the stop flag, as SIGTERM does; the second one leaves no time."""
        self._stop, self._at_once = True, self._at_once or at_once

    def block(self, for_us: int) -> None:
        """Let some skill keep the loop to itself."""
        self._blocked_until_us = self.schedule.now_us + for_us

    def freeze(self, for_us: int) -> None:
        """Stop the whole process, heartbeat and all, for a while."""
        self.frozen_until_us = self.schedule.now_us + for_us

    def thaw(self) -> None:
        self.frozen_until_us = self._blocked_until_us = 0

    def crash(self) -> None:
        super().crash()
        # Kept until the end of the seed: what a dead process was about to do must not be done when Python tidies up.
        self._remains = asyncio.all_tasks(self._loop)

    def bury(self) -> None:
        """Let go of what is left, after the seed."""
        if self.is_alive:
            self.crash()
        closed: set[asyncio.Task[Any]] = set()
        # What is ended may begin something on its way out.
        while left := (self._remains | asyncio.all_tasks(self._loop)) - closed:
            for task in left:
                _close(task)
            closed |= left
        self._remains = set()
        if not self._loop.is_closed():
            self._loop.close()

    def _nudge(self) -> None:
        """Have the loop's next iteration scheduled, at the latest when its next timer is due."""
        wanted = self._loop.next_us()
        if wanted is None or not self.is_alive:
            return
        now = self.schedule.now_us
        at = wanted if wanted > now else now + self.schedule.span_us(STEP_MS, slow=0.01)
        if self._turn_at is None or at < self._turn_at:
            self._turn_at = at
            self.schedule.after(at - now, "turn", lambda: self._turn(at), self)

    def _turn(self, at: int) -> bool:
        if at != self._turn_at:
            return False  # another one was wanted earlier
        self._turn_at = None
        if self._blocked_until_us > self.schedule.now_us:
            self._turn_at = later = self._blocked_until_us
            self.schedule.after(later - self.schedule.now_us, "turn", lambda: self._turn(later), self)
            return False
        self._loop.iterate()
        if self._task.done():
            self._leave()
        else:
            self._nudge()
        return True

    def _leave(self) -> None:
        self.is_alive = False
        error = None if self._task.cancelled() else self._task.exception()
        self._loop.close()
        self._on_left(self, error)

    def _complain(self, context: dict[str, Any]) -> None:
        if self.is_alive:
            self.complaints.append(f"{context.get('message')}: {context.get('exception')!r}")


async def _as_by_asyncio_run(main: Callable[..., Coroutine[Any, Any, None]], *given: Any) -> None:
    """Await the main coroutine and then, as `asyncio.run` does, call back what it left running."""
    try:
        await main(*given)
    finally:
        left = sorted(asyncio.all_tasks() - {asyncio.current_task()}, key=lambda task: (len(task.get_name()), task.get_name()))
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def _close(task: asyncio.Task[Any]) -> None:
    """End a coroutine where it stands, whatever its `finally` blocks still want to await."""
    coroutine = task.get_coro()
    assert coroutine is not None
    for _ in range(20):
        with contextlib.suppress(BaseException):
            coroutine.close()
            return
