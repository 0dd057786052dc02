"""What the bare database does in the same run: commits, batches, a group commit without an engine, a wake-up."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection

TABLE = "bench_floor"
CHANNEL = "bench_floor"
CREATE = f"""CREATE TABLE {TABLE} (run_id bigint NOT NULL, seq integer NOT NULL, kind varchar(32) NOT NULL, step varchar(80) NOT NULL,
    attempt smallint NOT NULL, session_id bigint, at_ms bigint NOT NULL, data text NOT NULL, PRIMARY KEY (run_id, seq))"""
BATCH = 100
_WANTED = ("dbname", "user", "password", "host", "port")

EventRow = tuple[Any, ...]
_run_ids = itertools.count(1)


@dataclass(frozen=True)
class RawDatabase:
    """The database under Django, without Django. Its connections commit each statement, as durably as the product's."""

    connect: Callable[[], Any]
    insert: str
    data_version: bool
    """Whether a waiter must look for itself; otherwise it is notified."""

    @contextmanager
    def connection(self) -> Iterator[Any]:
        opened = self.connect()
        try:
            yield opened
        finally:
            opened.close()


def raw_database() -> RawDatabase:
    """Return the database Django uses."""
    insert = f"INSERT INTO {TABLE} (run_id, seq, kind, step, attempt, session_id, at_ms, data) VALUES ("  # noqa: S608 - a constant
    if connection.vendor == "postgresql":
        chosen = {key: value for key, value in connection.get_connection_params().items() if key in _WANTED}
        return RawDatabase(lambda: psycopg.connect(**chosen, autocommit=True), insert + ", ".join(["%s"] * 8) + ")", data_version=False)
    path = str(connection.settings_dict["NAME"])
    return RawDatabase(lambda: _sqlite(path), insert + ", ".join("?" * 8) + ")", data_version=True)


def _sqlite(path: str) -> sqlite3.Connection:
    opened = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
    opened.execute("PRAGMA synchronous=FULL")
    return opened


def create_table() -> None:
    """Make the table floors write to; it has the journal's shape."""
    with connection.cursor() as cursor:
        cursor.execute(CREATE)


def event_row(run_id: int, seq: int) -> EventRow:
    """Return a row as one no-op step leaves it in a journal."""
    data = f'{{"v":1,"fact":{{"type":"step_succeeded","at_ms":{seq},"step":"s{seq}","attempt":1,"result":{{"began_ns":{run_id}}}}}}}'
    return (run_id, seq, "step_succeeded", f"s{seq}", 1, 1, seq, data + " " * 250)


def commit_rate(database: RawDatabase, *, connections: int, seconds: float) -> float:
    """Return how many single inserts a second the database commits."""
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(connections) as threads:
        counts = threads.map(lambda _: _commit_until(database, until), range(connections))
        return sum(counts) / seconds


def _commit_until(database: RawDatabase, until: float) -> int:
    run_id = next(_run_ids)
    with database.connection() as opened:
        for seq in itertools.count(1):
            opened.execute(database.insert, event_row(run_id, seq))
            if time.monotonic() >= until:
                return seq
    raise AssertionError("counting has no end")


def batched_seconds(database: RawDatabase, rows: Sequence[EventRow]) -> float:
    """Return how long it takes to write rows, a hundred to a transaction."""
    with database.connection() as opened:
        began = time.monotonic()
        for at in range(0, len(rows), BATCH):
            write_together(database, opened, rows[at : at + BATCH])
        return time.monotonic() - began


def write_together(database: RawDatabase, opened: Any, rows: Sequence[EventRow]) -> None:
    """Write rows in one transaction."""
    opened.execute("BEGIN")
    opened.cursor().executemany(database.insert, rows)
    opened.execute("COMMIT")


class GroupCommit:
    """The smallest writer that commits what many coroutines hand in together."""

    def __init__(self, database: RawDatabase, opened: Any, thread: ThreadPoolExecutor) -> None:
        self._database = database
        self._opened = opened
        self._thread = thread
        self._rows: list[EventRow] = []
        self._done: list[asyncio.Future[None]] = []
        self._flushing: asyncio.Task[None] | None = None

    def append(self, row: EventRow) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._rows.append(row)
        self._done.append(done)
        if self._flushing is None or self._flushing.done():
            self._flushing = loop.create_task(self._flush())
        return done

    async def _flush(self) -> None:
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        while self._rows:
            rows, done, self._rows, self._done = self._rows, self._done, [], []
            await loop.run_in_executor(self._thread, write_together, self._database, self._opened, rows)
            for future in done:
                future.set_result(None)


def group_commit_seconds(database: RawDatabase, *, runs: int, steps: int, wait_ms: float) -> float:
    """Return how long runs of waiting steps take where nothing but their commits is done."""

    async def run(writer: GroupCommit, run_id: int) -> None:
        for seq in range(1, steps + 1):
            await asyncio.sleep(wait_ms / 1_000)
            await writer.append(event_row(run_id, seq))

    async def all_runs(writer: GroupCommit) -> None:
        await asyncio.gather(*(run(writer, next(_run_ids)) for _ in range(runs)))

    with database.connection() as opened, ThreadPoolExecutor(1) as thread:
        began = time.monotonic()
        asyncio.run(all_runs(GroupCommit(database, opened, thread)))
        return time.monotonic() - began


def wake_up_ms(database: RawDatabase, samples: int) -> list[float]:
    """Return how long it takes from writing a row until a waiter has heard of it and written one itself."""
    heard: list[int] = []
    ready, answered = threading.Event(), threading.Event()

    def wait_and_write() -> None:
        with database.connection() as opened, database.connection() as writing:
            wait = _waiter(database, opened)
            ready.set()
            for seq in range(1, samples + 1):
                wait()
                writing.execute(database.insert, event_row(waiting_run, seq))
                heard.append(time.monotonic_ns())
                answered.set()
                # What we wrote ourselves is no news.
                if database.data_version:
                    wait()

    waiting_run, submitting_run = next(_run_ids), next(_run_ids)
    waiter = threading.Thread(target=wait_and_write, daemon=True)
    waiter.start()
    ready.wait()
    began: list[int] = []
    with database.connection() as opened:
        for seq in range(1, samples + 1):
            time.sleep(0.01)
            answered.clear()
            began.append(time.monotonic_ns())
            opened.execute(database.insert, event_row(submitting_run, seq))
            if not database.data_version:
                opened.execute(f"NOTIFY {CHANNEL}")
            answered.wait(5)
    waiter.join(5)
    return [(heard_ns - began_ns) / 1e6 for began_ns, heard_ns in zip(began, heard, strict=True)]


def _waiter(database: RawDatabase, opened: Any) -> Callable[[], None]:
    """Return what waits until somebody else has written, by the means the database has."""
    if not database.data_version:
        opened.execute(f"LISTEN {CHANNEL}")
        return lambda: _first(opened.notifies(timeout=5, stop_after=1))
    seen = [_version(opened)]

    def poll() -> None:
        while (version := _version(opened)) == seen[0]:
            time.sleep(0.001)
        seen[0] = version

    return poll


def _version(opened: Any) -> int:
    return int(opened.execute("PRAGMA data_version").fetchone()[0])


def _first(found: Iterator[Any]) -> None:
    for _ in found:
        return
