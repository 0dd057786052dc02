"""The django-q2 cluster a supervisor forks: a guard, workers, a monitor and a pusher that end together or not at all.

Stock django-q2 1.11 wedges for ever when an idle worker is killed while it holds the queue's read lock, leaves
orphans that go on taking tasks when a parent dies, and hangs on a SIGTERM to its process group. So here:

 1. two flags, made before the fork, are seen by drains: a stop does not wait for their whole turn;
 2. nobody but the supervisor answers SIGTERM and SIGINT: only the flags end a cluster;
 3. nobody outlives its parent (PR_SET_PDEATHSIG, Linux);
 4. the abrupt death of any child wakes the guard, which ends the whole cluster with EXIT_BROKEN; the supervisor then
    forks a new one.

Names of django-q2 used here are checked by tests/integration/test_shell_supervision.py; requirements pin the minor version.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from django import db
from django.conf import settings
from django_q import cluster as q_cluster
from django_q.cluster import Cluster, Sentinel, get_mp_context
from django_q.conf import Conf
from django_q.scheduler import scheduler
from django_q.status import Stat
from django_q.worker import worker as q_worker

from runs.shell import lifesigns
from runs.shell.process import EXIT_BROKEN, die_with_parent
from runs.shell.processes import doorbell
from runs.shell.processes.doorbell import Wires
from runs.shell.processes.wakeups import SignalPulse, forget_signals

log = logging.getLogger(__name__)

SCHEDULE_SECONDS = 30.0
_ENDING = (signal.SIGTERM, signal.SIGINT)
_IDLE, _RECYCLED = -1, -2
"""What django-q2 writes into a worker's timer, beside the seconds its task has left."""


def _guarded_child(parent: int, target: Callable[..., None], *args: Any) -> None:
    die_with_parent(parent)
    forget_signals(ignored=_ENDING)
    target(*args)


class GuardedSentinel(Sentinel):
    """django-q2's guard, which wakes when a child dies, and takes the cluster down when nobody asked it to."""

    def __init__(
        self, stop_event: Any, start_event: Any, cluster_id: Any, broker: Any = None, timeout: Any = None, start: bool = True
    ) -> None:
        parent = os.getppid()
        super().__init__(stop_event, start_event, cluster_id, broker, timeout, start=False)
        die_with_parent(parent)
        forget_signals(ignored=_ENDING)
        assert doorbell.wires is not None
        self._stop_flag = doorbell.wires.stop
        self._deaths = SignalPulse(signal.SIGCHLD)
        self._scheduled_at = time.monotonic()
        if start:
            self.start()

    def spawn_process(self, target: Any, *args: Any) -> Any:
        process = get_mp_context().Process(target=_guarded_child, args=(os.getpid(), target, *args))
        process.daemon = True
        if target == q_worker:
            process.daemon = Conf.DAEMONIZE_WORKERS
            process.timer = args[2]
            self.pool.append(process)
        process.start()
        return process

    def guard(self) -> None:
        """Look after the children until the cluster is told to stop.

        Unlike the stock guard it sleeps until something happens, and never takes the lock of a worker's timer: a
        worker that is killed may hold it.
        """
        self.start_event.set()
        looked_at = time.monotonic()
        while not self.stop_event.is_set():
            now = time.monotonic()
            self._look_after_children(now - looked_at)
            looked_at = now
            self._see_to_schedules(now)
            Stat(self).save()
            self._rest()
        self.stop()

    def _rest(self) -> None:
        self._deaths.wait(Conf.GUARD_CYCLE, self._stop_flag)
        if self._stop_flag.is_raised():
            self.stop_event.wait(Conf.GUARD_CYCLE)  # the main process sets it about now

    def _look_after_children(self, elapsed_s: float) -> None:
        for process in [*self.pool, self.monitor, self.pusher]:
            if not process.is_alive() or _runs_out(process, elapsed_s):
                self.reincarnate(process)

    def _see_to_schedules(self, now: float) -> None:
        if now - self._scheduled_at >= SCHEDULE_SECONDS:
            self._scheduled_at = now
            with lifesigns.watched():
                scheduler(broker=self.broker)

    def reincarnate(self, process: Any) -> None:
        """Replace a recycled worker; any other death may have taken a queue's lock along, so all go."""
        if _timer(process) == _RECYCLED:
            super().reincarnate(process)
            return
        log.critical("cluster.child_died", extra={"pid": process.pid, "exitcode": process.exitcode})
        for child in [*self.pool, self.monitor, self.pusher]:
            if child is not None and child.is_alive():
                child.kill()
        os._exit(EXIT_BROKEN)


def _timer(process: Any) -> int | None:
    timer = getattr(process, "timer", None)
    return None if timer is None else int(timer.get_obj().value)


def _runs_out(process: Any, elapsed_s: float) -> bool:
    """Count down what a worker's task has left; tell whether that was all."""
    if _timer(process) in (None, _IDLE, _RECYCLED) or not process.timer.get_lock().acquire(block=False):
        return False  # held by a worker that ends its task right now, or was killed while it did
    try:
        left = process.timer.get_obj()
        if left.value > 0:
            left.value = max(0.0, left.value - elapsed_s)
        return bool(left.value == 0)
    finally:
        process.timer.get_lock().release()


def run_cluster(wires: Wires, parent: int) -> int:
    """Run a cluster in this process, forked for it, until it is told to stop; return the exit code."""
    os.setsid()  # a group of its own, so that the supervisor can end all of it
    die_with_parent(parent)
    doorbell.wires, lifesigns.signs = wires, wires.signs
    q_cluster.Sentinel = GuardedSentinel
    _settle()
    cluster = Cluster()
    forget_signals(ignored=_ENDING)  # the cluster's own answers to them too
    deaths = SignalPulse(signal.SIGCHLD)
    cluster.start()
    while cluster.sentinel.is_alive() and not wires.stop.is_raised():
        deaths.wait(None, wires.stop)
    if not wires.stop.is_raised():
        return EXIT_BROKEN
    cluster.stop()
    return 0


def _settle() -> None:
    # What django-q2 read from the settings when it was imported may have been chosen on the command line since.
    Conf.WORKERS, Conf.QUEUE_LIMIT = settings.Q_CLUSTER["workers"], settings.Q_CLUSTER["queue_limit"]
    # Django-q2 closes what is too old before every look at the queue: with the web's lifetime of 0 each look would
    # cost a new connection.
    for alias in db.connections:
        db.connections.settings[alias]["CONN_MAX_AGE"] = None
