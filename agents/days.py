"""Days where a tenant is: which one an instant belongs to, and when the next begins."""

from __future__ import annotations

import time as clock
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


def is_time_zone(name: str) -> bool:
    """Tell whether this is the name of a time zone, as "Europe/Berlin"."""
    return _zone(name) is not None


def now_ms() -> int:
    """Return this host's time, where a caller says no other."""
    return clock.time_ns() // 1_000_000


def day_of(at_ms: int, time_zone: str) -> date:
    """Return the date of an instant where this time zone is kept; one nobody knows counts as UTC."""
    return datetime.fromtimestamp(at_ms / 1_000, _zone(time_zone) or UTC).date()


def next_day_ms(day: date, time_zone: str) -> int:
    """Return the instant at which the day after this one begins, whatever clocks are set to in between."""
    # A midnight that clocks leave out is, by the offset before the gap, just the instant they are set.
    midnight = datetime.combine(day + timedelta(days=1), time.min, _zone(time_zone) or UTC)
    return int(midnight.timestamp()) * 1_000


@lru_cache(maxsize=1_000)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such name, or one of a folder, or of what is outside of the zones
        return None
