"""The clocks of the shell: Unix milliseconds for facts, a steady clock for spans, the database's own clock for leases.

All of them come from one `Clock`, the system's. `use` puts another in its place, which only tests do: a simulation's
virtual time, a host whose clock jumps. Callers ask every time and keep no answer, the SQL of `database_now_ms` included.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

from agents import clock as database_clock


class Clock(Protocol):
    """What tells the time."""

    def now_ms(self) -> int: ...

    def monotonic(self) -> float: ...

    def database_now_ms(self, vendor: str) -> str: ...


class SystemClock:
    """The clocks of this host and of its database."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def database_now_ms(self, vendor: str) -> str:
        return database_clock.database_now_ms(vendor)


_clock: Clock = SystemClock()


def use(clock: Clock) -> Clock:
    """Tell the time by another clock from now on; return the one before it."""
    global _clock
    before, _clock = _clock, clock
    return before


def now_ms() -> int:
    """Return this host's Unix time in milliseconds."""
    return _clock.now_ms()


def monotonic() -> float:
    """Return seconds on a clock that never goes back; only differences mean anything."""
    return _clock.monotonic()


def database_now_ms(vendor: str) -> str:
    """Return the SQL expression for the database's own time in milliseconds."""
    return _clock.database_now_ms(vendor)


class RunClock:
    """The time of one run while it is driven: the host's at the beginning, never before what the run knows already, and
    steady from there whatever the host's clock is set to."""

    def __init__(self, not_before_ms: int = 0) -> None:
        self._began_ms = max(now_ms(), not_before_ms)
        self._began = monotonic()

    def now_ms(self) -> int:
        return self._began_ms + int((monotonic() - self._began) * 1_000)


def as_datetime(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1_000, UTC)
