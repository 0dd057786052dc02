"""Waits inside a request for the database to change, in the few places where a caller asked for that."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LONGEST_WAIT_S = 60
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 0.25
_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?=[,;]|$)", re.IGNORECASE)


def wait_preferred(prefer: str | None) -> int:
    """Return the seconds a Prefer header (RFC 7240) asks to wait, at most 60; 0 where it asks for nothing."""
    match = _WAIT.search(prefer) if prefer else None
    return min(int(match[1]), LONGEST_WAIT_S) if match else 0


def wait_until(read: Callable[[], T], is_enough: Callable[[T], bool], *, seconds: float) -> T:
    """Read until what was read is enough or the time is over; return what was read last."""
    deadline, pause = time.monotonic() + seconds, _FIRST_PAUSE_S
    value = read()
    while not is_enough(value) and (left := deadline - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * 2, _LONGEST_PAUSE_S)
        value = read()
    return value
