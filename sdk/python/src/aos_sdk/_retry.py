"""When a request is sent again, and after how long. Pure: what happened comes in, a delay or None goes out."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

FIRST_SECONDS, LONGEST_SECONDS = 0.5, 8.0
LONGEST_RETRY_AFTER_SECONDS = 60.0
# What says that the request was turned away before anything was done.
_NOT_DONE = frozenset({408, 409, 429, 503})


def backoff_seconds(attempt: int) -> float:
    """Return the delay after this attempt (1, 2, …): doubling, with a quarter of jitter so that clients do not come in step."""
    return float(min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** (attempt - 1))) * random.uniform(0.75, 1.0)  # noqa: S311 - spreads load, keeps no secret


def retry_after_seconds(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return what Retry-After asks for, in seconds or as a date; None where it asks for nothing readable."""
    value = headers.get("Retry-After") or headers.get("retry-after")
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        due = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    due = due if due.tzinfo else due.replace(tzinfo=timezone.utc)
    return max(0.0, (due - (now or datetime.now(timezone.utc))).total_seconds())


def delay_after_answer(
    status: int, headers: Mapping[str, str], problem: Mapping[str, Any], *, attempt: int, repeatable: bool
) -> float | None:
    """Return after how long a refused request is sent again; None: not at all."""
    if not (status >= 500 or status in _NOT_DONE) or not (repeatable or status in _NOT_DONE):
        return None
    asked = retry_after_seconds(headers)
    if status == 409 and asked is None and problem.get("retryable") is False:
        return None  # the server knows that the state of things will not change by waiting
    if asked is None:
        return backoff_seconds(attempt)
    return asked if asked <= LONGEST_RETRY_AFTER_SECONDS else None
