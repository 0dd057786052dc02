"""The bell wakes listeners; whoever did not hear it looks for themselves; the broker rings up a drain when there is work."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as project
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from runs.models import Run
from runs.shell import doorbell, sessions
from runs.shell.bell import Listener, listener, ring
from runs.shell.doorbell import DRAIN_TASK, BellBroker
from tests.integration.workshop import Workshop, a_worker, in_another_thread, now, over, step, wait_for


@pytest.fixture
def ear(workshop: Workshop) -> Iterator[Listener]:
    listening = listener()
    yield listening
    listening.close()


def submit_and_ring(workshop: Workshop) -> None:
    workshop.submit(step("one", "say"))


def test_it_wakes_one_who_blocks(workshop: Workshop, ear: Listener) -> None:
    ringer = in_another_thread(lambda: (time.sleep(0.1), submit_and_ring(workshop)))
    begun = time.monotonic()
    assert ear.wait_blocking(10)
    assert time.monotonic() - begun < 5
    ringer.join()


def test_it_wakes_one_who_waits_in_a_loop(workshop: Workshop, ear: Listener) -> None:
    ringer = in_another_thread(lambda: (time.sleep(0.1), submit_and_ring(workshop)))
    assert asyncio.run(ear.wait(10))
    ringer.join()


def test_it_keeps_a_ring_for_one_who_was_busy(workshop: Workshop, ear: Listener) -> None:
    submit_and_ring(workshop)
    assert asyncio.run(ear.wait(1))
    assert not asyncio.run(ear.wait(0.05))


def test_it_waits_no_longer_than_asked_when_nobody_rings(ear: Listener) -> None:
    begun = time.monotonic()
    assert not ear.wait_blocking(0.2)
    assert not asyncio.run(ear.wait(0.2))
    assert 0.3 < time.monotonic() - begun < 5


def test_it_may_be_rung_when_nobody_listens(workshop: Workshop) -> None:
    ring()


def test_a_drain_finds_work_nobody_rang_for(workshop: Workshop) -> None:
    run = workshop.submit(step("one", "say"))
    Run.objects.filter(pk=run.pk).update(status="waiting", wake_at_ms=2**52)
    with a_worker():
        wait_for(lambda: sessions.live_sessions() == 1)
        time.sleep(0.3)
        Run.objects.filter(pk=run.pk).update(status="queued", wake_at_ms=None)
        begun = time.monotonic()
        assert over(run).status == "succeeded"
        assert time.monotonic() - begun < 10


# The broker


@pytest.fixture
def broker(workshop: Workshop) -> Iterator[BellBroker]:
    made = BellBroker()
    yield made
    made._forget_connections()


def called(dequeued: list[tuple[Any, str]] | None) -> tuple[Any, str]:
    """Return the receipt and the function of the one task a broker gave."""
    assert dequeued is not None
    [(receipt, package)] = dequeued
    return receipt, SignedPackage.loads(package)["func"]


def test_it_keeps_one_drain_listening_when_nothing_is_due(broker: BellBroker) -> None:
    assert called(broker.dequeue()) == (None, DRAIN_TASK)
    assert broker.dequeue() is None, "it counts as alive while it starts"
    sessions.begin(60_000)
    assert broker.dequeue() is None


def test_it_makes_a_drain_when_a_run_is_queued(workshop: Workshop, broker: BellBroker) -> None:
    workshop.submit(step("one", "say"))
    assert called(broker.dequeue()) == (None, DRAIN_TASK)
    assert broker.acknowledge(None) is None


def test_it_makes_no_more_drains_than_there_are_places(workshop: Workshop, broker: BellBroker) -> None:
    workshop.submit(step("one", "say"))
    made = [broker.dequeue() for _ in range(project.Q_CLUSTER["workers"] + 1)]
    assert sum(found is not None for found in made) == project.Q_CLUSTER["workers"] - 1


def test_it_makes_no_drain_beside_a_living_one(workshop: Workshop, broker: BellBroker) -> None:
    for _ in range(project.Q_CLUSTER["workers"] - 1):
        sessions.begin(60_000)
    workshop.submit(step("one", "say"))
    assert broker.dequeue() is None


def test_it_makes_a_drain_when_a_lease_ran_out(workshop: Workshop, broker: BellBroker) -> None:
    run = workshop.submit(step("one", "say"))
    Run.objects.filter(pk=run.pk).update(status="running", session_id=sessions.begin(-1))
    assert called(broker.dequeue()) == (None, DRAIN_TASK)
    assert now(run).status == "running"


def test_it_makes_no_drain_once_it_is_told_to_stop(workshop: Workshop, broker: BellBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    flag = multiprocessing.get_context("fork").Event()
    flag.set()
    monkeypatch.setattr(doorbell, "stop_flag", flag)
    workshop.submit(step("one", "say"))
    assert broker.dequeue() is None


def test_it_queues_other_tasks_as_ever(workshop: Workshop, broker: BellBroker) -> None:
    sessions.begin(60_000)
    async_task("math.gcd", 4, 6, broker=broker)
    receipt, function = called(broker.dequeue())
    assert function == "math.gcd"
    assert broker.dequeue() is None, "it is locked while somebody works on it"
    broker.acknowledge(receipt)
    assert OrmQ.objects.count() == 0
