"""Keeps a django-q2 cluster honest: `Supervisor` starts it, watches it, restarts it; `run_cluster` is what it starts.

Stock django-q2 1.11 wedges for ever when an idle worker is killed while it holds the queue's read lock, leaves
orphans that go on taking tasks when a parent dies, and hangs on a SIGTERM to its process group. So here:

 1. a stop flag, made before the fork, is polled by drains: a graceful stop does not wait for their whole turn;
 2. guard and children ignore SIGTERM and SIGINT: only the flag and the queue's own stop end them;
 3. nobody outlives its parent (PR_SET_PDEATHSIG, Linux);
 4. the abrupt death of any child ends the whole cluster with EXIT_BROKEN, and the supervisor starts a new one.

Names of django-q2 used here are checked by tests/integration/test_shell_supervision.py; requirements pin the minor version.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from django import db
from django.conf import settings
from django_q import cluster as q_cluster
from django_q.cluster import Cluster, Sentinel, get_mp_context
from django_q.conf import Conf
from django_q.worker import worker as q_worker

from runs.shell import doorbell, sessions

log = logging.getLogger(__name__)

EXIT_BROKEN = 70
RESTART_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Pauses before restart after restart; the last one repeats. A cluster that lived a minute starts over."""
_PR_SET_PDEATHSIG = 1
_RECYCLED = -2


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies; other systems than Linux go without."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(EXIT_BROKEN)  # the parent died between fork and prctl


def _guarded_child(parent: int, target: Callable[..., None], *args: Any) -> None:
    die_with_parent(parent)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    target(*args)


class GuardedSentinel(Sentinel):
    """django-q2's guard, which takes the cluster down when a child dies that nobody asked to."""

    def __init__(
        self, stop_event: Any, start_event: Any, cluster_id: Any, broker: Any = None, timeout: Any = None, start: bool = True
    ) -> None:
        parent = os.getppid()
        super().__init__(stop_event, start_event, cluster_id, broker, timeout, start=False)
        die_with_parent(parent)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
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

    def reincarnate(self, process: Any) -> None:
        """Replace a recycled worker; any other death may have taken a queue's lock along, so all go."""
        timer = getattr(process, "timer", None)
        if timer is not None and int(timer.value) == _RECYCLED:
            super().reincarnate(process)
            return
        log.critical("cluster.child_died", extra={"pid": process.pid, "exitcode": process.exitcode})
        for child in [*self.pool, self.monitor, self.pusher]:
            if child is not None and child.is_alive():
                child.kill()
        os._exit(EXIT_BROKEN)


def run_cluster() -> int:
    """Run a cluster in this process until it is told to stop; return the exit code."""
    die_with_parent(os.getppid())
    doorbell.stop_flag = get_mp_context().Event()
    q_cluster.Sentinel = GuardedSentinel
    # Connections must not be shared over a fork, and django-q2 closes what is too old before every look at the
    # queue: with the web's lifetime of 0 each look would cost a new connection.
    db.connections.close_all()
    for alias in db.connections:
        db.connections.settings[alias]["CONN_MAX_AGE"] = None
    cluster = Cluster()
    stopping = _StopFlag()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stopping.raise_)
    cluster.start()
    while cluster.sentinel.is_alive() and not stopping.raised:
        time.sleep(0.05)
    if not stopping.raised:
        cluster.sentinel.join()
        return EXIT_BROKEN
    doorbell.stop_flag.set()
    cluster.stop()
    return 0


class _StopFlag:
    """Raised by a signal; a handler that did more could deadlock with what it interrupts.

    A terminal or a wrapper may deliver one wish to stop twice: what follows within a second counts as the same.
    """

    def __init__(self) -> None:
        self.raised = 0
        self._raised_at = 0.0

    def raise_(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._raised_at > 1:
            self.raised += 1
            self._raised_at = now


class Supervisor:
    """Starts the cluster as its own process group and starts it again when it breaks."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._stop = _StopFlag()
        self._restarts = 0

    def run(self) -> int:
        """Supervise until SIGTERM or SIGINT; return the exit code. A second signal hands back at once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop.raise_)
        while True:
            started_at = time.monotonic()
            # Before each start, the first one too: an earlier supervisor may have been killed with all it had.
            self._free_the_dead()
            code = self._run_once()
            if self._stop.raised:
                # SIGTERM: it was still starting and had nothing to hand back.
                return 0 if code in (0, -signal.SIGKILL, -signal.SIGTERM) else code
            if time.monotonic() - started_at > 60:
                self._restarts = 0
            pause = RESTART_SECONDS[min(self._restarts, len(RESTART_SECONDS) - 1)]
            self._restarts += 1
            log.error("cluster.ended", extra={"exitcode": code, "restart_in_s": pause})
            time.sleep(pause)

    def _run_once(self) -> int:
        # A group of its own, and the death signal set before the program begins: it needs seconds until it could do so itself.
        die = partial(die_with_parent, os.getpid())
        process = subprocess.Popen(self._command, start_new_session=True, preexec_fn=die)  # noqa: S603 - our own command line
        log.info("cluster.started", extra={"pid": process.pid})
        while process.poll() is None and not self._stop.raised:
            time.sleep(0.05)
        if process.poll() is None:
            self._end(process)
        code = int(process.wait())
        self._end_group(process.pid)
        return code

    def _end_group(self, group: int) -> None:
        """See that nobody of the cluster is left, so that a second one never works beside it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGTERM)
        until = time.monotonic() + settings.WORK_GRACE_SECONDS + 5
        while process.poll() is None and time.monotonic() < until and self._stop.raised < 2:
            time.sleep(0.05)
        if process.poll() is None:
            log.warning("cluster.killed", extra={"pid": process.pid})
            self._end_group(process.pid)
            process.wait()
            self._free_the_dead()

    def _free_the_dead(self) -> None:
        """Put back what dead processes of this host held, without waiting for their leases."""
        try:
            freed = sessions.release_dead_processes()
        except db.Error:
            log.warning("cluster.free_failed", exc_info=True)
            return
        finally:
            db.connections.close_all()
        if freed:
            log.info("cluster.freed", extra={"runs": freed})
