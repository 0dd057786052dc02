"""The memory of a process that stays: how much it holds, and how seldom it is searched for what may go."""

from __future__ import annotations

import gc
import os
from pathlib import Path

_STATM = Path("/proc/self/statm")
_PAGE = os.sysconf("SC_PAGE_SIZE")

COLLECT_AFTER = 50_000
"""So many objects are made before the youngest are searched for cycles. At Python's 700 a busy worker spends a quarter of
its time on that, because every run under way is alive in memory; what a run leaves behind holds hardly any cycles."""


def settle() -> None:
    """Search seldom, and never again what was imported. For a process that drives runs or answers requests, and nothing else."""
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()
        gc.set_threshold(COLLECT_AFTER, 20, 50)


def resident_mb() -> int:
    """Return the resident memory of this process in MB; 0 on systems that do not tell (they go without the bound)."""
    try:
        pages = int(_STATM.read_text().split()[1])
    except OSError:
        return 0
    return pages * _PAGE // 1_048_576
