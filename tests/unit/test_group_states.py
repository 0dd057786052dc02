"""How a group of failures stands, and which of two versions is the later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from catalog.groups.states import Mark, Sighting, in_order, order_of, regression, state_of

NOW = datetime(2026, 11, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIXED = NOW - 10 * HOUR


def seen(version: str, at: datetime = NOW - HOUR) -> Sighting:
    return Sighting(version, at)


STATES = {
    "seen for the first time": (Mark(), [], True, "new"),
    "seen before": (Mark(), [], False, "ongoing"),
    "fixed and gone": (Mark("1.2.0", FIXED), [], False, "fixed"),
    "new, and fixed already": (Mark("", FIXED), [], True, "fixed"),
    "back on the version with the fix": (Mark("1.2.0", FIXED), [seen("1.2.0")], False, "regressed"),
    "back on a later version": (Mark("1.2.0", FIXED), [seen("1.1.0"), seen("1.10.0")], False, "regressed"),
    "still there on an earlier version": (Mark("1.2.0", FIXED), [seen("1.1.9")], False, "fixed"),
    "still there on a pre-release of it": (Mark("1.2.0", FIXED), [seen("1.2.0-rc.1")], False, "fixed"),
    "seen on it before it was called fixed": (Mark("1.2.0", FIXED), [seen("1.2.0", FIXED - HOUR)], False, "fixed"),
    "fixed in no version, and back": (Mark("", FIXED), [seen("1.0.0")], False, "regressed"),
    "back on what is no version": (Mark("1.2.0", FIXED), [seen("")], False, "regressed"),
    "muted": (Mark(muted_until=NOW + HOUR), [], True, "muted"),
    "muted and back": (Mark("1.2.0", FIXED, NOW + HOUR), [seen("1.2.0")], False, "muted"),
    "muted until now": (Mark(muted_until=NOW), [], False, "ongoing"),
}


@pytest.mark.parametrize(("mark", "sightings", "is_new", "state"), STATES.values(), ids=STATES.keys())
def test_it_says_how_a_group_stands(mark: Mark, sightings: list[Sighting], is_new: bool, state: str) -> None:
    assert state_of(mark, sightings, is_new=is_new, now=NOW) == state


def test_it_names_the_last_sighting_that_should_not_have_been() -> None:
    sightings = [seen("1.3.0", NOW - 2 * HOUR), seen("1.2.0", NOW - HOUR), seen("1.1.0", NOW)]
    assert regression(Mark("1.2.0", FIXED), sightings) == seen("1.2.0", NOW - HOUR)
    assert regression(Mark(), sightings) is None


def test_it_orders_versions_as_semver_does() -> None:
    ordered = [
        "0.9.9",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.2.0",
        "1.10.0",
        "2.0.0",
    ]
    assert in_order(reversed(ordered)) == ordered
    assert order_of("1.0.0+build.5") == order_of("1.0.0")


@pytest.mark.parametrize("text", ["", "1", "1.2", "1.2.x", "v1.2.3", "1.2.3.4", "1.2.3-", "١.٢.٣", "1.2.3\n"])
def test_it_compares_nothing_with_what_is_no_version(text: str) -> None:
    assert order_of(text) is None
    assert in_order(["1.0.0", text])[0] == text
