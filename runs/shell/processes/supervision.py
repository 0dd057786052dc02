"""Keeps a cluster at work on this host: forks it, waits for its end, forks the next; and ends it in order when asked to.

The supervisor has imported everything a cluster needs, so that a new one costs a fork and not a start of Python: it
runs the very code the supervisor imported, and code or settings changed since are first seen by the next supervisor.
At the fork it holds no database connection and no thread: both would be broken copies in the child.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from enum import IntEnum
from functools import partial
from multiprocessing import get_context
from multiprocessing.context import ForkProcess

from django import db
from django.conf import settings

from runs.shell import sessions
from runs.shell.lifesigns import Watch
from runs.shell.processes.doorbell import Wires
from runs.shell.processes.wakeups import SignalPulse

log = logging.getLogger(__name__)

RESTART_SECONDS = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Pauses before restart after restart; the last one repeats. A cluster that lived a minute starts over."""
SAME_WISH_SECONDS = 1.0
"""A terminal or a wrapper may deliver one wish to stop twice: what follows within this time counts as the same."""
BEYOND_GRACE_SECONDS = 2.0
AT_ONCE_SECONDS = 5.0
HAND_BACK_SECONDS = 2.0
DYING_SECONDS = 0.5
LOOK_SECONDS = 1.0
"""How often it looks for signs of life."""
PATIENCE_LEASES = 2
"""Who shows none for so many leases has lost its runs to others long ago, and only keeps a place."""


class Ending(IntEnum):
    """How a cluster is asked to end, each more pressing than the one before."""

    NOT = 0
    IN_ORDER = 1
    AT_ONCE = 2
    BY_FORCE = 3


def pressed(ending: Ending, for_s: float, grace_s: float) -> Ending:
    """Return how a cluster is to be ended that was asked like this so long ago and still runs."""
    if ending is Ending.IN_ORDER and for_s >= grace_s + BEYOND_GRACE_SECONDS:
        return Ending.AT_ONCE
    if ending is Ending.AT_ONCE and for_s >= AT_ONCE_SECONDS:
        return Ending.BY_FORCE
    return ending


class Wish:
    """How the operator wants it to end: a first signal in order, a second one at once, a third one by force."""

    def __init__(self) -> None:
        self.ending = Ending.NOT
        self._since = -SAME_WISH_SECONDS

    def heard(self, number: int) -> None:
        """Take a signal. Called by its handler, which could deadlock with what it interrupts if it did more."""
        if number != signal.SIGCHLD and time.monotonic() - self._since >= SAME_WISH_SECONDS:
            self._press(Ending(min(self.ending + 1, Ending.BY_FORCE)))

    def now(self, grace_s: float) -> Ending:
        """Return how it is to end now: who does not follow one wish in time gets the next."""
        self._press(pressed(self.ending, time.monotonic() - self._since, grace_s))
        return self.ending

    def _press(self, ending: Ending) -> None:
        if ending is not self.ending:
            self.ending, self._since = ending, time.monotonic()


class StuckWatch:
    """Ends a cluster one of whose processes is stuck: the others hand back what they hold, then all of it goes."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._given_up_at: float | None = None

    @property
    def has_given_up(self) -> bool:
        return self._given_up_at is not None

    def look(self, wires: Wires, process: ForkProcess) -> None:
        if self._given_up_at is None:
            silent = self._watch.silent()
            if silent:
                log.critical("cluster.stuck", extra={"pids": silent})
                # Killed with it, those that are well would have a death counted against their runs.
                wires.stop.hoist()
                wires.at_once.hoist()
                self._given_up_at = time.monotonic()
        elif time.monotonic() - self._given_up_at > HAND_BACK_SECONDS:
            end_group(process)


class Supervisor:
    """Forks `run_cluster` as a process group of its own and forks it again when it breaks."""

    def __init__(self, run_cluster: Callable[[Wires, int], int]) -> None:
        self._run_cluster = run_cluster
        self._wish = Wish()
        self._restarts = 0

    def run(self) -> int:
        """Supervise until SIGTERM or SIGINT; return the exit code."""
        signals = SignalPulse(signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, handle=self._wish.heard)
        # What was imported is shared with every fork; a collection in one would touch, and so copy, all of it.
        gc.freeze()
        code = 0
        while self._wish.ending is Ending.NOT:
            # Before each start, the first one too: an earlier supervisor may have been killed with all it had.
            free_the_dead()
            started_at = time.monotonic()
            code = self._run_once(signals)
            if self._wish.ending is Ending.NOT:
                self._pause(signals, code, lived_s=time.monotonic() - started_at)
        if code:
            free_the_dead()
        return code

    def _pause(self, signals: SignalPulse, code: int, lived_s: float) -> None:
        if lived_s > 60:
            self._restarts = 0
        pause = RESTART_SECONDS[min(self._restarts, len(RESTART_SECONDS) - 1)]
        self._restarts += 1
        log.error("cluster.ended", extra={"exitcode": code, "restart_in_s": pause})
        if pause:
            signals.wait(pause)

    def _run_once(self, signals: SignalPulse) -> int:
        wires = Wires()
        process = self._fork(wires)
        watch = StuckWatch(Watch(wires.signs, PATIENCE_LEASES * settings.LEASE_MS / 1_000))
        try:
            while process.is_alive():
                self._pass_on(wires, process)
                watch.look(wires, process)
                signals.wait(LOOK_SECONDS if self._wish.ending is Ending.NOT and not watch.has_given_up else 0.1)
        finally:
            # Whoever is left of the cluster goes, so that a second one never works beside it.
            end_group(process)
            process.join()
            see_it_gone(process)
            wires.close()
        code = process.exitcode or 0
        return code if code >= 0 else 128 - code

    def _fork(self, wires: Wires) -> ForkProcess:
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                log.warning("cluster.forked_beside_thread", extra={"named": thread.name})
        db.connections.close_all()
        process = get_context("fork").Process(target=self._cluster, args=(wires, os.getpid()), name="aos-cluster")
        process.start()
        log.info("cluster.started", extra={"pid": process.pid})
        return process

    def _cluster(self, wires: Wires, parent: int) -> None:
        sys.exit(self._run_cluster(wires, parent))

    def _pass_on(self, wires: Wires, process: ForkProcess) -> None:
        """Have the cluster know how the operator wants it to end."""
        ending = self._wish.now(settings.WORK_GRACE_SECONDS)
        for flag, least in ((wires.stop, Ending.IN_ORDER), (wires.at_once, Ending.AT_ONCE)):
            if ending >= least and not flag.is_raised():
                flag.hoist()
        if ending is Ending.BY_FORCE:
            log.warning("cluster.killed", extra={"pid": process.pid})
            end_group(process)


def end_group(process: ForkProcess) -> None:
    """Kill a cluster with all its processes."""
    assert process.pid is not None, "it was started"
    for kill in (partial(os.killpg, process.pid, signal.SIGKILL), process.kill):
        with contextlib.suppress(ProcessLookupError):
            kill()


def see_it_gone(process: ForkProcess) -> None:
    """Wait, not for long, until nothing is left of a cluster that was killed: what still dies is not known to be dead."""
    assert process.pid is not None, "it was started"
    until = time.monotonic() + DYING_SECONDS
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.killpg(process.pid, 0)
            time.sleep(0.01)


def free_the_dead() -> None:
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
