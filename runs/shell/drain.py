"""A drain: one session that claims runs and drives hundreds of them at once in one event loop, for a bounded time.

    begin session → listen → (reap · wake · claim · drive · deliver signals)… → hand back what is left → end session

It listens for the bell when there is nothing to do, and leaves when its time is up, the stop flag is set, or the
session is no longer its own.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from django.conf import settings
from django.db import connection, transaction

from catalog.lookup import Lookup
from runs.engine.events import Fact
from runs.shell import sessions, settlement
from runs.shell.bell import Listener, listener
from runs.shell.clock import now_ms
from runs.shell.codec import decode_fact
from runs.shell.database import DatabaseThread
from runs.shell.driver import JournalUnreadable, RunDriver
from runs.shell.journal import JournalWriter, Row, StoreUnavailable, read_rows_of
from runs.shell.lease import Lease
from runs.shell.perform import Performer
from runs.shell.sessions import Claimed, Fenced
from skills.net.client import GuardedHttp

log = logging.getLogger(__name__)

CLAIM_AT_ONCE = 32
MAX_BACKLOG = 2_000
LOOK_SECONDS = 1.0
"""How often a drain looks for itself, should a ring be lost."""
REST_SECONDS = 0.5
"""How long it listens at a time, with nothing to do, before it looks at its stop flag."""
FIRST_REST_MS, LONGEST_REST_MS = 250, 60_000


@dataclass(frozen=True)
class Work:
    """What a claim brought: a run, its journal, and the signals that wait for it."""

    run: Claimed
    rows: list[Row]
    signals: list[tuple[int, Fact]]


def drain(should_stop: Callable[[], bool] = lambda: False) -> None:
    """Claim and drive runs until the time is up or `should_stop` says so."""
    database = DatabaseThread()
    try:
        asyncio.run(_drain(database, should_stop))
    finally:
        database.close()


async def _drain(database: DatabaseThread, should_stop: Callable[[], bool]) -> None:
    session_id = await database.run(sessions.begin, settings.LEASE_MS)
    log.info("session.begun", extra={"session_id": session_id})
    async with GuardedHttp(allow_local=settings.ALLOW_LOCAL_TARGETS) as http:
        drain_ = Drain(session_id, database, http, await database.run(Lookup.load), should_stop)
        try:
            await drain_.run()
        finally:
            await drain_.close()
    log.info("session.ended", extra={"session_id": session_id})


class Drain:
    """The state of one drain."""

    def __init__(
        self, session_id: int, database: DatabaseThread, http: GuardedHttp, lookup: Lookup, should_stop: Callable[[], bool]
    ) -> None:
        self.session_id = session_id
        self._database = database
        self._should_stop = should_stop
        self._writer = JournalWriter(session_id, database)
        self._performer = Performer(database, http, lookup)
        self._drivers: dict[int, RunDriver] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._fenced = False
        self._idle = asyncio.Event()
        self._lease = Lease(session_id, settings.LEASE_MS, asyncio.get_running_loop(), lambda: len(self._drivers), self._on_fenced)
        self._listener: Listener | None = None
        # Drains of several processes should not all leave at once.
        self._leave_at = time.monotonic() + settings.DRAIN_SECONDS * random.uniform(0.8, 1.0)  # noqa: S311 - spreads load, guards nothing
        self._looked_at = 0.0

    async def run(self) -> None:
        self._lease.start()
        # Listening begins before the first look, so that what comes in between is heard.
        self._listener = await self._database.run(listener)
        while not self._is_over():
            if time.monotonic() - self._looked_at >= LOOK_SECONDS:
                await self._look_around()
            claimed = await self._claim()
            await self._deliver_signals()
            if not claimed:
                await self._rest()

    def _is_over(self) -> bool:
        now = time.monotonic()
        return self._fenced or self._should_stop() or now > self._leave_at

    async def _rest(self) -> None:
        assert self._listener is not None
        ringing = asyncio.ensure_future(self._listener.wait(REST_SECONDS))
        finishing = asyncio.ensure_future(self._idle.wait())
        await asyncio.wait((ringing, finishing), return_when=asyncio.FIRST_COMPLETED)
        for waiter in (ringing, finishing):
            waiter.cancel()
        await asyncio.gather(ringing, finishing, return_exceptions=True)
        self._idle.clear()

    async def _look_around(self) -> None:
        self._looked_at = time.monotonic()
        self._performer.lookup = await self._database.run(self._reap_and_wake)

    def _reap_and_wake(self) -> Lookup:
        sessions.reap()
        sessions.wake_due()
        return self._performer.lookup.fresh()

    # Claiming

    async def _claim(self) -> int:
        room = min(CLAIM_AT_ONCE, settings.WORK_CAPACITY - len(self._drivers))
        if room <= 0 or self._writer.backlog > MAX_BACKLOG:
            return 0
        try:
            work = await self._database.run(claim_work, self.session_id, room)
        except Fenced:
            self._on_fenced()
            return 0
        for found in work:
            self._start(found)
        return len(work)

    def _start(self, work: Work) -> None:
        driver = RunDriver(
            work.run, work.rows, writer=self._writer, performer=self._performer, lease=self._lease, max_crashes=settings.MAX_CRASHES
        )
        for signal_id, fact in work.signals:
            driver.tell(fact, signal_id)
        self._drivers[work.run.id] = driver
        task = asyncio.create_task(self._drive(driver), name=work.run.public_id)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drive(self, driver: RunDriver) -> None:
        run = driver.run
        try:
            ended = await driver.drive()
            log.info("run.driven", extra={"run_id": run.public_id, "ended": ended, "status": driver.state.status})
            if ended == "handed_back":
                await self._database.run(sessions.release, self.session_id, run.id)
        except Fenced:
            self._on_fenced()
        except StoreUnavailable:
            log.exception("run.store_unavailable", extra={"run_id": run.public_id})
            self._on_fenced()
        except JournalUnreadable as damaged:
            log.exception("run.journal_unreadable", extra={"run_id": run.public_id})
            await self._database.run(give_up_unreadable, self.session_id, run, str(damaged))
        except Exception:
            # A defect in our code or in a row of this run: loud, counted against the run, and no other run suffers.
            log.exception("run.driver_failed", extra={"run_id": run.public_id})
            await self._database.run(sessions.release_crashed, self.session_id, run.id, pause_after(run.crash_count))
        finally:
            del self._drivers[run.id]
            self._idle.set()

    async def _deliver_signals(self) -> None:
        if not self._drivers:
            return
        found = await self._database.run(pending_signals, list(self._drivers))
        for run_id, signal_id, fact in found:
            driver = self._drivers.get(run_id)
            if driver is not None and signal_id not in driver.heard:
                driver.tell(fact, signal_id)

    def _on_fenced(self) -> None:
        if not self._fenced:
            log.warning("session.fenced", extra={"session_id": self.session_id})
        self._fenced = True
        self._idle.set()

    # Leaving

    async def close(self) -> None:
        """Finish or hand back what is held, write what is pending, end the session."""
        await self._leave()
        await self._writer.drain()
        # Not in the loop: the heartbeat may just be waiting for the loop to answer.
        await self._database.run(self._lease.stop)
        if self._listener is not None:
            self._listener.close()
        if not self._fenced:
            await self._database.run(sessions.end, self.session_id)

    async def _leave(self) -> None:
        if self._fenced:
            for task in self._tasks:
                task.cancel()
        elif self._tasks:
            # Short work is finished, the rest handed back; nothing new is claimed meanwhile.
            await asyncio.wait(self._tasks, timeout=settings.WORK_GRACE_SECONDS / 2)
            for driver in self._drivers.values():
                driver.hand_back()
            await self._deliver_cancel_of_stragglers()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver_cancel_of_stragglers(self) -> None:
        """Give those handing back their time, then stop waiting: the reaper will find what they hold."""
        _, late = await asyncio.wait(self._tasks, timeout=settings.WORK_GRACE_SECONDS / 2) if self._tasks else (set(), set())
        for task in late:
            log.warning("run.hand_back_late", extra={"run_id": task.get_name()})
            task.cancel()


def pause_after(crashes: int) -> int:
    """Return how long a run rests that broke its driver after so many crashes before."""
    return int(min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** min(crashes, 16)))


# On the database thread


def claim_work(session_id: int, limit: int) -> list[Work]:
    """Claim runs and read what driving them needs."""
    runs = sessions.claim(session_id, limit)
    if not runs:
        return []
    signals: dict[int, list[tuple[int, Fact]]] = {run.id: [] for run in runs}
    for run_id, signal_id, fact in pending_signals(list(signals)):
        signals[run_id].append((signal_id, fact))
    journals = read_rows_of(list(signals))
    return [Work(run, journals[run.id], signals[run.id]) for run in runs]


def give_up_unreadable(session_id: int, run: Claimed, why: str) -> None:
    """Let a run whose journal does not fold rest and be tried again, perhaps by a newer version; in the end dead-letter it.

    No event can be added to such a journal, so its row alone tells the end; what its row says was spent is settled.
    """
    if run.crash_count <= settings.MAX_CRASHES:
        sessions.release_crashed(session_id, run.id, pause_after(run.crash_count))
        return
    with transaction.atomic():
        if sessions.dead_letter(session_id, run.id, "REPLAY_DIVERGED", why):
            settlement.settle_run(run, run.spent_micro_usd, run.spent_micro_usd or 1)


def pending_signals(run_ids: list[int]) -> list[tuple[int, int, Fact]]:
    """Return (run, signal, fact) of what waits in the inboxes of these runs, oldest first."""
    marks = ", ".join(["%s"] * len(run_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT run_id, id, data FROM runs_signal WHERE consumed_seq IS NULL AND run_id IN ({marks}) ORDER BY id",
            run_ids,
        )
        rows = cursor.fetchall()
    return [(run_id, signal_id, msgspec.structs.replace(decode_fact(data), at_ms=now_ms())) for run_id, signal_id, data in rows]
