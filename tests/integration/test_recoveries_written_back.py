"""What became of a failure is written back to it: when its step ends, after a wait, and by a run that did it all again."""

from __future__ import annotations

import pytest
from django.utils import timezone

from catalog.models import FailureMatch
from runs import services
from runs.models import Run
from tests.integration.workshop import Workshop, a_worker, driven, matches, over, parked, step


def the_match(run: Run) -> FailureMatch:
    [found] = matches(run)
    return found


def rerun(workshop: Workshop, run: Run) -> Run:
    child, _ = services.rerun_run(principal=workshop.alice, run_id=run.public_id)
    with a_worker():
        return over(child)


def test_it_is_written_back_when_a_long_wait_is_over(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.shell.driver.NAP_MS", 10)
    run = workshop.submit(step("try", "fails", code="RATE_LIMITED", until_attempt=2, retry_after_ms=300))
    with a_worker():
        parked(run, "timer")
    assert (the_match(run).recovery_attempted, the_match(run).recovery_succeeded) == (False, None)
    with a_worker():
        over(run)
    assert (the_match(run).recovery_attempted, the_match(run).recovery_succeeded) == (True, True)
    assert the_match(run).recovered_by == ""


def test_it_is_written_back_by_the_run_that_did_it_again(workshop: Workshop, tmp_path) -> None:  # type: ignore[no-untyped-def]
    flag = tmp_path / "mended"
    run = driven(workshop, step("try", "fails_until_file", path=str(flag), code="NOT_FOUND"))
    assert (run.status, the_match(run).recovery_attempted, the_match(run).resolved_at is not None) == ("failed", False, True)

    still = rerun(workshop, run)
    assert still.status == "failed"
    assert (the_match(run).recovery_attempted, the_match(run).recovery_succeeded, the_match(run).recovered_by) == (True, False, "")

    flag.touch()
    mended = rerun(workshop, still)
    assert mended.status == "succeeded"
    for earlier in (run, still):
        assert (the_match(earlier).recovery_succeeded, the_match(earlier).recovered_by) == (True, mended.public_id)
        assert the_match(earlier).resolved_at <= timezone.now()  # type: ignore[operator]


def test_it_does_not_call_a_retry_a_success_that_another_run_had(workshop: Workshop, tmp_path) -> None:  # type: ignore[no-untyped-def]
    flag = tmp_path / "mended"
    run = driven(workshop, step("try", "fails_until_file", path=str(flag), code="UPSTREAM_ERROR"))
    tried = [match for match in matches(run) if match.decision == "retry"]
    assert tried
    flag.touch()
    mended = rerun(workshop, run)
    for match in FailureMatch.objects.filter(pk__in=[each.pk for each in tried]):
        assert (match.recovery_succeeded, match.recovered_by) == (False, mended.public_id)


def test_it_credits_the_person_who_was_asked_and_not_the_retries_before(workshop: Workshop) -> None:
    run = workshop.submit(step("try", "fails", code="UPSTREAM_ERROR", until_attempt=4, on_error="escalate"))
    with a_worker():
        parked(run, "input")
        workshop.decide(run, "try", "retry")
        assert over(run).status == "succeeded"
    modes = [(match.decision, match.mode, match.recovery_succeeded) for match in matches(run)]
    assert modes == [("retry", "RETRY_EXPONENTIAL", False)] * 2 + [("escalate", "ESCALATE", True)]


def test_it_names_the_mode_that_was_taken_where_the_step_overrides_the_advice(workshop: Workshop) -> None:
    failing = step("try", "fails", code="UPSTREAM_ERROR", on_error="continue", retry={"max_attempts": 1})
    run = driven(workshop, failing, step("other", "say"))
    assert [(match.decision, match.mode, match.recovery_attempted) for match in matches(run)] == [("continue", "SKIP", False)]
