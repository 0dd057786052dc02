"""The bell: tells listening workers that there may be work. Carries nothing; who hears it asks the run table.

PostgreSQL: NOTIFY / LISTEN. SQLite: `PRAGMA data_version` changes when another connection commits. Lost, double and
late rings do no harm: listeners look for themselves at least once a second.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import psycopg
from django.conf import settings
from django.db import Error, connection, transaction

log = logging.getLogger(__name__)

CHANNEL = "aos_bell"
POLL_SECONDS = 0.005
IDLE_POLL_SECONDS = 0.02
"""SQLite is polled, slower after a second of silence: an idle worker costs next to nothing."""
PATIENT_POLL_SECONDS = 0.2
"""How often one looks who has found that rings do not come through."""
HEARING_SECONDS = 1.0
LONGEST_DUTY_SECONDS = 0.05
MENDING_LOOK_SECONDS = 0.05


def ring() -> None:
    """Wake listening workers, once what the caller did is committed: NOTIFY in a transaction serialises all commits.

    It raises nothing: what it announces is committed and will be found.
    """
    if connection.vendor == "postgresql":
        # At once, unless whoever called the caller has a transaction open: of one that is rolled back nobody hears.
        transaction.on_commit(_bell.ring)


class Bell:
    """Rings of many threads become few: who finds another ringing leaves the wish with it and goes on.

    Each ring begins after every wish it answers, so what was committed before a wish is seen by whoever hears the
    ring. Nobody rings for others for long, be it that wishes do not end or that the database hangs: the next one who
    comes takes over.
    """

    def __init__(self, send: Callable[[], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._ringer: object | None = None
        self._relieved_at = 0.0
        self._wished = False

    def ring(self) -> None:
        with self._lock:
            self._wished = True
            now = time.monotonic()
            if self._ringer is not None and now < self._relieved_at:
                return
            mine = self._ringer = object()
            self._relieved_at = now + LONGEST_DUTY_SECONDS
        try:
            while self._takes_wish(mine):
                self._send()
        finally:
            self._leave(mine)

    def _takes_wish(self, ringer: object) -> bool:
        with self._lock:
            if self._ringer is not ringer:
                return False
            wished, self._wished = self._wished, False
            if not wished:
                self._ringer = None  # now, under this lock: a wish that comes next finds nobody ringing
            return wished

    def _leave(self, ringer: object) -> None:
        with self._lock:
            if self._ringer is ringer:
                self._ringer = None


def _notify() -> None:
    try:
        connection.ensure_connection()
        with connection.wrap_database_errors:
            connection.connection.execute(f"NOTIFY {CHANNEL}")
    except Error:
        log.warning("bell.ring_lost", exc_info=True)


_bell = Bell(_notify)


class Listener(Protocol):
    """Hears rings, in a loop."""

    async def wait(self, seconds: float) -> bool:
        """Wait for a ring, at most so long; tell whether there may have been one."""
        ...

    def close(self) -> None: ...


def listener() -> Listener:
    """Return a listener for the configured database, with a connection of its own."""
    if connection.vendor != "postgresql":
        return SqliteListener(str(connection.settings_dict["NAME"]))
    ear = PostgresListener(_connect_to_listen)
    _notify()
    if ear.hears_within(HEARING_SECONDS):
        return ear
    ear.close()
    log.warning("bell.deaf", extra={"look_every_s": PATIENT_POLL_SECONDS, "try": "AOS_LISTEN_URL, past any connection pooler"})
    return PatientListener()


def _connect_to_listen() -> psycopg.Connection[Any]:
    direct = connection.copy()
    direct.settings_dict |= settings.LISTEN_DATABASE
    wanted = ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "options", "passfile")
    own = {key: value for key, value in direct.get_connection_params().items() if key in wanted}
    # It only ever reads: keepalives tell it of a server that went away without a word.
    alive: dict[str, Any] = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
    wire = psycopg.connect(**own, **alive, autocommit=True)
    wire.execute(f"LISTEN {CHANNEL}")
    return wire


class PostgresListener:
    """LISTEN on a connection of its own, whose socket wakes the loop; a connection that dies is replaced."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        self._connect = connect
        self._wire: psycopg.Connection[Any] | None = connect()
        self._mending: Future[psycopg.Connection[Any]] | None = None

    def hears_within(self, seconds: float) -> bool:
        assert self._wire is not None
        return any(True for _ in self._wire.notifies(timeout=seconds, stop_after=1))

    async def wait(self, seconds: float) -> bool:
        if self._wire is None:
            return await self._mend(seconds)
        try:
            return await self._hear(self._wire, seconds)
        except psycopg.Error:
            log.warning("bell.connection_lost", exc_info=True)
            self._wire.close()
            self._wire = None
            return await self._mend(seconds)

    async def _hear(self, wire: psycopg.Connection[Any], seconds: float) -> bool:
        if _heard(wire):
            return True
        loop, rung = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(wire.fileno(), rung.set)
        try:
            # Not wait_for: before Python 3.12 it forgets a cancellation that comes with the ring.
            async with asyncio.timeout(seconds):
                await rung.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(wire.fileno())
        _heard(wire)
        return True

    async def _mend(self, seconds: float) -> bool:
        """Connect anew, on a thread since it may take long; once that is done, what was rung meanwhile may be lost."""
        until = time.monotonic() + seconds
        if self._mending is None:
            thread = ThreadPoolExecutor(1, thread_name_prefix="aos-listen")
            self._mending = thread.submit(self._connect)
            thread.shutdown(wait=False)
        while not self._mending.done() and time.monotonic() < until:
            await asyncio.sleep(MENDING_LOOK_SECONDS)
        return self._mending.done() and await self._mended(self._mending, until)

    async def _mended(self, mending: Future[psycopg.Connection[Any]], until: float) -> bool:
        self._mending = None
        error = mending.exception()
        if error is None:
            self._wire = mending.result()
            return True
        log.warning("bell.not_mended", exc_info=error)
        await asyncio.sleep(until - time.monotonic())
        return False

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
        if self._mending is not None:
            self._mending.add_done_callback(_close_mended)


def _heard(wire: psycopg.Connection[Any]) -> bool:
    """Read what has arrived without waiting."""
    return any(True for _ in wire.notifies(timeout=0))


def _close_mended(mended: Future[psycopg.Connection[Any]]) -> None:
    if mended.exception() is None:
        mended.result().close()


class PatientListener:
    """Stands in where no ring comes through, as behind a connection pooler in transaction mode: it has its owner look often."""

    async def wait(self, seconds: float) -> bool:
        await asyncio.sleep(min(seconds, PATIENT_POLL_SECONDS))
        return True

    def close(self) -> None:
        return


class SqliteListener:
    """Watches `data_version`, which changes when anybody else commits."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1)
        self._version = self._read()
        self._changed_at = time.monotonic()

    def _read(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _changed(self) -> bool:
        version = self._read()
        if version == self._version:
            return False
        self._version, self._changed_at = version, time.monotonic()
        return True

    def _pause(self) -> float:
        return POLL_SECONDS if time.monotonic() - self._changed_at < 1 else IDLE_POLL_SECONDS

    async def wait(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not self._changed():
            if time.monotonic() >= until:
                return False
            await asyncio.sleep(self._pause())
        return True

    def close(self) -> None:
        self._connection.close()
