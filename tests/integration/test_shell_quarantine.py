"""Suspects in the run table: parked when their worker dies again, and let back group by group."""

from __future__ import annotations

from typing import Any

import pytest

from runs.models import Run, Session
from runs.shell import claims, quarantine, sessions
from tests.integration.workshop import Workshop, a_claimed_run, now, step

ENDED_LONG_AGO = 1


@pytest.fixture(autouse=True)
def three_crashes(settings: Any) -> None:
    settings.MAX_CRASHES = 3


def lose(workshop: Workshop, *crashes: int) -> list[Run]:
    """Return runs whose worker just died, after so many deaths before."""
    session = Session.objects.create(host="gone", pid=1, started_at_ms=1, lease_until_ms=ENDED_LONG_AGO)
    runs = [a_claimed_run(workshop, session.pk) for _ in crashes]
    for run, before in zip(runs, crashes, strict=True):
        Run.objects.filter(pk=run.pk).update(crash_count=before)
    assert sessions.reap() == len(runs)
    return runs


def statuses(runs: list[Run]) -> list[str]:
    return [now(run).status for run in runs]


def test_it_queues_at_once_who_met_one_death(workshop: Workshop) -> None:
    assert statuses(lose(workshop, 0, 0)) == ["queued", "queued"]


def test_it_parks_who_met_more_and_gives_up_who_met_too_many(workshop: Workshop) -> None:
    runs = lose(workshop, 0, 1, 2, 3)
    assert statuses(runs) == ["queued", "waiting", "waiting", "queued"]
    assert [now(run).crash_count for run in runs] == [1, 2, 3, 4]


def test_it_lets_the_next_go_when_those_before_have_come_through(workshop: Workshop) -> None:
    together, other, last_chance = lose(workshop, 1, 1, 2)
    assert claims.wake_due() == 2
    assert statuses([together, other, last_chance]) == ["queued", "queued", "waiting"]
    for through in (together, other):
        assert claims.wake_due() == 0, "one of the group is at large"
        Run.objects.filter(pk=through.pk).update(status="succeeded")
    assert claims.wake_due() == 1
    assert now(last_chance).status == "queued"


def test_it_lets_nobody_go_while_one_is_driven(workshop: Workshop) -> None:
    first, second = lose(workshop, 2, 2)
    assert claims.wake_due() == 1
    session = sessions.begin(60_000)
    assert [run.id for run in claims.claim(session, 10)] == [first.pk]
    assert claims.wake_due() == 0
    assert now(second).status == "waiting"


def test_it_wakes_others_all_at_once(workshop: Workshop) -> None:
    runs = [workshop.submit(step("one", "say")) for _ in range(quarantine.GROUP + 2)]
    Run.objects.filter(pk__in=[run.pk for run in runs]).update(status="waiting", waiting_for="timer", wake_at_ms=1, crash_count=1)
    assert claims.wake_due() == len(runs)
