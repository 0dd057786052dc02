"""The one form of a published time: RFC 3339, UTC, milliseconds, `Z`. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(at: datetime) -> str:
    """Return an aware datetime as text; what is below a millisecond is cut off. Raises ValueError for one without a zone."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def instant_or_none(at: datetime | None) -> str | None:
    """Return an instant as text, None where it has not come."""
    return None if at is None else instant(at)


def instant_of_ms(at_ms: int) -> str:
    """Return an instant given in Unix milliseconds as text."""
    return instant(datetime.fromtimestamp(at_ms / 1_000, UTC))


def instant_of_ms_or_none(at_ms: int | None) -> str | None:
    """Return an instant given in Unix milliseconds as text, None where it has not come."""
    return None if at_ms is None else instant_of_ms(at_ms)
