"""The site's settings for a host whose clocks a test sets."""

from __future__ import annotations

import os
from pathlib import Path

from aos_site.settings import *  # noqa: F403 - the same site, but for its clocks
from runs.shell import clock
from tests.chaos.clocks import ShiftedClock

clock.use(ShiftedClock(Path(os.environ["CHAOS_CLOCKS"])))
