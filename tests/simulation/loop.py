"""An event loop in virtual time: asyncio's own, run one iteration at a time by whoever holds it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import ceil
from typing import Any

from tests.simulation.schedule import SECOND


class VirtualLoop(asyncio.BaseEventLoop):
    """Everything asyncio does with callbacks and timers, with no sockets and no clock of its own.

    `on_call` is told when something was put in from outside an iteration, as another thread would.
    """

    # What `BaseEventLoop` leaves to its subclasses; nothing is ever waited for here.
    _ready: Any
    _scheduled: Any

    def __init__(self, seconds: Callable[[], float], on_call: Callable[[], None], complain: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self._seconds = seconds
        self._on_call = on_call
        self._selector = _Nothing()
        self.set_exception_handler(lambda loop, context: complain(context))

    def time(self) -> float:
        return self._seconds()

    def iterate(self) -> None:
        """Run what is ready now, once."""
        self.stop()
        self.run_forever()

    def next_us(self) -> int | None:
        """Return when there is something to do; None where only another could bring it."""
        if self._ready:
            return 0
        return ceil(self._scheduled[0].when() * SECOND) if self._scheduled else None

    def _process_events(self, event_list: list[Any]) -> None:
        assert not event_list

    def _write_to_self(self) -> None:
        self._on_call()


class _Nothing:
    """A selector without sockets."""

    def select(self, timeout: float | None) -> list[Any]:
        assert timeout == 0, "the loop is only ever asked for what is ready"
        return []
