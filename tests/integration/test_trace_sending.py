"""Ended runs reach the collector once each, whatever the collector does meanwhile; over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from aos_site.settings import otlp_endpoint, otlp_headers
from runs.housekeeping import schedules
from runs.models import Run, RunEvent, SentTrace, TraceMark
from runs.tracing import sending
from runs.tracing.sending import OVERLAP, TURN, Sent, send_ended
from tests.fakes.collector import FakeCollector, Said, runs_in
from tests.integration.workshop import Workshop, a_worker, now, over, step

BAD_DATA = Said(400)


@pytest.fixture
def collector(settings: Any) -> Iterator[FakeCollector]:
    with FakeCollector() as collector:
        settings.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url
        yield collector


@pytest.fixture
def runs(workshop: Workshop) -> list[Run]:
    """Return three runs in the order in which they ended, and leave one that has not."""
    made = [workshop.submit(step("one", "say", said=number)) for number in range(3)]
    with a_worker():
        ended = [over(run) for run in made]
    workshop.submit(step("one", "say"))
    return sorted(ended, key=lambda run: (run.finished_at, run.pk))


def ids(runs: list[Run]) -> list[str]:
    return [run.public_id for run in runs]


def later(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


def test_it_sends_each_ended_run_once(runs: list[Run], collector: FakeCollector, settings: Any) -> None:
    settings.OTEL_EXPORTER_OTLP_HEADERS = otlp_headers("Authorization=Bearer%20k, x-tenant=a")
    assert send_ended() == Sent(sent=3)
    assert send_ended() == Sent()
    assert (collector.taken, len(collector.documents)) == (ids(runs), 1)
    sent = collector.headers[0]
    assert (sent["content-type"], sent["authorization"], sent["x-tenant"]) == ("application/json", "Bearer k", "a")


def test_it_does_nothing_without_a_collector(runs: list[Run], settings: Any) -> None:
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = ""
    assert send_ended() == Sent()
    assert not TraceMark.objects.exists()


def test_nothing_is_lost_while_the_collector_is_down(runs: list[Run], settings: Any) -> None:
    with FakeCollector() as gone:
        settings.OTEL_EXPORTER_OTLP_ENDPOINT = gone.url
    assert send_ended().trouble == "the collector cannot be reached: ConnectError"
    with FakeCollector() as collector:
        settings.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url
        assert send_ended() == Sent(), "it is left alone for a while"
        assert send_ended(now=later(6)) == Sent(sent=3)
    assert collector.taken == ids(runs)


@pytest.mark.parametrize("status", [429, 502, 503, 504, 401, 403, 404, 302])
def test_what_says_nothing_about_the_spans_loses_none(runs: list[Run], collector: FakeCollector, status: int) -> None:
    collector.answers = [Said(status)]
    assert str(status) in send_ended().trouble
    assert send_ended(now=later(6)) == Sent(sent=3)
    assert collector.taken == ids(runs)


def test_it_comes_again_when_the_collector_says(runs: list[Run], collector: FakeCollector) -> None:
    collector.answers = [Said(503, headers={"Retry-After": "40"})]
    send_ended()
    assert send_ended(now=later(38)) == Sent()
    assert send_ended(now=later(41)) == Sent(sent=3)


def test_it_rests_longer_each_time_but_not_for_ever(runs: list[Run], collector: FakeCollector) -> None:
    collector.always = lambda document: Said(503)
    rests = []
    for number in range(9):
        send_ended(now=later(3_600 if number else 0))
        rests.append(round((TraceMark.objects.get().next_try_at - timezone.now()).total_seconds()))  # type: ignore[operator]
    assert rests == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_one_run_nobody_wants_does_not_stop_the_rest(runs: list[Run], collector: FakeCollector) -> None:
    bad = runs[1].public_id
    collector.always = lambda document: BAD_DATA if bad in runs_in(document) else Said()
    assert send_ended() == Sent(sent=2, refused=1)
    assert collector.taken == [ids(runs)[0], ids(runs)[2]]
    assert SentTrace.objects.get(run_id=runs[1].pk).refused == "the collector answered 400"
    asked = len(collector.documents)
    assert (send_ended(now=later(60)), len(collector.documents)) == (Sent(), asked), "by the rules of OTLP it is not sent again"


def test_one_journal_that_cannot_be_read_does_not_stop_the_rest(runs: list[Run], collector: FakeCollector) -> None:
    RunEvent.objects.filter(run_id=runs[0].pk, seq=2).delete()
    assert send_ended() == Sent(sent=2, refused=1)
    assert collector.taken == ids(runs)[1:]
    assert SentTrace.objects.get(run_id=runs[0].pk).refused.startswith("REPLAY_DIVERGED: ")


def test_what_was_taken_in_part_is_not_sent_again(runs: list[Run], collector: FakeCollector, caplog: pytest.LogCaptureFixture) -> None:
    collector.answers = [Said(body='{"partialSuccess": {"rejectedSpans": "2", "errorMessage": "too old"}}')]
    assert send_ended() == Sent(sent=3)
    assert send_ended() == Sent()
    assert "traces.partly_rejected" in caplog.messages


def test_a_run_whose_end_was_written_late_is_not_missed(runs: list[Run], collector: FakeCollector) -> None:
    straggler = runs[0]
    Run.objects.filter(pk=straggler.pk).update(finished_at=None)
    assert send_ended() == Sent(sent=2)
    Run.objects.filter(pk=straggler.pk).update(finished_at=timezone.now() - OVERLAP + timedelta(minutes=1))
    assert send_ended() == Sent(sent=1)
    assert sorted(collector.taken) == sorted(ids(runs))
    assert send_ended() == Sent()


def test_it_sends_nothing_that_ended_long_before_sending_began(runs: list[Run], collector: FakeCollector) -> None:
    Run.objects.filter(pk=runs[0].pk).update(finished_at=timezone.now() - timedelta(days=1))
    assert send_ended() == Sent(sent=2)


def test_only_one_sends_at_a_time_and_a_dead_one_is_followed(runs: list[Run], collector: FakeCollector) -> None:
    first = sending._take_turn(timezone.now())
    assert first == 1
    assert send_ended() == Sent()
    assert send_ended(now=later(TURN.total_seconds() + 1)) == Sent(sent=3)
    assert TraceMark.objects.get().turn == 2
    TraceMark.objects.update(busy_until=later(60))
    assert send_ended() == Sent()


def test_it_goes_in_lots_and_leaves_when_told_to(runs: list[Run], collector: FakeCollector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "BYTES_AT_ONCE", 1)
    told_to_stop = iter([False, False, True])
    assert send_ended(stopped=lambda: next(told_to_stop)) == Sent(sent=1)
    assert send_ended() == Sent(sent=2)
    assert (collector.taken, len(collector.documents)) == (ids(runs), 3)


def test_it_forgets_what_it_sent_when_no_look_comes_back_to_it(runs: list[Run], collector: FakeCollector) -> None:
    send_ended()
    SentTrace.objects.update(finished_at=timezone.now() - 3 * OVERLAP)
    Run.objects.filter(pk__in=[run.pk for run in runs]).update(finished_at=timezone.now() - 3 * OVERLAP)
    assert send_ended() == Sent(), "it is before what looks come back to"
    assert SentTrace.objects.count() == 3
    Run.objects.filter(pk=runs[2].pk).update(finished_at=timezone.now())
    SentTrace.objects.filter(run_id=runs[2].pk).delete()
    assert send_ended() == Sent(sent=1)
    assert SentTrace.objects.count() == 1


def test_it_is_done_every_minute() -> None:
    assert ("runs.housekeeping.schedules.send_traces", "I") in {(job.function, job.every) for job in schedules.JOBS}


def test_the_schedule_sends(runs: list[Run], collector: FakeCollector) -> None:
    schedules.send_traces()
    assert collector.taken == ids(runs)
    assert now(runs[0]).status == "succeeded"


@pytest.mark.parametrize("text", ["collector:4318", "ftp://collector", "http://col lector", "http://é"])
def test_it_refuses_an_endpoint_that_is_none(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="OTEL_EXPORTER_OTLP_ENDPOINT"):
        otlp_endpoint(text)


@pytest.mark.parametrize("text", ["Authorization", "=value", "a=b,c", "a=%0A", "a=é"])
def test_it_refuses_headers_that_are_none_without_repeating_them(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs with commas between$"):
        otlp_headers(text)
