"""Waits inside a request for the database to change, in the few places where a caller asked for that."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LONGEST_WAIT_S = 60
MOST_WAITING = 64
"""How many requests of this process wait at the same time: each holds a thread and a connection. Others are answered at once."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 0.25
_places = threading.BoundedSemaphore(MOST_WAITING)
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?=[,;]|$)", re.IGNORECASE)


def wait_preferred(prefer: str | None) -> int:
    """Return the seconds a Prefer header (RFC 7240) asks to wait, at most 60; 0 where it asks for nothing."""
    match = _WAIT.search(prefer) if prefer else None
    return min(int(match[1]), LONGEST_WAIT_S) if match else 0


def wait_until(read: Callable[[], T], is_enough: Callable[[T], bool], *, seconds: float) -> T:
    """Read until what was read is enough or the time is over, or at once where too many wait; return what was read last."""
    deadline, pause = time.monotonic() + seconds, _FIRST_PAUSE_S
    value = read()
    if seconds <= 0 or is_enough(value) or not _places.acquire(blocking=False):
        return value
    try:
        while not is_enough(value) and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE_S)
            value = read()
        return value
    finally:
        _places.release()
