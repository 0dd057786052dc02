"""Somebody sets a clock by an hour while runs are under way: the host's, or the database's, forward or back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from runs.shell import clock
from tests.chaos.clocks import HOUR_MS, ShiftedClock, set_clocks
from tests.chaos.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.chaos]

# SQLite has no clock of its own.
WHOSE = ["host", "database", "both"] if connection.vendor == "postgresql" else ["both"]
SECONDS = 15
WAITS_FOR_THE_CLOCK = "a parked run waits until the database's clock has come to the instant its row names"


def jump(whose: str, by_ms: int) -> dict[str, int]:
    return {f"{one}_ms": by_ms for one in ("host", "database") if whose in (one, "both")}


@pytest.fixture
def clocks(site: Site) -> Iterator[Path]:
    """Return the file by which the clocks of the site's hosts and of this process are set; right at first."""
    shift = site.folder / "clocks"
    set_clocks(shift)
    site.environment = {**site.environment, "DJANGO_SETTINGS_MODULE": "tests.chaos.settings", "CHAOS_CLOCKS": str(shift)}
    before = clock.use(ShiftedClock(shift))
    yield shift
    clock.use(before)


def go_through_a_jump(site: Site, clocks: Path, whose: str, by_ms: int) -> None:
    with site.host(), site.crowd() as crowd:
        site.until_busy(crowd)
        with site.fault(f"clock: {whose} set {by_ms / HOUR_MS:+.0f} h", sessions_are_lost=False):
            set_clocks(clocks, **jump(whose, by_ms))
        site.until_over(crowd, seconds=SECONDS)
    site.assert_unharmed(crowd)


@pytest.mark.parametrize("whose", WHOSE)
def test_it_goes_on_when_a_clock_is_set_forward(site: Site, clocks: Path, whose: str) -> None:
    go_through_a_jump(site, clocks, whose, HOUR_MS)


@pytest.mark.parametrize("whose", WHOSE)
def test_it_goes_on_when_a_clock_is_set_back(site: Site, clocks: Path, whose: str, request: pytest.FixtureRequest) -> None:
    if whose != "host":
        request.applymarker(pytest.mark.xfail(strict=True, reason=WAITS_FOR_THE_CLOCK))
    go_through_a_jump(site, clocks, whose, -HOUR_MS)
