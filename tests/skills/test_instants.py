"""Published times have one form: RFC 3339, UTC, three digits of milliseconds, Z."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from skills.instants import instant, instant_or_none


@pytest.mark.parametrize(
    ("at", "said"),
    [
        pytest.param(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05.000Z", id="a whole second"),
        pytest.param(datetime(2026, 1, 2, 3, 4, 5, 678_999, UTC), "2026-01-02T03:04:05.678Z", id="microseconds are cut off"),
        pytest.param(datetime(2026, 1, 2, 1, tzinfo=timezone(timedelta(hours=2))), "2026-01-01T23:00:00.000Z", id="another zone"),
    ],
)
def test_it_says_an_instant(at: datetime, said: str) -> None:
    assert instant(at) == instant_or_none(at) == said
    assert abs(datetime.fromisoformat(said) - at) < timedelta(milliseconds=1)


def test_it_says_nothing_of_what_has_not_come() -> None:
    assert instant_or_none(None) is None


def test_it_guesses_no_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        instant(datetime(2026, 1, 2))  # noqa: DTZ001 - the zone that is missing is what is refused
