"""Where AOS meets django-q2: a broker that asks the run table whether there is work, and the task that does it.

The queue is a bell, the database is the truth: nothing is ever enqueued for a run. The broker, in the pusher's
process, looks whether fewer drains are alive than there are places (one while nothing is due), and makes a `drain`
task on the spot. Ordinary django-q2 tasks (schedules, deliveries) go the ordinary way beside it: through the database,
or through Redis (runs/shell/processes/doorbell_redis.py).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.brokers import Broker
from django_q.brokers.orm import ORM
from django_q.signing import SignedPackage

from runs.shell import claims, lifesigns, memory, sessions
from runs.shell.drain import drain
from runs.shell.lifesigns import LifeSigns
from runs.shell.processes.wakeups import Flag, Pulse, wait_for_any

log = logging.getLogger(__name__)

DRAIN_TASK = "runs.shell.processes.doorbell.run_drain"
DELIVER_TASK, DELIVERIES_WANTED = "runs.housekeeping.schedules.deliver_webhooks", "runs.webhooks.sending.is_wanted"
CARRY_TASK, CARRYING_WANTED = "runs.housekeeping.schedules.carry_on_bulk", "runs.bulk.carrying_on.is_wanted"
"""By their names alone, as django-q2 knows tasks: the shell knows nothing of webhooks and of operations over many runs."""
LOOK_SECONDS = 0.5
"""How often the pusher looks. Drains hear rings themselves; that one of them has ended, the pusher hears at once."""
START_SECONDS = 2.0
"""How long a drain may take from being made to having its session; until then it counts as alive."""
TROUBLE_SECONDS = 1.0
DELIVER_SECONDS = 120.0
"""How long a task that delivers counts as under way where nobody hears it end. One at a time: more would take the drains' places."""


@dataclass(frozen=True)
class Wires:
    """What a supervisor lays before it forks a cluster: how its processes are asked to leave, and how tasks say they have ended."""

    stop: Flag = field(default_factory=Flag)
    at_once: Flag = field(default_factory=Flag)
    drain_ended: Pulse = field(default_factory=Pulse)
    delivery_ended: Pulse = field(default_factory=Pulse)
    signs: LifeSigns = field(default_factory=LifeSigns)

    def close(self) -> None:
        for wire in (self.stop, self.at_once, self.drain_ended, self.delivery_ended, self.signs):
            wire.close()


wires: Wires | None = None
"""Those of the cluster this process belongs to."""


def is_stopping() -> bool:
    """Tell whether drains should finish or hand back within the grace."""
    return wires is not None and wires.stop.is_raised()


def must_leave_now() -> bool:
    """Tell whether drains should hand back at once."""
    return wires is not None and wires.at_once.is_raised()


def run_drain() -> None:
    """The task django-q2 runs. Returns None: results are pickled, and there is nothing to tell."""
    memory.settle()
    try:
        with lifesigns.watched():
            drain(is_stopping, must_leave_now)
    finally:
        if wires is not None:
            wires.drain_ended.send()


def tell_delivery_ended() -> None:
    """Let the pusher make the next task that delivers, should there be something."""
    if wires is not None:
        wires.delivery_ended.send()


class BellBroker(Broker):
    """Makes a drain when the run table wants one; everything else goes the way of the broker this is mixed into."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self._made: list[float] = []
        self._delivering_until = 0.0
        self._carrying_until = 0.0

    def dequeue(self) -> list[tuple[Any, str]] | None:
        """Return a drain task, an ordinary task, or None after a moment. Must never raise: the pusher would die."""
        try:
            with lifesigns.watched():
                tasks = [] if is_stopping() else self._errand_if_wanted() or self.ordinary()
        except (DatabaseError, OSError):
            log.warning("doorbell.trouble", exc_info=True)
            connection.close()
            tasks = []
            time.sleep(TROUBLE_SECONDS)
        if not tasks:
            self._rest()
        return tasks or None

    def ordinary(self) -> list[tuple[Any, str]]:
        """Return the next of the other tasks with its receipt, or nothing; never wait for one."""
        raise NotImplementedError

    def acknowledge(self, task_id: Any) -> Any:
        """Drains are fabricated, so there is nothing to acknowledge for them."""
        return None if task_id is None else super().acknowledge(task_id)

    def _drain_if_wanted(self) -> list[tuple[Any, str]]:
        if not self._wants_drain():
            return []
        self._made.append(time.monotonic())
        return [(None, _package("drain", DRAIN_TASK))]

    def _errand_if_wanted(self) -> list[tuple[Any, str]]:
        return self._drain_if_wanted() or self._deliver_if_wanted() or self._carry_if_wanted()

    def _deliver_if_wanted(self) -> list[tuple[Any, str]]:
        now = time.monotonic()
        if wires is not None and wires.delivery_ended.forget():
            self._delivering_until = 0.0
        if now < self._delivering_until or not import_string(DELIVERIES_WANTED)():
            return []
        self._delivering_until = now + DELIVER_SECONDS
        return [(None, _package("deliver", DELIVER_TASK))]

    def _carry_if_wanted(self) -> list[tuple[Any, str]]:
        # Once a worker is at an operation it is not wanted any more; until then one task is enough.
        now = time.monotonic()
        if now < self._carrying_until or not import_string(CARRYING_WANTED)():
            return []
        self._carrying_until = now + START_SECONDS
        return [(None, _package("carry", CARRY_TASK))]

    def _wants_drain(self) -> bool:
        now = time.monotonic()
        self._made = [made for made in self._made if now - made < START_SECONDS]
        # One place stays free for schedules and deliveries, or long drains would starve them. One drain listens even when
        # there is nothing to do: it hears a submit in milliseconds, and its session says that this host is ready.
        places = settings.Q_CLUSTER["workers"] - 1 if claims.has_work() else 1
        return len(self._made) < places and self._living() + len(self._made) < places

    def _living(self) -> int:
        # First those that only seem to live: a process killed a moment ago would keep its place until its lease is over.
        sessions.release_dead_processes()
        return sessions.live_sessions()

    def _rest(self) -> None:
        if wires is None:
            time.sleep(LOOK_SECONDS)
        elif is_stopping():
            time.sleep(0.05)  # the guard ends this process about now
        else:
            wait_for_any((wires.stop, wires.drain_ended), LOOK_SECONDS)
            wires.drain_ended.forget()


class DatabaseBroker(BellBroker, ORM):
    """Keeps the other tasks in the database, oldest first."""

    def ordinary(self) -> list[tuple[Any, str]]:
        queued = self.get_connection().filter(key=self.list_key, lock__lt=timezone.now()).order_by("id")[:1]
        return [
            (task.pk, task.payload)
            for task in queued
            if self.get_connection().filter(id=task.id, lock=task.lock).update(lock=self.timeout(task))
        ]


def _package(name: str, function: str) -> str:
    task = {
        "id": f"{name}-{time.time_ns()}",
        "name": name,
        "func": function,
        "args": (),
        "kwargs": {},
        "started": timezone.now(),
        "save": False,
    }
    return str(SignedPackage.dumps(task))
