"""The site's settings for hosts whose clocks a test sets, or which a test stops in the middle of what they do."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import ExitStack
from pathlib import Path

from aos_site.settings import *  # noqa: F403 - the same site
from runs.shell import clock
from runs.shell.crash_points import CrashPoint, armed
from tests.chaos.clocks import ShiftedClock

if "CHAOS_CLOCKS" in os.environ:
    clock.use(ShiftedClock(Path(os.environ["CHAOS_CLOCKS"])))


def stop(place: CrashPoint) -> None:
    """Freeze this process at the place a test named, when it has put down the file that says so; once."""
    wanted = Path(os.environ["CHAOS_STOPS"]) / place
    if wanted.exists():
        wanted.unlink()
        # To this thread, so that it gets no further; the others are stopped with it.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


for_life = ExitStack()
if "CHAOS_STOPS" in os.environ:
    for_life.enter_context(armed(stop))
