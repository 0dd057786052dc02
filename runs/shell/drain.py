"""A drain: one session that claims runs and drives hundreds of them at once in one event loop, for a bounded time.

    begin session → listen → (reap · wake · claim · drive · deliver signals)… → hand back what is left → end session

It listens for the bell when there is nothing to do, and leaves when its time is up, the stop flag is set, or the
session is no longer its own.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from django.conf import settings
from django.db import connection, transaction

from agents.freezes import Freezes
from catalog.circuits import Circuits
from catalog.lookup import Lookup
from runs.engine.events import Fact
from runs.history.learning import learn
from runs.shell import claims, clock, purse, sessions, unblock
from runs.shell.bell import Listener, listener
from runs.shell.claims import Claimed
from runs.shell.clock import now_ms
from runs.shell.codec import decode_fact
from runs.shell.crash_points import crash_point
from runs.shell.database import DatabaseThread
from runs.shell.driver import JournalUnreadable, RunDriver
from runs.shell.gate import Gate
from runs.shell.journal import JournalWriter, Row, StoreUnavailable, read_rows_of
from runs.shell.lease import Lease
from runs.shell.memory import resident_mb
from runs.shell.perform import Performer
from runs.shell.sessions import Fenced
from skills import prices
from skills.net.client import GuardedHttp
from skills.trace_ids import trace_id_of

log = logging.getLogger(__name__)

CLAIM_AT_ONCE = 64
HANDFULS = 25
"""A drain that is full claims again when so great a part of its places is free, not at the end of each run."""
MAX_BACKLOG = 2_000
LOOK_SECONDS = 1.0
"""How often a drain looks for itself, should a ring be lost."""
REST_SECONDS = 0.5
"""How long it listens at a time, with nothing to do, before it looks at its stop flag."""
LEARN_AT_ONCE, LEARN_WHEN_IDLE = 20, 200
"""From how many runs that are over a drain learns at a look."""
AFTER_AN_END_SECONDS = 0.05
"""How soon it looks whether the end of a run has let another one in that was held up by a limit."""
HAND_BACK_SECONDS = 1.0
"""How long runs are given at least to hand themselves back, however short the grace is: it is a commit, and databases can be slow."""
ALONE_SECONDS = 10.0
"""How long nothing new begins beside a run that is at its last chance."""
FIRST_REST_MS, LONGEST_REST_MS = 250, 60_000


class Work(NamedTuple):
    """What a claim brought: a run and its journal."""

    run: Claimed
    rows: list[Row]


def drain(should_stop: Callable[[], bool] = lambda: False, at_once: Callable[[], bool] = lambda: False) -> None:
    """Claim and drive runs until the time is up or `should_stop` says so; what is under way is finished or, after half the
    grace or when `at_once` says so, handed back."""
    database = DatabaseThread()
    try:
        asyncio.run(_drain(database, should_stop, at_once))
    finally:
        database.close()


async def _drain(database: DatabaseThread, should_stop: Callable[[], bool], at_once: Callable[[], bool]) -> None:
    session_id = await database.run(sessions.begin, settings.LEASE_MS)
    crash_point("session.begun")
    log.info("session.begun", extra={"session_id": session_id})
    async with GuardedHttp(allow_local=settings.ALLOW_LOCAL_TARGETS) as http:
        lookup, gate = await database.run(_snapshots, database)
        drain_ = Drain(session_id, database, http, lookup, gate, should_stop, at_once)
        try:
            await drain_.run()
        finally:
            await drain_.close()
    log.info("session.ended", extra={"session_id": session_id})


class Drain:
    """The state of one drain."""

    def __init__(
        self,
        session_id: int,
        database: DatabaseThread,
        http: GuardedHttp,
        lookup: Lookup,
        gate: Gate,
        should_stop: Callable[[], bool],
        at_once: Callable[[], bool] = lambda: False,
    ) -> None:
        self.session_id = session_id
        self._database = database
        self._should_stop = should_stop
        self._at_once = at_once
        self._writer = JournalWriter(session_id, database)
        self._drivers: dict[int, RunDriver] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: list[Work] = []
        self._alone_until = 0.0
        self._fenced = False
        self._woken = asyncio.Event()
        self._may_be_more = True
        self._has_rung = False
        self._one_has_ended = False
        self._is_memory_high = False
        self._lease = Lease(session_id, settings.LEASE_MS, asyncio.get_running_loop(), lambda: len(self._drivers), self._on_fenced)
        self._performer = Performer(database, http, lookup, self._lease, gate)
        self._listener: Listener | None = None
        self._listening: asyncio.Task[None] | None = None
        # Drains of several processes should not all leave at once.
        self._leave_at = clock.monotonic() + settings.DRAIN_SECONDS * random.uniform(0.8, 1.0)  # noqa: S311 - spreads load, guards nothing
        self._looked_at = 0.0

    async def run(self) -> None:
        self._lease.start()
        # Listening begins before the first look, so that what comes in between is heard.
        self._listener = await self._database.run(listener)
        self._listening = asyncio.create_task(self._listen(self._listener), name="bell")
        while not self._is_over():
            if clock.monotonic() - self._looked_at >= LOOK_SECONDS:
                await self._look_around()
            self._woken.clear()
            await self._take_work()
            if not self._can_claim():
                await self._rest()

    def _is_over(self) -> bool:
        leave = clock.monotonic() > self._leave_at or (self._is_memory_high and not self._drivers)
        return self._fenced or leave or self._should_stop()

    async def _listen(self, bell: Listener) -> None:
        while True:
            if await bell.wait(REST_SECONDS):
                self._may_be_more = self._has_rung = True
                self._woken.set()

    async def _rest(self) -> None:
        """Wait for the bell, or for room; look again soon where the end of a run may have made a limit give way."""
        seconds = AFTER_AN_END_SECONDS if self._one_has_ended else REST_SECONDS
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            self._may_be_more = self._may_be_more or self._one_has_ended
            self._one_has_ended = False

    async def _look_around(self) -> None:
        self._looked_at = clock.monotonic()
        self._is_memory_high = resident_mb() > settings.WORK_MEMORY_MB
        self._performer.lookup, self._performer.gate.breaker.known, sessions_alive = await self._database.run(self._reap_and_wake)
        self._performer.slots.divide_by(sessions_alive)
        self._may_be_more = True

    def _reap_and_wake(self) -> tuple[Lookup, Circuits, int]:
        sessions.reap()
        claims.wake_due()
        unblock.wake_unblocked()
        prices.refresh_if_old()
        # On the thread that writes journals: a little at a time while runs are driven, more when there is nothing else to do.
        learn(LEARN_AT_ONCE if self._drivers else LEARN_WHEN_IDLE)
        known = self._performer.gate.breaker.known.fresh(LOOK_SECONDS / 2)
        return self._performer.lookup.fresh(), known, sessions.live_sessions_anywhere()

    # Claiming

    def _room(self) -> int:
        """Return how many runs to claim now: a good handful or none, because each claim costs a transaction."""
        if self._writer.backlog > MAX_BACKLOG or self._is_memory_high or self._is_last_chance_taken():
            return 0
        room = settings.WORK_CAPACITY - len(self._drivers) - len(self._waiting)
        return min(CLAIM_AT_ONCE, room) if room >= max(1, settings.WORK_CAPACITY // HANDFULS) else 0

    def _is_last_chance_taken(self) -> bool:
        """Tell whether a run is at its last chance here: another death of this worker would be its end, so nothing new begins
        beside it, which might be what dies. For a while: it may take long, and then it is hardly the one that kills."""
        return clock.monotonic() < self._alone_until and any(is_last_chance(driver.run) for driver in self._drivers.values())

    def _can_claim(self) -> bool:
        return self._may_be_more and self._room() > 0

    async def _take_work(self) -> None:
        """Claim runs where there is room, and deliver what waits in the inboxes of all that are held."""
        self._start_waiting()
        room = self._room() if self._may_be_more else 0
        # Before the question, so that a ring while it is asked is not forgotten.
        self._may_be_more = self._may_be_more and not room
        # Whoever rang may have frozen something; unless somebody rings, what is frozen is read once a second.
        max_age, self._has_rung = 0.0 if self._has_rung else LOOK_SECONDS, False
        try:
            work, signals, freezes = await self._database.run(take_work, self.session_id, room, self._performer.gate.freezes, max_age)
        except Fenced:
            self._on_fenced()
            return
        self._performer.gate.freezes = freezes
        self._may_be_more = self._may_be_more or len(work) == room > 0
        self._waiting += sorted(work, key=lambda found: not is_last_chance(found.run))
        self._start_waiting()
        for run_id, signal_id, fact in signals:
            driver = self._drivers.get(run_id)
            if driver is not None and signal_id not in driver.heard:
                driver.tell(fact, signal_id)

    def _start_waiting(self) -> None:
        while self._waiting and not self._is_last_chance_taken():
            self._start(self._waiting.pop(0))

    def _start(self, work: Work) -> None:
        if is_last_chance(work.run):
            self._alone_until = clock.monotonic() + ALONE_SECONDS
        driver = RunDriver(work.run, work.rows, writer=self._writer, performer=self._performer, max_crashes=settings.MAX_CRASHES)
        self._drivers[work.run.id] = driver
        task = asyncio.create_task(self._drive(driver), name=work.run.public_id)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drive(self, driver: RunDriver) -> None:
        run = driver.run
        try:
            ended = await driver.drive()
            log.info("run.driven", extra=_ids(run) | {"ended": ended, "status": driver.state.status})
        except Fenced:
            self._on_fenced()
        except StoreUnavailable:
            log.exception("run.store_unavailable", extra=_ids(run))
            self._on_fenced()
        except JournalUnreadable as damaged:
            log.exception("run.journal_unreadable", extra=_ids(run))
            await self._database.run(give_up_unreadable, self.session_id, run, str(damaged))
        except Exception:
            # A defect in our code or in a row of this run: loud, counted against the run, and no other run suffers.
            log.exception("run.driver_failed", extra=_ids(run))
            await self._database.run(claims.release_crashed, self.session_id, run.id, pause_after(run.crash_count))
        finally:
            del self._drivers[run.id]
            self._one_has_ended = True
            if self._can_claim() or self._waiting or not self._drivers:
                self._woken.set()

    def _on_fenced(self) -> None:
        if not self._fenced:
            log.warning("session.fenced", extra={"session_id": self.session_id})
        self._fenced = True
        self._woken.set()

    # Leaving

    async def close(self) -> None:
        """Finish or hand back what is held, write what is pending, end the session."""
        await self._leave()
        await self._writer.drain()
        # Not in the loop: the heartbeat may just be waiting for the loop to answer.
        await self._database.run(self._lease.stop)
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
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
            until = clock.monotonic() + settings.WORK_GRACE_SECONDS / 2
            while self._tasks and clock.monotonic() < until and not self._at_once():
                await asyncio.wait(self._tasks, timeout=AFTER_AN_END_SECONDS)
            for driver in self._drivers.values():
                driver.hand_back()
            await self._deliver_cancel_of_stragglers()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver_cancel_of_stragglers(self) -> None:
        """Give those handing back their time, then stop waiting: the reaper will find what they hold."""
        their_time = max(settings.WORK_GRACE_SECONDS / 2, HAND_BACK_SECONDS)
        _, late = await asyncio.wait(self._tasks, timeout=their_time) if self._tasks else (set(), set())
        for task in late:
            log.warning("run.hand_back_late", extra={"run_id": task.get_name()})
            task.cancel()


def is_last_chance(run: Claimed) -> bool:
    return run.crash_count == settings.MAX_CRASHES > 0


def pause_after(crashes: int) -> int:
    """Return how long a run rests that broke its driver after so many crashes before."""
    return int(min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** min(crashes, 16)))


# On the database thread


def _snapshots(database: DatabaseThread) -> tuple[Lookup, Gate]:
    """Read what every run is driven by: the catalog, what is frozen, open circuits, and (kept for the whole process) the prices."""
    prices.refresh()
    return Lookup.load(), Gate(database, Freezes.load(), Circuits.load())


def take_work(
    session_id: int, limit: int, freezes: Freezes, max_age_seconds: float
) -> tuple[list[Work], list[tuple[int, int, Fact]], Freezes]:
    """Claim up to `limit` runs and read what driving them needs; return them, the signals of all runs the session holds, and
    what is frozen, as old as that may be."""
    runs = claims.claim(session_id, limit) if limit else []
    crash_point("claim.committed")
    begun = [run.id for run in runs if run.first_event is None]
    journals = read_rows_of(begun) if begun else {}
    work = [Work(run, journals[run.id] if run.first_event is None else [Row(*run.first_event)]) for run in runs]
    return work, pending_signals(session_id), freezes.fresh(max_age_seconds)


def _ids(run: Claimed) -> dict[str, str]:
    return {"run_id": run.public_id, "trace_id": trace_id_of(run.trace_id, run.public_id), "tenant": run.tenant_slug}


def give_up_unreadable(session_id: int, run: Claimed, why: str) -> None:
    """Let a run whose journal does not fold rest and be tried again, perhaps by a newer version; in the end dead-letter it.

    No event can be added to such a journal, so its row alone tells the end; what its row says was spent is settled.
    """
    if run.crash_count <= settings.MAX_CRASHES:
        claims.release_crashed(session_id, run.id, pause_after(run.crash_count))
        return
    with transaction.atomic():
        if claims.dead_letter(session_id, run.id, "REPLAY_DIVERGED", why):
            purse.settle_unreadable(run)


def pending_signals(session_id: int) -> list[tuple[int, int, Fact]]:
    """Return (run, signal, fact) of what waits in the inboxes of the runs a session holds, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.run_id, s.id, s.data FROM runs_signal s JOIN runs_run r ON r.id = s.run_id"
            " WHERE s.consumed_seq IS NULL AND r.session_id = %s ORDER BY s.id",
            (session_id,),
        )
        rows = cursor.fetchall()
    return [(run_id, signal_id, msgspec.structs.replace(decode_fact(data), at_ms=now_ms())) for run_id, signal_id, data in rows]
