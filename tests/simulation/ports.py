"""What stands between the shell and the world, in virtual time: the database's thread, the heartbeat, the bell, the dice."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

from django.db import connection

from runs.shell.lease import Lease
from tests.simulation.plans import Weather
from tests.simulation.schedule import EPOCH_MS, MILLISECOND, SECOND, Crash, Process, Schedule

T = TypeVar("T")
Call = tuple[Callable[[], Any], Callable[[Any, BaseException | None], object], Callable[[], bool]]


class VirtualDatabase:
    """Stands for `DatabaseThread`: one function after the other, each after a while, its answer a while later.

    The function itself runs at one instant, so that what it commits is all there or not at all.
    """

    def __init__(self, schedule: Schedule, process: Process, weather: Weather, on_executed: Callable[[], None]) -> None:
        self._schedule = schedule
        self._process = process
        self._weather = weather
        self._on_executed = on_executed
        self._waiting: deque[Call] = deque()
        self._busy = False

    async def run(self, function: Callable[..., T], *args: object) -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def answer(result: T, error: BaseException | None) -> None:
            if not future.done():
                _settle(future, result, error)

        self._waiting.append((lambda: function(*args), lambda *found: loop.call_soon_threadsafe(answer, *found), future.cancelled))
        self._begin_next()
        return await future

    def post(self, function: Callable[..., T], args: tuple[object, ...], done: Callable[[T | None, BaseException | None], None]) -> None:
        loop = asyncio.get_running_loop()
        self._waiting.append((lambda: function(*args), lambda *found: loop.call_soon_threadsafe(done, *found), lambda: False))
        self._begin_next()

    def _begin_next(self) -> None:
        if self._waiting and not self._busy:
            self._busy = True
            self._schedule.after(
                self._schedule.span_us(self._weather.database_ms, slow=self._weather.database_slow),
                "database",
                self._execute,
                self._process,
            )

    def _execute(self) -> None:
        function, answer, was_called_off = self._waiting.popleft()
        self._busy = False
        if not was_called_off():
            at_virtual_now(self._schedule)
            try:
                found = _outcome_of(function)
            finally:
                self._on_executed()
            self._schedule.after(self._schedule.span_us(0.05), "database answers", lambda: answer(*found), self._process)
        self._begin_next()


def at_virtual_now(schedule: Schedule) -> None:
    """Tell PostgreSQL what time it is; SQLite asks."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('aos.now_ms', %s, false)", (str(EPOCH_MS + schedule.now_us // MILLISECOND),))


def _outcome_of(function: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    try:
        return function(), None
    except Crash:
        raise
    except BaseException as error:  # noqa: BLE001 - handed to whoever waits, as a thread's executor does
        return None, error


def _settle(future: asyncio.Future[T], result: T, error: BaseException | None) -> None:
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


class VirtualLease(Lease):
    """A lease whose heartbeat is a chain of events instead of a thread."""

    schedule: Schedule
    process: Process
    _stopped = False
    _beat_number = 0

    def start(self) -> None:
        self._next_beat()

    def stop(self) -> None:
        self._stopped = True

    def _next_beat(self) -> None:
        self.schedule.after(self.beat_seconds * SECOND, "heartbeat", self._ask_loop, self.process)

    def _ask_loop(self) -> None:
        if self._stopped:
            return
        self._beat_number += 1
        number = self._beat_number
        self.loop.call_soon_threadsafe(
            lambda: self.schedule.after(self.schedule.span_us(0.05), "loop answered", lambda: self._beat_once(number, True), self.process)
        )
        self.schedule.after(self.beat_seconds * SECOND, "loop is silent", lambda: self._beat_once(number, False), self.process)

    def _beat_once(self, number: int, loop_answers: bool) -> None:
        if self._stopped or number != self._beat_number:
            return
        self._beat_number += 1  # the other of answer and silence comes too late
        at_virtual_now(self.schedule)
        if self.beat(loop_answers):
            self._next_beat()


class Bell:
    """Carries rings to listeners: most of them soon, some late, some twice, some never."""

    def __init__(self, schedule: Schedule, *, loss: float, late: float, twice: float) -> None:
        self._schedule = schedule
        self._loss = loss
        self._late = late
        self._twice = twice
        self._listeners: list[VirtualListener] = []

    def ring(self) -> None:
        for listener in list(self._listeners):
            for _ in range(2 if self._schedule.chance(self._twice) else 1):
                if not self._schedule.chance(self._loss):
                    typical_ms = 1_000.0 if self._schedule.chance(self._late) else 0.5
                    self._schedule.after(self._schedule.span_us(typical_ms, slow=0), "ring", listener.hear, listener.process)

    def listener(self, process: Process) -> VirtualListener:
        made = VirtualListener(self, process)
        self._listeners.append(made)
        return made

    def forget(self, listener: VirtualListener) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)


class VirtualListener:
    """Hears the bell in one worker's loop."""

    def __init__(self, bell: Bell, process: Process) -> None:
        self._bell = bell
        self.process = process
        self._rung = False
        self._waiter: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def hear(self) -> None:
        self._rung = True
        if self._waiter is not None:
            loop, event = self._waiter
            loop.call_soon_threadsafe(event.set)

    async def wait(self, seconds: float) -> bool:
        if not self._rung:
            event = asyncio.Event()
            self._waiter = (asyncio.get_running_loop(), event)
            try:
                async with asyncio.timeout(seconds):
                    await event.wait()
            except TimeoutError:
                return False
            finally:
                self._waiter = None
        self._rung = False
        return True

    def close(self) -> None:
        self._bell.forget(self)


class VirtualTime:
    """Stands for the module `time` where a clock is read directly."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def monotonic(self) -> float:
        return self._schedule.now_us / SECOND

    def time_ns(self) -> int:
        return EPOCH_MS * 1_000_000 + self._schedule.now_us * 1_000


class SeededSecrets:
    """Stands for the module `secrets` where ids are made."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def randbits(self, bits: int) -> int:
        return self._random.getrandbits(bits)
