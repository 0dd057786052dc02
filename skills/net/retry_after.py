"""Reads Retry-After (RFC 9110, section 10.2.3) into milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after_ms(headers: Mapping[str, str], now: datetime) -> int | None:
    """Return how long to wait, None where the upstream does not say it readably.

    A date is counted from the upstream's own Date header, so that its clock need not agree with ours.
    """
    text = headers.get("retry-after", "").strip()
    if text.isdecimal() and len(text) <= 9:
        return int(text) * 1000
    until = _instant(text)
    if until is None:
        return None
    since = _instant(headers.get("date", "")) or now
    return max(0, round((until - since).total_seconds() * 1000))


def _instant(text: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        # A year of fourteen digits is no date either, and says so in another way.
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
