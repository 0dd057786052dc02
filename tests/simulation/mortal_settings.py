"""The site's settings for a worker one of whose processes kills itself right before or after its n-th commit; once."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from aos_site.settings import *  # noqa: F403 - the same site
from runs.shell.crash_points import CrashPoint, armed

COMMITS: tuple[CrashPoint, ...] = ("session.begun", "claim.committed", "journal.written", "journal.committed")
passes = count(1)


def die_at_the_nth(point: CrashPoint) -> None:
    marker = Path(os.environ["SIMULATION_KILLED"])
    if point in COMMITS and next(passes) == int(os.environ["SIMULATION_KILL_AT"]) and not marker.exists():
        marker.write_text(point)
        os.kill(os.getpid(), signal.SIGKILL)


for_life = ExitStack()
for_life.enter_context(armed(die_at_the_nth))
