"""The heartbeat of a session: renews its lease from a thread of its own, but only while the event loop answers.

A skill that blocks the loop must lose the lease, visibly. `is_held` is asked right before every effect: it goes by
the monotonic clock and the moment *before* the last renewal was sent, so a worker that was frozen knows it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

from django.db import Error, connections

from runs.shell import clock, lifesigns, sessions

log = logging.getLogger(__name__)

SAFE_PART = 0.8
"""The part of a lease within which effects may begin; the rest is for clocks that run unevenly."""
BEATS_PER_LEASE = 4


class Lease:
    """What one session may still do, by its own clock. `beat` is called now and then; `on_lost` in the loop, at the end."""

    def __init__(
        self, session_id: int, lease_ms: int, loop: asyncio.AbstractEventLoop, in_flight: Callable[[], int], on_lost: Callable[[], None]
    ) -> None:
        self.session_id = session_id
        self.loop = loop
        self._lease_ms = lease_ms
        self._in_flight = in_flight
        self._on_lost = on_lost
        self._held_until = clock.monotonic() + self._safe_seconds
        self._heartbeat = Heartbeat(self)

    @property
    def beat_seconds(self) -> float:
        """Return how long to wait between beats, and how long at most for the loop to answer one."""
        return self._lease_ms / 1_000 / BEATS_PER_LEASE

    @property
    def _safe_seconds(self) -> float:
        return self._lease_ms / 1_000 * SAFE_PART

    def start(self) -> None:
        self._heartbeat.start()

    def stop(self) -> None:
        self._heartbeat.stop()

    def is_held(self) -> bool:
        """Tell whether an effect may begin now."""
        return clock.monotonic() < self._held_until

    def beat(self, loop_answers: bool) -> bool:
        """Renew, unless the loop is blocked; False where the session is lost and there is nothing left to renew."""
        if not loop_answers:
            log.warning("session.loop_blocked", extra={"session_id": self.session_id})
            return True
        if self._renew():
            return True
        self.loop.call_soon_threadsafe(self._on_lost)
        return False

    def _renew(self) -> bool:
        """Renew once; False only where the session is known to be dead. A store that does not answer is tried again."""
        asked_at = clock.monotonic()
        try:
            held = sessions.renew(self.session_id, self._lease_ms, self._in_flight())
        except Error:
            log.warning("session.renew_failed", extra={"session_id": self.session_id}, exc_info=True)
            connections.close_all()
            return True
        if held:
            self._held_until = asked_at + self._safe_seconds
        return held


class Heartbeat:
    """The thread that beats for a lease."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="aos-heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._lease.beat_seconds):
                answers = self._loop_answers()
                if not self._lease.beat(answers):
                    return
                if answers:
                    lifesigns.show()
        finally:
            connections.close_all()

    def _loop_answers(self) -> bool:
        answered = threading.Event()
        self._lease.loop.call_soon_threadsafe(answered.set)
        return answered.wait(self._lease.beat_seconds)
