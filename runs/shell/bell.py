"""The bell: tells listening workers that there may be work. Carries nothing; who hears it asks the run table.

PostgreSQL: NOTIFY / LISTEN. SQLite: `PRAGMA data_version` changes when another connection commits. Lost, double and
late rings do no harm: listeners look for themselves at least once a second.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from typing import Any, Protocol

import psycopg
from django.db import connection

CHANNEL = "aos_bell"
POLL_SECONDS = 0.005
IDLE_POLL_SECONDS = 0.02
BROKER_POLL_SECONDS = 0.1
"""SQLite is polled; slower after a second of silence, and by the broker, which has a listening drain before it: an
idle worker costs next to nothing."""


def ring() -> None:
    """Wake listening workers. Call it after the commit, never inside: NOTIFY in a transaction serialises all commits."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", (CHANNEL,))


class Listener(Protocol):
    """Hears rings, in a loop or blocking."""

    async def wait(self, seconds: float) -> bool:
        """Wait for a ring, at most so long; tell whether there was one."""
        ...

    def wait_blocking(self, seconds: float) -> bool: ...

    def close(self) -> None: ...


def listener() -> Listener:
    """Return a listener for the configured database, with a connection of its own."""
    if connection.vendor == "postgresql":
        return PostgresListener(connection.get_connection_params())
    return SqliteListener(str(connection.settings_dict["NAME"]))


class PostgresListener:
    """LISTEN on a connection of its own; the socket wakes the loop."""

    def __init__(self, params: dict[str, Any]) -> None:
        wanted = ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "options")
        own = {key: value for key, value in params.items() if key in wanted}
        self._connection = psycopg.connect(**own, autocommit=True)
        self._connection.execute(f"LISTEN {CHANNEL}")

    async def wait(self, seconds: float) -> bool:
        if self._heard():
            return True
        loop, rung = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._connection.fileno(), rung.set)
        try:
            await asyncio.wait_for(rung.wait(), seconds)
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(self._connection.fileno())
        self._heard()
        return True

    def wait_blocking(self, seconds: float) -> bool:
        return any(True for _ in self._connection.notifies(timeout=seconds, stop_after=1))

    def _heard(self) -> bool:
        """Read what has arrived without waiting."""
        return any(True for _ in self._connection.notifies(timeout=0))

    def close(self) -> None:
        self._connection.close()


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

    def wait_blocking(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not self._changed():
            if time.monotonic() >= until:
                return False
            time.sleep(BROKER_POLL_SECONDS)
        return True

    def close(self) -> None:
        self._connection.close()
