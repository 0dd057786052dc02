"""The heartbeat of a session: renews its lease from a thread of its own, but only while the event loop answers.

A skill that blocks the loop must lose the lease, visibly. `is_held` is asked right before every effect: it goes by
the monotonic clock and the moment *before* the last renewal was sent, so a worker that was frozen knows it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable

from django.db import Error, connections

from runs.shell import sessions

log = logging.getLogger(__name__)

SAFE_PART = 0.8
"""The part of a lease within which effects may begin; the rest is for clocks that run unevenly."""


class Lease:
    """Keeps one session alive. `on_lost` is called in the loop when it cannot be kept."""

    def __init__(
        self, session_id: int, lease_ms: int, loop: asyncio.AbstractEventLoop, in_flight: Callable[[], int], on_lost: Callable[[], None]
    ) -> None:
        self.session_id = session_id
        self._lease_ms = lease_ms
        self._loop = loop
        self._in_flight = in_flight
        self._on_lost = on_lost
        self._held_until = time.monotonic() + lease_ms / 1_000 * SAFE_PART
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="aos-heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def is_held(self) -> bool:
        """Tell whether an effect may begin now."""
        return time.monotonic() < self._held_until

    def _beat(self) -> None:
        try:
            while not self._stop.wait(self._lease_ms / 4_000):
                if self._loop_answers() and not self._renew():
                    self._loop.call_soon_threadsafe(self._on_lost)
                    return
        finally:
            connections.close_all()

    def _loop_answers(self) -> bool:
        answered = threading.Event()
        self._loop.call_soon_threadsafe(answered.set)
        if answered.wait(self._lease_ms / 4_000):
            return True
        log.warning("session.loop_blocked", extra={"session_id": self.session_id})
        return False

    def _renew(self) -> bool:
        """Renew once; False only where the session is known to be dead. A store that does not answer is tried again."""
        asked_at = time.monotonic()
        try:
            held = sessions.renew(self.session_id, self._lease_ms, self._in_flight())
        except Error:
            log.warning("session.renew_failed", extra={"session_id": self.session_id}, exc_info=True)
            connections.close_all()
            return True
        if held:
            self._held_until = asked_at + self._lease_ms / 1_000 * SAFE_PART
        return held
