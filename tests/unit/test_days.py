"""A day is a date where the tenant is, and begins at its midnight, whatever its clocks are set to."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from agents.days import day_of, is_time_zone, next_day_ms


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("zone", "instant", "day", "next_begins"),
    [
        pytest.param("UTC", "2026-11-28 00:00:00", "2026-11-28", "2026-11-29 00:00:00", id="first-instant"),
        pytest.param("UTC", "2026-11-28 23:59:59.999", "2026-11-28", "2026-11-29 00:00:00", id="last-instant"),
        pytest.param("Asia/Tokyo", "2026-11-28 15:00:00", "2026-11-29", "2026-11-29 15:00:00", id="ahead"),
        pytest.param("America/New_York", "2026-11-28 04:59:59", "2026-11-27", "2026-11-28 05:00:00", id="behind"),
        pytest.param("Asia/Kathmandu", "2026-11-28 18:15:00", "2026-11-29", "2026-11-29 18:15:00", id="by-quarters-of-an-hour"),
        pytest.param("Europe/Berlin", "2026-03-29 00:30:00", "2026-03-29", "2026-03-29 22:00:00", id="23-hours"),
        pytest.param("Europe/Berlin", "2026-10-24 22:00:00", "2026-10-25", "2026-10-25 23:00:00", id="25-hours"),
        pytest.param("Europe/Berlin", "2026-10-25 00:30:00", "2026-10-25", "2026-10-25 23:00:00", id="the-hour-that-comes-twice"),
        pytest.param("Europe/Berlin", "2026-10-25 01:30:00", "2026-10-25", "2026-10-25 23:00:00", id="and-again"),
        pytest.param("America/Sao_Paulo", "2018-11-03 12:00:00", "2018-11-03", "2018-11-04 03:00:00", id="no-midnight"),
        pytest.param("America/Havana", "2026-10-31 12:00:00", "2026-10-31", "2026-11-01 04:00:00", id="two-midnights"),
        pytest.param("Pacific/Apia", "2011-12-30 09:59:59", "2011-12-29", "2011-12-30 10:00:00", id="a-day-left-out"),
        pytest.param("Europe/Nowhere", "2026-11-28 12:00:00", "2026-11-28", "2026-11-29 00:00:00", id="a-zone-nobody-knows"),
    ],
)
def test_it_knows_the_day_and_when_the_next_begins(zone: str, instant: str, day: str, next_begins: str) -> None:
    found = day_of(ms(instant), zone)
    assert found == date.fromisoformat(day)
    assert next_day_ms(found, zone) == ms(next_begins)
    # The next day is another one from its first instant on, and not before.
    assert day_of(ms(next_begins), zone) != found
    assert day_of(ms(next_begins) - 1, zone) == found


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_it_knows_time_zones(name: str) -> None:
    assert is_time_zone(name)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "Europe", "\x00", "a" * 300])
def test_it_knows_what_is_no_time_zone(name: str) -> None:
    assert not is_time_zone(name)
