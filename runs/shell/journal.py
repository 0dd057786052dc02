"""The only writer of journals: gathers the events of many runs and commits them together, fenced by the session.

    append(entry) → future, done when the entry is durable

One transaction a batch: fence → insert events → move run rows → what rides along (matches, summaries, money) →
commit. A batch that fails is split by run, so that only the culprit fails. After a lost connection what was
committed is read before anything is repeated: the commit may have happened.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from runs.shell.database import DatabaseThread
from runs.shell.sessions import Fenced, fence

log = logging.getLogger(__name__)

MAX_BATCH = 1_000
RECONNECTS = 3

INSERT_EVENT = (
    "INSERT INTO runs_runevent (run_id, seq, kind, step, attempt, session_id, at_ms, data) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)


class StoreUnavailable(RuntimeError):
    """The database did not take a batch although it was offered several times."""


class NotHeld(RuntimeError):
    """A run was taken from this session while the session itself lives; its driver must stop."""


@dataclass(frozen=True)
class Row:
    """One event of a journal, ready to be written."""

    seq: int
    kind: str
    step: str
    attempt: int
    at_ms: int
    data: str


@dataclass(frozen=True)
class Entry:
    """What one turn of a run wants written: its events, the run row's new columns, and what rides along.

    `riders` are called inside the transaction, on the database thread, after the rows are in.
    """

    run_id: int
    rows: tuple[Row, ...]
    columns: dict[str, Any]
    riders: tuple[Callable[[], None], ...] = ()

    @property
    def follows(self) -> int:
        """Return the event this entry comes right after."""
        return self.rows[0].seq - 1 if self.rows else int(self.columns["last_seq"])


@dataclass
class _Pending:
    entry: Entry
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class JournalWriter:
    """Commits entries in the order they came, many in one transaction."""

    def __init__(self, session_id: int, database: DatabaseThread) -> None:
        self._session_id = session_id
        self._database = database
        self._pending: list[_Pending] = []
        self._flushing: asyncio.Task[None] | None = None

    @property
    def backlog(self) -> int:
        return len(self._pending)

    def append(self, entry: Entry) -> asyncio.Future[None]:
        """Take an entry; the future ends when it is durable, or with why it is not (Fenced, StoreUnavailable, a data error)."""
        pending = _Pending(entry)
        self._pending.append(pending)
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.get_running_loop().create_task(self._flush())
        return pending.done

    async def drain(self) -> None:
        """Wait until everything taken so far is written or refused."""
        while self._flushing is not None and not self._flushing.done():
            await asyncio.wait([self._flushing])

    async def _flush(self) -> None:
        # Everything that becomes ready in this turn of the loop joins the batch.
        await asyncio.sleep(0)
        while self._pending:
            batch, self._pending = self._pending[:MAX_BATCH], self._pending[MAX_BATCH:]
            refused = await self._database.run(self._commit, [pending.entry for pending in batch])
            for position, pending in enumerate(batch):
                _resolve(pending.done, refused.get(position))

    # Below: on the database thread.

    def _commit(self, batch: list[Entry]) -> dict[int, Exception]:
        """Write a batch; return what was refused, by position."""
        try:
            self._write(batch)
        except Fenced as error:
            return dict.fromkeys(range(len(batch)), error)
        except (OperationalError, InterfaceError) as error:
            return self._after_lost_connection(batch, error)
        except Exception as error:
            if len(batch) > 1:
                return self._commit_one_by_one(batch)
            log.exception("journal.entry_refused", extra={"run": batch[0].run_id})
            return {0: error}
        return {}

    def _commit_one_by_one(self, batch: list[Entry]) -> dict[int, Exception]:
        refused: dict[int, Exception] = {}
        broken: set[int] = set()
        for position, entry in enumerate(batch):
            if entry.run_id in broken:
                refused[position] = DatabaseError("an earlier entry of this run was refused")
                continue
            found = self._commit([entry])
            if found:
                refused[position] = found[0]
                broken.add(entry.run_id)
        return refused

    def _write(self, batch: list[Entry]) -> None:
        with transaction.atomic():
            fence(self._session_id)
            with connection.cursor() as cursor:
                cursor.executemany(INSERT_EVENT, [self._event(entry, row) for entry in batch for row in entry.rows])
                for entry in _last_of_each_run(batch):
                    names, values = zip(*entry.columns.items(), strict=True)
                    assignments = ", ".join(f"{name} = %s" for name in names)
                    # last_seq keeps the journal free of gaps: after an entry that was refused no later one gets in.
                    cursor.execute(
                        f"UPDATE runs_run SET {assignments} WHERE id = %s AND session_id = %s AND last_seq = %s",
                        (*values, entry.run_id, self._session_id, entry.follows),
                    )
                    if cursor.rowcount != 1:
                        raise NotHeld(f"run {entry.run_id} is not held by session {self._session_id} at event {entry.follows}")
            for entry in batch:
                for rider in entry.riders:
                    rider()

    def _event(self, entry: Entry, row: Row) -> tuple[Any, ...]:
        return (entry.run_id, row.seq, row.kind, row.step, row.attempt, self._session_id, row.at_ms, row.data)

    def _after_lost_connection(self, batch: list[Entry], error: Exception) -> dict[int, Exception]:
        for attempt in range(RECONNECTS):
            connection.close()
            try:
                missing = [position for position, entry in enumerate(batch) if not self._is_written(entry)]
                if missing:
                    self._write([batch[position] for position in missing])
            except Fenced as fenced:
                return dict.fromkeys(range(len(batch)), fenced)
            except (OperationalError, InterfaceError) as again:
                log.warning("journal.reconnect", extra={"attempt": attempt + 1, "error": str(again)})
                error = again
                continue
            except Exception:
                log.warning("journal.split_after_reconnect", exc_info=True)
                refused = self._commit_one_by_one([batch[position] for position in missing])
                return {missing[place]: why for place, why in refused.items()}
            return {}
        unavailable = StoreUnavailable(str(error))
        return dict.fromkeys(range(len(batch)), unavailable)

    def _is_written(self, entry: Entry) -> bool:
        if not entry.rows:
            return False  # an entry without events only sets columns, which may be done twice
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM runs_runevent WHERE run_id = %s AND seq = %s AND session_id = %s",
                (entry.run_id, entry.rows[-1].seq, self._session_id),
            )
            return cursor.fetchone() is not None


def _last_of_each_run(batch: list[Entry]) -> list[Entry]:
    """Return one entry per run with the columns of all its entries, later ones winning."""
    merged: dict[int, Entry] = {}
    for entry in batch:
        earlier = merged.get(entry.run_id)
        columns = entry.columns if earlier is None else {**earlier.columns, **entry.columns}
        rows = entry.rows if earlier is None else earlier.rows + entry.rows
        merged[entry.run_id] = Entry(entry.run_id, rows, columns)
    return list(merged.values())


def _resolve(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
        done.exception()  # a turn nobody waits for is told by the driver's next one; asyncio need not complain as well


def read_rows_of(run_ids: list[int]) -> dict[int, list[Row]]:
    """Return the whole journals of several runs, by one query."""
    journals: dict[int, list[Row]] = {run_id: [] for run_id in run_ids}
    marks = ", ".join(["%s"] * len(run_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT run_id, seq, kind, step, attempt, at_ms, data FROM runs_runevent WHERE run_id IN ({marks}) ORDER BY run_id, seq",
            run_ids,
        )
        for run_id, *row in cursor.fetchall():
            journals[run_id].append(Row(*row))
    return journals


def read_rows(run_id: int, after: int = 0, limit: int | None = None) -> list[Row]:
    """Return a journal's rows in order, on any thread with a connection."""
    bound = "" if limit is None else f" LIMIT {int(limit)}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT seq, kind, step, attempt, at_ms, data FROM runs_runevent WHERE run_id = %s AND seq > %s ORDER BY seq{bound}",
            (run_id, after),
        )
        return [Row(*found) for found in cursor.fetchall()]
