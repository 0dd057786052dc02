"""Sessions: who holds which runs, how a lease ends, and that whoever lost it writes nothing more."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest
from django.db import transaction

from runs.models import Run, RunEvent, Session
from runs.shell import claims, sessions
from runs.shell.clock import now_ms
from runs.shell.drain import pause_after
from runs.shell.sessions import Fenced
from tests.integration.workshop import Workshop, a_session_of, in_another_thread, now, step

LEASE_MS = 60_000


def queued(workshop: Workshop, count: int, **options: int) -> list[Run]:
    return [workshop.submit(step("one", "say"), **options) for _ in range(count)]


def claimed(session_id: int, limit: int) -> list[str]:
    return [run.public_id for run in claims.claim(session_id, limit)]


def a_dead_process() -> int:
    """Return the id of a process that has just ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_it_begins_with_a_lease_by_the_clock_of_the_database(workshop: Workshop) -> None:
    session = Session.objects.get(pk=sessions.begin(LEASE_MS))
    assert (session.state, session.pid) == ("live", os.getpid())
    assert abs(session.lease_until_ms - LEASE_MS - now_ms()) < 5_000


def test_it_gives_each_session_a_higher_token(workshop: Workshop) -> None:
    tokens = [sessions.begin(LEASE_MS) for _ in range(3)]
    assert tokens == sorted(set(tokens))


def test_it_moves_the_end_of_the_lease(workshop: Workshop) -> None:
    token = sessions.begin(1_000)
    before = Session.objects.get(pk=token).lease_until_ms
    assert sessions.renew(token, LEASE_MS, 7)
    session = Session.objects.get(pk=token)
    assert session.lease_until_ms > before + 50_000
    assert session.in_flight == 7


@pytest.mark.parametrize("state", ["ended", "dead"])
def test_it_neither_renews_nor_lets_through_a_session_that_is(workshop: Workshop, state: str) -> None:
    token = sessions.begin(LEASE_MS)
    Session.objects.filter(pk=token).update(state=state)
    assert not sessions.renew(token, LEASE_MS, 0)
    with pytest.raises(Fenced), transaction.atomic():
        sessions.fence(token)
    queued(workshop, 1)
    with pytest.raises(Fenced):
        claims.claim(token, 1)
    assert claims.has_queued()


@pytest.mark.parametrize(("crashes", "rest_ms"), [(0, 250), (3, 2_000), (20, 60_000), (30_000, 60_000)])
def test_it_lets_it_rest_longer_each_time(crashes: int, rest_ms: int) -> None:
    assert pause_after(crashes) == rest_ms


def test_it_ends_without_counting_a_crash(workshop: Workshop) -> None:
    [run] = queued(workshop, 1)
    token = sessions.begin(LEASE_MS)
    claims.claim(token, 1)
    sessions.end(token)
    assert (now(run).status, now(run).session_id, now(run).crash_count) == ("queued", None, 0)
    assert Session.objects.get(pk=token).state == "ended"


def test_it_puts_back_what_a_session_past_its_lease_held(workshop: Workshop) -> None:
    lost, held = queued(workshop, 2)
    dead, alive = sessions.begin(-1), sessions.begin(LEASE_MS)
    Run.objects.filter(pk=lost.pk).update(status="running", session_id=dead)
    Run.objects.filter(pk=held.pk).update(status="running", session_id=alive)
    assert claims.has_work()
    assert sessions.reap() == 1
    assert sessions.reap() == 0
    assert (now(lost).status, now(lost).crash_count, now(held).status) == ("queued", 1, "running")
    assert [Session.objects.get(pk=token).state for token in (dead, alive)] == ["dead", "live"]


def test_it_puts_back_what_a_dead_process_held_before_its_lease_is_over(workshop: Workshop) -> None:
    lost, held = queued(workshop, 2)
    dead, alive = a_session_of(a_dead_process()), a_session_of(os.getpid())
    Run.objects.filter(pk=lost.pk).update(status="running", session_id=dead.pk)
    Run.objects.filter(pk=held.pk).update(status="running", session_id=alive.pk)
    assert sessions.release_dead_processes() == 1
    assert (now(lost).status, now(lost).crash_count, now(held).status) == ("queued", 1, "running")


def test_it_does_not_judge_the_processes_of_another_host(workshop: Workshop) -> None:
    foreign = a_session_of(a_dead_process())
    Session.objects.filter(pk=foreign.pk).update(host="elsewhere.example")
    assert sessions.release_dead_processes() == 0
    assert sessions.live_sessions() == 0


def test_it_makes_the_reaper_wait_for_a_commit_under_way(workshop: Workshop) -> None:
    [run] = queued(workshop, 1)
    token = sessions.begin(-1)
    Run.objects.filter(pk=run.pk).update(status="running", session_id=token)
    reaped = threading.Event()
    with transaction.atomic():
        sessions.fence(token)
        reaper = in_another_thread(lambda: (sessions.reap(), reaped.set()))
        time.sleep(0.3)
        assert not reaped.is_set(), "a session that is writing was declared dead"
        RunEvent.objects.create(run_id=run.pk, seq=2, kind="time_came", at_ms=1, data="{}")
    reaper.join(10)
    assert reaped.is_set()
    assert now(run).status == "queued"
