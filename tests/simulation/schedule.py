"""Virtual time: a heap of events, and a seed that decides everything nobody else decides.

One event runs at a time. An event may belong to a process; a process that is frozen has its events put off until it
thaws, one that has crashed never sees them. What ran and when is hashed, so that two runs of a seed can be compared.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

MILLISECOND, SECOND = 1_000, 1_000_000
EPOCH_MS = 1_767_225_600_000
"""The virtual world begins with the year 2026."""


class Crash(SystemExit):
    """A process died here. No `except Exception` catches it, and asyncio hands it on instead of keeping it in a task."""


@dataclass(eq=False)
class Process:
    """What an event can belong to: a worker, or a client's request."""

    name: str
    skew_ms: int = 0
    is_alive: bool = True
    frozen_until_us: int = 0

    def crash(self) -> None:
        self.is_alive = False


class Schedule:
    """Runs events in the order of virtual time."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)  # noqa: S311 - dice for tests
        self.now_us = 0
        self.events = 0
        self.told: list[str] | None = None
        self.running: Process | None = None
        self._heap: list[tuple[int, int, str, Process | None, Callable[[], object]]] = []
        self._count = 0
        self._hash = hashlib.blake2b(digest_size=16)

    def after(self, delay_us: float, name: str, do: Callable[[], object], process: Process | None = None) -> None:
        """Let something happen in so many microseconds; what returns False was nothing."""
        self._count += 1
        heapq.heappush(self._heap, (self.now_us + max(0, int(delay_us)), self._count, name, process, do))

    def run_next(self) -> bool:
        """Run the next event; False where nothing is left to happen."""
        if not self._heap:
            return False
        at_us, number, name, process, do = heapq.heappop(self._heap)
        if process is not None and process.is_alive and process.frozen_until_us > at_us:
            heapq.heappush(self._heap, (process.frozen_until_us, number, name, process, do))
        elif process is None or process.is_alive:
            self.now_us = at_us
            with self.within(process):
                if do() is not False:
                    self.events += 1
                    self.tell(name, process)
        return True

    def tell(self, what: str, process: Process | None = None) -> None:
        """Add a line to the trace."""
        line = f"{self.now_us} {process.name if process else '-'} {what}"
        self._hash.update(line.encode())
        if self.told is not None:
            self.told.append(line)

    def take_in(self, data: bytes) -> None:
        """Make the digest depend on something more."""
        self._hash.update(data)

    def digest(self) -> str:
        """Return the hash over all that happened so far."""
        return self._hash.hexdigest()

    @contextmanager
    def within(self, process: Process | None) -> Iterator[None]:
        """Say whose code runs. What dies inside is that process, and nothing else notices."""
        before, self.running = self.running, process
        try:
            yield
        except Crash as crash:
            self.tell(f"crash at {crash}", process)
            if process is not None:
                process.crash()
        finally:
            self.running = before

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def span_us(self, typical_ms: float, *, slow: float = 0.02) -> int:
        """Return how long something takes: about so long, and now and then a hundred times that."""
        factor = 100 if self.chance(slow) else 1
        return 20 + int(typical_ms * MILLISECOND * factor * self.random.expovariate(1.0))


class VirtualClock:
    """The clocks of `runs.shell.clock` in a schedule's time; hosts differ in their wall clocks, the database is one."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def now_ms(self) -> int:
        process = self._schedule.running
        return self.database_ms() + (process.skew_ms if process else 0)

    def monotonic(self) -> float:
        return self._schedule.now_us / SECOND

    def database_now_ms(self, vendor: str) -> str:
        return "current_setting('aos.now_ms')::bigint" if vendor == "postgresql" else "aos_now_ms()"

    def database_ms(self) -> int:
        return EPOCH_MS + self._schedule.now_us // MILLISECOND
