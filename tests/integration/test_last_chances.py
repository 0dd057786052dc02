"""Beside a run at its last chance nothing new begins in its worker: what dies next must not take it along."""

from __future__ import annotations

import pytest
from django.conf import settings

from runs.models import Run
from runs.shell import drain
from tests.integration.workshop import Workshop, a_worker, now, over, started, step, step_of


@pytest.fixture
def last_chance(workshop: Workshop) -> Run:
    run = workshop.submit(step("long", "sleepy", ms=2_000))
    Run.objects.filter(pk=run.pk).update(crash_count=settings.MAX_CRASHES)
    return run


def began_ms(run: Run) -> int:
    return int(step_of(run, "one")["started_at_ms"])


def ended_ms(run: Run) -> int:
    return int(step_of(run, "long")["finished_at_ms"])


def test_it_begins_nothing_that_was_claimed_with_it(workshop: Workshop, last_chance: Run) -> None:
    others = [workshop.submit(step("one", "say")) for _ in range(3)]
    with a_worker():
        assert {over(run).status for run in (last_chance, *others)} == {"succeeded"}
    assert all(began_ms(run) >= ended_ms(last_chance) for run in others)


def test_it_claims_nothing_while_it_is_under_way(workshop: Workshop, last_chance: Run) -> None:
    with a_worker():
        started(last_chance, "long")
        later = workshop.submit(step("one", "say"))
        assert over(later).status == "succeeded"
    assert began_ms(later) >= ended_ms(last_chance)


def test_it_holds_up_the_worker_no_longer_than_for_a_while(workshop: Workshop, last_chance: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "ALONE_SECONDS", 0.1)
    with a_worker():
        started(last_chance, "long")
        later = workshop.submit(step("one", "say"))
        over(later)
        assert now(last_chance).status == "running"
        over(last_chance)
    assert began_ms(later) < ended_ms(last_chance)


def test_it_gives_back_what_has_not_begun(workshop: Workshop, last_chance: Run) -> None:
    other = workshop.submit(step("one", "say"))
    with a_worker():
        started(last_chance, "long")
    assert now(other).status == "queued"
    assert now(other).crash_count == 0
