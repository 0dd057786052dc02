"""When a delivery is tried again: the steps of Standard Webhooks, with jitter, and what a receiver asked for. Pure."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

RETRIES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 5 * 60, 30 * 60, 2 * 3_600, 5 * 3_600, 10 * 3_600, 14 * 3_600, 20 * 3_600, 24 * 3_600)
)
"""How long after a failed attempt the next one comes; after the last of them there is none."""

JITTER = 0.1
"""A wait is longer by up to this part of it, so that what failed together does not come back together."""

LONGEST_ASKED = timedelta(hours=24)
"""A receiver that asks for more rest than this is tried again all the same."""


def wait_after(attempt: int, message_id: str, asked: timedelta | None = None) -> timedelta | None:
    """Return how long to wait after this failed attempt (the first is 1); None when there is to be no other.

    `asked` is the receiver's Retry-After; less than the schedule's own wait it cannot make it.
    """
    if attempt > len(RETRIES):
        return None
    planned = RETRIES[attempt - 1] * (1 + JITTER * _die(message_id, attempt))
    return planned if asked is None else max(planned, min(asked, LONGEST_ASKED))


def _die(message_id: str, attempt: int) -> float:
    """Return a number from 0 to 1 that is the same for an attempt whenever it is asked for."""
    return int.from_bytes(sha256(f"{message_id}:{attempt}".encode()).digest()[:4]) / 0xFFFFFFFF
