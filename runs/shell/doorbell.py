"""Where AOS meets django-q2: a broker that asks the run table whether there is work, and the task that does it.

The queue is a bell, the database is the truth: nothing is ever enqueued for a run. The broker, in the pusher's
process, looks whether fewer drains are alive than there are places (one while nothing is due), and makes a `drain`
task on the spot. Ordinary django-q2 tasks (schedules, deliveries) go the ordinary way beside it.
"""

from __future__ import annotations

import logging
import time
from multiprocessing.synchronize import Event
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.signing import SignedPackage

from runs.shell import sessions
from runs.shell.bell import Listener, listener
from runs.shell.drain import drain

log = logging.getLogger(__name__)

DRAIN_TASK = "runs.shell.doorbell.run_drain"
LISTEN_SECONDS = 0.5
START_SECONDS = 2.0
"""How long a drain may take from being made to having its session; until then it counts as alive."""
TROUBLE_SECONDS = 1.0

stop_flag: Event | None = None
"""Set by `runs.shell.supervision` before the cluster forks; drains hand back when it is raised."""


def run_drain() -> None:
    """The task django-q2 runs. Returns None: results are pickled, and there is nothing to tell."""
    flag = stop_flag
    drain(flag.is_set if flag is not None else lambda: False)


class BellBroker(ORM):
    """Rings for runs, and queues everything else in the database as the ORM broker does."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self._made: list[float] = []
        self._listener: Listener | None = None

    def dequeue(self) -> list[tuple[Any, str]] | None:
        """Return a drain task, an ordinary task, or None after listening for a moment. Must never raise: the pusher would die."""
        try:
            if self._wants_drain():
                self._made.append(time.monotonic())
                return [(None, _drain_package())]
            ordinary = self._ordinary()
            if ordinary:
                return ordinary
            self._listen()
        except (DatabaseError, OSError):
            log.warning("doorbell.trouble", exc_info=True)
            self._forget_connections()
            time.sleep(TROUBLE_SECONDS)
        return None

    def acknowledge(self, task_id: Any) -> Any:
        """Drains are fabricated, so there is nothing to acknowledge for them."""
        return None if task_id is None else super().acknowledge(task_id)

    def _wants_drain(self) -> bool:
        if stop_flag is not None and stop_flag.is_set():
            return False
        now = time.monotonic()
        self._made = [made for made in self._made if now - made < START_SECONDS]
        # One place stays free for schedules and deliveries, or long drains would starve them. One drain listens even when
        # there is nothing to do: it hears a submit in milliseconds, and its session says that this host is ready.
        places = settings.Q_CLUSTER["workers"] - 1 if sessions.has_work() else 1
        return len(self._made) < places and self._living() + len(self._made) < places

    def _living(self) -> int:
        # First those that only seem to live: a process killed a moment ago would keep its place until its lease is over.
        sessions.release_dead_processes()
        return sessions.live_sessions()

    def _ordinary(self) -> list[tuple[Any, str]]:
        queued = self.get_connection().filter(key=self.list_key, lock__lt=timezone.now()).order_by("id")[:1]
        return [
            (task.pk, task.payload)
            for task in queued
            if self.get_connection().filter(id=task.id, lock=task.lock).update(lock=self.timeout(task))
        ]

    def _listen(self) -> None:
        if self._listener is None:
            # Opened here, not in __init__: that runs before the fork, and a socket must not be shared over it.
            self._listener = listener()
        self._listener.wait_blocking(LISTEN_SECONDS)

    def _forget_connections(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        connection.close()


def _drain_package() -> str:
    task = {
        "id": f"drain-{time.time_ns()}",
        "name": "drain",
        "func": DRAIN_TASK,
        "args": (),
        "kwargs": {},
        "started": timezone.now(),
        "save": False,
    }
    return str(SignedPackage.dumps(task))
