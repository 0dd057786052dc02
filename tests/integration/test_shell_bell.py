"""The bell wakes listeners; whoever did not hear it looks for themselves; the broker rings up a drain when there is work."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings as project
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from runs.housekeeping import schedules
from runs.models import BulkOperation, Outbox, Run
from runs.shell import sessions
from runs.shell.bell import Bell, Listener, PatientListener, PostgresListener, listener, ring
from runs.shell.processes import doorbell
from runs.shell.processes.doorbell import CARRY_TASK, DELIVER_TASK, DRAIN_TASK, DatabaseBroker, Wires
from tests.integration.workshop import Workshop, a_worker, in_another_thread, now, over, step


@pytest.fixture
def ear(workshop: Workshop) -> Iterator[Listener]:
    listening = listener()
    yield listening
    listening.close()


def submit_and_ring(workshop: Workshop) -> None:
    workshop.submit(step("one", "say"))


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
    assert not asyncio.run(ear.wait(0.2))
    assert 0.15 < time.monotonic() - begun < 5


def test_it_may_be_rung_when_nobody_listens(workshop: Workshop) -> None:
    ring()


class Deaf:
    """A listener that hears no ring, for all of them being lost."""

    async def wait(self, seconds: float) -> bool:
        await asyncio.sleep(seconds)
        return False

    def close(self) -> None:
        return


def test_a_ring_that_is_lost_costs_no_more_than_a_second(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.shell.drain.listener", Deaf)
    with a_worker():
        over(workshop.submit(step("one", "say")))
        # On a busy machine the work itself takes its time: one run that is over within the second will do.
        assert any(_seconds_until_over(workshop) < 1.0 for _ in range(20))


def _seconds_until_over(workshop: Workshop) -> float:
    begun = time.monotonic()
    assert over(workshop.submit(step("one", "say"))).status == "succeeded"
    return time.monotonic() - begun


# Ringing together


def test_it_rings_once_for_all_who_wished_while_it_rang() -> None:
    ringing, goes_on, rings = threading.Event(), threading.Event(), []

    def send() -> None:
        rings.append(len(rings))
        ringing.set()
        assert goes_on.wait(20)

    bell = Bell(send)
    first = threading.Thread(target=bell.ring)
    first.start()
    assert ringing.wait(20)
    for _ in range(50):
        bell.ring()
    goes_on.set()
    first.join(20)
    assert rings == [0, 1]


def test_it_is_rung_by_the_next_one_when_the_ringer_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.shell.bell.LONGEST_DUTY_SECONDS", 0.0)
    ringing, goes_on, rings = threading.Event(), threading.Event(), []

    def send() -> None:
        rings.append(threading.current_thread().name)
        if len(rings) == 1:
            ringing.set()
            assert goes_on.wait(20)

    bell = Bell(send)
    hangs = threading.Thread(target=bell.ring, name="hangs")
    hangs.start()
    assert ringing.wait(20)
    bell.ring()
    goes_on.set()
    hangs.join(20)
    assert rings == ["hangs", threading.current_thread().name]


def test_it_begins_a_ring_after_every_wish() -> None:
    """Whatever threads do: once all have wished, a ring has begun after the last of the wishes."""
    wished, seen = [], []
    bell = Bell(lambda: seen.append(len(wished)))

    def wish(number: int) -> None:
        wished.append(number)
        bell.ring()

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(wish, range(2_000)))
    assert seen[-1] == 2_000


def test_it_rings_again_after_a_ring_that_failed() -> None:
    rings: list[str] = []

    def send() -> None:
        rings.append("ring")
        if len(rings) == 1:
            raise ZeroDivisionError

    bell = Bell(send)
    with pytest.raises(ZeroDivisionError):
        bell.ring()
    bell.ring()
    assert rings == ["ring", "ring"]


# PostgreSQL only: rings are notifications there, heard on a connection that may break

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no notifications")


def cut(ear: Listener) -> None:
    """Have the server end the connection somebody listens on."""
    assert isinstance(ear, PostgresListener)
    assert ear._wire is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", (ear._wire.info.backend_pid,))


@on_postgresql
def test_it_hears_again_after_its_connection_died(workshop: Workshop, ear: Listener, caplog: pytest.LogCaptureFixture) -> None:
    cut(ear)
    assert asyncio.run(ear.wait(20)), "rings may have been lost, so one has to look"
    while asyncio.run(ear.wait(0.05)):
        pass
    ring()
    assert asyncio.run(ear.wait(20))
    assert "bell.connection_lost" in caplog.messages


@on_postgresql
def test_it_is_silent_until_all_that_goes_with_it_is_committed(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    rings: list[bool] = []
    monkeypatch.setattr("runs.shell.bell._bell", Bell(lambda: rings.append(connection.in_atomic_block)))
    with transaction.atomic():
        ring()
        assert rings == []
    assert rings == [False]


@on_postgresql
def test_it_does_not_spin_while_the_database_is_away(workshop: Workshop, ear: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(ear, PostgresListener)
    refused: list[float] = []

    def refuse() -> psycopg.Connection[Any]:
        refused.append(time.monotonic())
        raise psycopg.OperationalError("refused")

    monkeypatch.setattr(ear, "_connect", refuse)
    cut(ear)

    async def wait_thrice() -> list[bool]:
        return [await ear.wait(0.2) for _ in range(3)]

    assert asyncio.run(wait_thrice()) == [False, False, False]
    assert len(refused) <= 3
    assert refused[-1] - refused[0] >= 0.3


@on_postgresql
def test_it_looks_often_where_no_ring_comes_through(workshop: Workshop, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    # Notifications stay in their database, as behind a pooler they stay in somebody's connection.
    settings.LISTEN_DATABASE = {"NAME": "template1"}
    deaf = listener()
    assert isinstance(deaf, PatientListener)
    assert "bell.deaf" in caplog.messages
    assert asyncio.run(deaf.wait(20))
    with a_worker():
        assert over(workshop.submit(step("one", "say"))).status == "succeeded"


@on_postgresql
def test_it_raises_nothing_where_a_ring_is_lost(workshop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    connection.ensure_connection()
    connection.connection.close()
    ring()
    assert "bell.ring_lost" in caplog.messages
    connection.close()


# The broker


@pytest.fixture
def broker(workshop: Workshop) -> DatabaseBroker:
    return DatabaseBroker()


def called(dequeued: list[tuple[Any, str]] | None) -> tuple[Any, str]:
    """Return the receipt and the function of the one task a broker gave."""
    assert dequeued is not None
    [(receipt, package)] = dequeued
    return receipt, SignedPackage.loads(package)["func"]


def test_it_keeps_one_drain_listening_when_nothing_is_due(broker: DatabaseBroker) -> None:
    assert called(broker.dequeue()) == (None, DRAIN_TASK)
    assert broker.dequeue() is None, "it counts as alive while it starts"
    sessions.begin(60_000)
    assert broker.dequeue() is None


def test_it_makes_a_drain_when_a_run_is_queued(workshop: Workshop, broker: DatabaseBroker) -> None:
    workshop.submit(step("one", "say"))
    assert called(broker.dequeue()) == (None, DRAIN_TASK)
    assert broker.acknowledge(None) is None


def test_it_makes_no_more_drains_than_there_are_places(workshop: Workshop, broker: DatabaseBroker) -> None:
    workshop.submit(step("one", "say"))
    made = [broker.dequeue() for _ in range(project.Q_CLUSTER["workers"] + 1)]
    assert sum(found is not None for found in made) == project.Q_CLUSTER["workers"] - 1


def test_it_makes_no_drain_beside_a_living_one(workshop: Workshop, broker: DatabaseBroker) -> None:
    for _ in range(project.Q_CLUSTER["workers"] - 1):
        sessions.begin(60_000)
    workshop.submit(step("one", "say"))
    assert broker.dequeue() is None


def test_it_makes_a_drain_when_a_lease_ran_out(workshop: Workshop, broker: DatabaseBroker) -> None:
    run = workshop.submit(step("one", "say"))
    Run.objects.filter(pk=run.pk).update(status="running", session_id=sessions.begin(-1))
    assert called(broker.dequeue()) == (None, DRAIN_TASK)
    assert now(run).status == "running"


@pytest.fixture
def wires(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wires]:
    laid = Wires()
    monkeypatch.setattr(doorbell, "wires", laid)
    yield laid
    laid.close()


def test_it_takes_nothing_once_it_is_told_to_stop(workshop: Workshop, broker: DatabaseBroker, wires: Wires) -> None:
    workshop.submit(step("one", "say"))
    async_task("math.gcd", 4, 6, broker=broker)
    assert called(broker.dequeue()) == (None, DRAIN_TASK)
    wires.stop.hoist()
    assert broker.dequeue() is None
    assert OrmQ.objects.filter(lock__lt=timezone.now()).count() == 1


def test_it_makes_the_next_drain_as_soon_as_one_has_ended(
    workshop: Workshop, broker: DatabaseBroker, wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorbell, "LOOK_SECONDS", 60)
    session_id = sessions.begin(60_000)

    def end() -> None:
        time.sleep(0.2)
        sessions.end(session_id)
        wires.drain_ended.send()

    ending = in_another_thread(end)
    assert broker.dequeue() is None
    assert called(broker.dequeue()) == (None, DRAIN_TASK)
    ending.join()


def test_it_makes_one_task_that_delivers_at_a_time(workshop: Workshop, broker: DatabaseBroker, wires: Wires) -> None:
    sessions.begin(60_000)
    Outbox.objects.create(tenant=workshop.tenant, topic="budget.alert", data="{}")
    assert called(broker.dequeue()) == (None, DELIVER_TASK)
    assert broker.dequeue() is None, "others would take the places of drains"
    schedules.deliver_webhooks()
    assert broker.dequeue() is None, "there is nothing more to tell"
    Outbox.objects.create(tenant=workshop.tenant, topic="budget.alert", data="{}")
    assert called(broker.dequeue()) == (None, DELIVER_TASK), "as soon as the one before it has ended"


def test_it_makes_a_task_that_works_off_what_nobody_is_at(
    workshop: Workshop, broker: DatabaseBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions.begin(60_000)
    row = BulkOperation.objects.create(tenant=workshop.tenant, action="cancel", filter={}, run_ids=[], total=0, created_by="alice")
    assert called(broker.dequeue()) == (None, CARRY_TASK)
    assert broker.dequeue() is None, "one is enough while it starts"
    monkeypatch.setattr(doorbell, "START_SECONDS", 0.0)
    broker._carrying_until = 0.0
    assert called(broker.dequeue()) == (None, CARRY_TASK), "it has not come to it: another is tried"
    BulkOperation.objects.filter(pk=row.pk).update(taken_until=timezone.now() + timedelta(seconds=30))
    assert broker.dequeue() is None, "a worker is at it"
    schedules.carry_on_bulk()
    BulkOperation.objects.filter(pk=row.pk).update(taken_until=timezone.now())
    schedules.carry_on_bulk()
    row.refresh_from_db()
    assert row.state == "finished"
    assert broker.dequeue() is None


def test_it_queues_other_tasks_as_ever(workshop: Workshop, broker: DatabaseBroker) -> None:
    sessions.begin(60_000)
    async_task("math.gcd", 4, 6, broker=broker)
    receipt, function = called(broker.dequeue())
    assert function == "math.gcd"
    assert broker.dequeue() is None, "it is locked while somebody works on it"
    broker.acknowledge(receipt)
    assert OrmQ.objects.count() == 0
