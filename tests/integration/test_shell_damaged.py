"""A journal that cannot be read: the run rests, is tried again, and ends as a dead letter; others do not suffer."""

from __future__ import annotations

from django.conf import settings as project

from runs.models import Run, RunEvent
from tests.integration.workshop import Workshop, a_worker, now, over, step, wait_for


def damaged(workshop: Workshop) -> Run:
    run = workshop.submit(step("one", "say"))
    RunEvent.objects.filter(run_id=run.pk).update(data='{"v": 1, "fact": {"kind": "run_invented"}}')
    return run


def test_it_lets_the_run_rest_and_drives_the_others(workshop: Workshop) -> None:
    run, other = damaged(workshop), workshop.submit(step("one", "say"))
    with a_worker():
        assert over(other).status == "succeeded"
        wait_for(lambda: now(run).crash_count > 0, "a crash that is counted")
    assert now(run).status in ("waiting", "queued")


def test_it_ends_as_a_dead_letter_when_trying_again_did_not_help(workshop: Workshop) -> None:
    run = damaged(workshop)
    Run.objects.filter(pk=run.pk).update(crash_count=project.MAX_CRASHES + 1)
    with a_worker():
        run = over(run)
    assert (run.status, run.failure_code, run.session_id) == ("dead_lettered", "REPLAY_DIVERGED", None)
    assert "event 1" in run.summary
    assert run.finished_at is not None
