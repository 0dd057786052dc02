"""Processes as the shell knows them: who one is, whether it is gone for certain, and that none outlives its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from functools import cache
from pathlib import Path

EXIT_BROKEN = 70
_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies; other systems than Linux go without."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(EXIT_BROKEN)  # the parent died between fork and prctl


def identity(pid: int) -> str:
    """Return what tells a process from a later one of the same number, empty where the system does not say."""
    found = _state_and_beginning(pid)
    return f"{_realm()}/{found[1]}" if found is not None and _realm() else ""


def is_gone(pid: int, known_as: str) -> bool:
    """Tell whether a process, known by its number and identity, is gone for certain.

    One that began in another container or before a reboot, under this host's name, is not ours to judge: the same
    number means another process here. Its lease will tell.
    """
    realm, _, beginning = known_as.rpartition("/")
    if known_as and realm != _realm():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # somebody has this number, perhaps somebody else's later process
    found = _state_and_beginning(pid)
    if found is None:
        return False
    # A zombie has ended and only its parent has not noticed, as in a container whose first process reaps nobody.
    return found[0] in "ZX" or (bool(known_as) and found[1] != beginning)


@cache
def _realm() -> str:
    """Return where a number means one process at a time: this boot of this machine, and the process namespace in it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _state_and_beginning(pid: int) -> tuple[str, str] | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return fields[0], fields[19]
