"""A run of five steps whose every commit is, in turn, the last thing somebody does: it comes to the same end each time."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from django.db import connection

from runs.shell.crash_points import CrashPoint
from tests.integration.workshop import chain, step
from tests.simulation.crowd import Errand
from tests.simulation.plans import Weather, weather_of
from tests.simulation.schedule import Schedule
from tests.simulation.store import Store
from tests.simulation.trouble import NthPass
from tests.simulation.world import World

BEFORE_COMMIT: tuple[CrashPoint, ...] = ("submit.written", "journal.written", "signal.written")
AFTER_COMMIT: tuple[CrashPoint, ...] = ("submit.committed", "session.begun", "claim.committed", "journal.committed", "signal.committed")


class Chain(Errand):
    """Reads, is refused once, asks for leave to write, can be asked whether it wrote, and reads again."""

    plan = {
        "steps": chain(
            step("look", "look"),
            step("fetch", "fetch", acts=["refused", "ok"], retry={"max_attempts": 3, "backoff_ms": 10}),
            step("send", "send", after_ms=20, approval="always"),
            step("book", "book", after_ms=20),
            step("again", "look"),
        )
    }


@pytest.mark.parametrize("points", [BEFORE_COMMIT, AFTER_COMMIT], ids=["before_the_commit", "after_the_commit"])
def test_it_recovers_from_a_crash_at_every_commit(store: Store, points: tuple[CrashPoint, ...]) -> None:
    struck: list[CrashPoint | None] = []
    while not struck or struck[-1] is not None:
        trouble = NthPass(len(struck) + 1, points)
        outcome = World(Schedule(1), store, calm(), trouble, PROFILE, Chain).run()
        struck.append(trouble.struck)
        assert outcome.faults == [], f"after a crash at pass {len(struck)}, {trouble.struck}"
        assert outcome.counts["succeeded"] == 1, f"after a crash at pass {len(struck)}, {trouble.struck}"
    # PostgreSQL takes a run in by one statement, which has no middle.
    assert set(struck) == {*points, None} - ({"submit.written"} if connection.vendor == "postgresql" else set())
    assert len(struck) > 5


PROFILE: dict[str, Any] = {"in_doubt_policy": "ask"}


def calm() -> Weather:
    """Return the weather in which nothing goes wrong but what a test does."""
    return Weather(
        **vars(weather_of(Random(0)))  # noqa: S311 - dice for tests
        | {"workers": 1, "capacity": 50, "drain_seconds": 60, "bell_loss": 0, "bell_late": 0, "skew_ms": 0, "liars": False}
        | {"database_ms": 1, "database_slow": 0, "quick_supervisor": True}
    )
