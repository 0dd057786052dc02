"""What goes wrong: a storm drawn from the seed, or exactly one crash at the n-th place passed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

from django.db import OperationalError

from runs.shell.crash_points import CrashPoint
from tests.simulation.plans import Weather
from tests.simulation.schedule import MILLISECOND, SECOND, Crash, Schedule
from tests.simulation.worker import Worker

STORE_POINTS = ("journal.before", "journal.written", "journal.committed", "claim.committed")
"""Where a connection may be lost. After `journal.committed` nobody knows whether the commit happened."""


class Trouble(Protocol):
    """Decides what goes wrong and when."""

    counts: Counter[str]

    def begin(self, victims: Callable[[], list[Worker]], interject: Callable[[], None]) -> None:
        """Schedule what happens to workers; `interject` lets somebody ask for something at this very moment."""
        ...

    def strike(self, point: CrashPoint) -> None:
        """Be told that a process passes a place; what is raised is raised there."""
        ...

    def is_over(self) -> bool:
        """Tell whether nothing more will go wrong."""
        ...


class Storm:
    """Crashes, freezes, blocks and stops workers at random moments and places, until it calms down."""

    def __init__(self, schedule: Schedule, weather: Weather) -> None:
        self.counts: Counter[str] = Counter()
        self._schedule = schedule
        self._weather = weather
        self._is_over = False

    def is_over(self) -> bool:
        return self._is_over

    def strike(self, point: CrashPoint) -> None:
        if self._is_over:
            return
        if self._schedule.chance(self._weather.strike):
            self.counts[f"struck {point}"] += 1
            running = self._schedule.running
            if not isinstance(running, Worker) or self._schedule.chance(0.6):
                raise Crash(point)
            self._freeze(running)
        if point == "journal.before" and self._schedule.chance(self._weather.interjection):
            self.counts["interjected"] += 1
            self._interject()
        if point in STORE_POINTS and self._schedule.chance(self._weather.store_trouble):
            self.counts[f"store lost at {point}"] += 1
            raise OperationalError(f"the connection was lost at {point}")

    def begin(self, victims: Callable[[], list[Worker]], interject: Callable[[], None]) -> None:
        weather = self._weather
        self._interject = interject
        for every, name, happens in (
            (weather.crash_every, "crash", self._crash),
            (weather.freeze_every, "freeze", self._freeze),
            (weather.block_every, "block", self._block),
            (weather.stop_every, "stop", self._stop),
        ):
            if every is not None:
                self._now_and_then(every, name, happens, victims)
        self._schedule.after(weather.busy_seconds * SECOND, "calm", lambda: self._calm_down(victims()))

    def _now_and_then(self, every: float, name: str, happens: Callable[[Worker], None], victims: Callable[[], list[Worker]]) -> None:
        def happen() -> None:
            if not self._is_over:
                found = victims()
                if found:
                    victim = self._schedule.random.choice(found)
                    self.counts[name] += 1
                    self._schedule.tell(name, victim)
                    happens(victim)
                self._now_and_then(every, name, happens, victims)

        self._schedule.after(self._schedule.random.expovariate(1 / every) * SECOND, name, happen)

    def _crash(self, victim: Worker) -> None:
        victim.crash()

    def _freeze(self, victim: Worker) -> None:
        victim.freeze(self._about_a_lease())

    def _block(self, victim: Worker) -> None:
        victim.block(self._about_a_lease())

    def _stop(self, victim: Worker) -> None:
        victim.stop(at_once=self._schedule.chance(0.3))

    def _about_a_lease(self) -> int:
        return int(self._weather.lease_ms * self._schedule.random.uniform(0.1, 2.5)) * MILLISECOND

    def _calm_down(self, workers: Iterable[Worker]) -> None:
        self._is_over = True
        for worker in workers:
            worker.thaw()


class NthPass:
    """Lets whoever passes the n-th of some places die there, and nothing else happen."""

    def __init__(self, number: int, points: Iterable[CrashPoint]) -> None:
        self.counts: Counter[str] = Counter()
        self.struck: CrashPoint | None = None
        self._left = number
        self._points = frozenset(points)

    def is_over(self) -> bool:
        return True

    def begin(self, victims: Callable[[], list[Worker]], interject: Callable[[], None]) -> None: ...

    def strike(self, point: CrashPoint) -> None:
        if point in self._points and self.struck is None:
            self._left -= 1
            if self._left == 0:
                self.struck = point
                raise Crash(point)
