"""The only writer of journals: gathers the events of many runs and commits them together, fenced by the session.

    append(entry, done) → done(None) when the entry is durable, done(why) when it is refused

One transaction a batch: fence → insert events → move run rows → what rides along (summaries, matches, money) →
commit. A batch that fails is split by run, so that only the culprit fails. After a lost connection what was
committed is read before anything is repeated: the commit may have happened.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction

from runs.shell.crash_points import crash_point
from runs.shell.database import DatabaseThread
from runs.shell.sessions import Fenced, fence
from runs.shell.store import EventRow, NewsRow, RunRow, StepRow, store

log = logging.getLogger(__name__)

MAX_BATCH_EVENTS = 1_000
MAX_BATCH_CHARACTERS = 4_000_000
RECONNECTS = 3


class StoreUnavailable(RuntimeError):
    """The database did not take a batch although it was offered several times."""


class NotHeld(RuntimeError):
    """A run is not, or not at this event, this session's to write although the session itself lives; its driver must stop."""


class Row(NamedTuple):
    """One event of a journal."""

    seq: int
    kind: str
    step: str
    attempt: int
    at_ms: int
    data: str


class Entry(NamedTuple):
    """What one turn of a run wants written: its events, which come right after event `follows`, and what goes with them.

    `riders` are called inside the transaction, on the database thread, after the rows are in, those of one tenant after
    those of another: they lock tenants' books, and two workers must come to them in one order.
    """

    run_id: int
    follows: int
    rows: tuple[Row, ...] = ()
    run: RunRow | None = None
    steps: tuple[StepRow, ...] = ()
    news: tuple[NewsRow, ...] = ()
    riders: tuple[Callable[[], None], ...] = ()
    tenant_id: int = 0

    @property
    def is_events_alone(self) -> bool:
        return bool(self.rows) and self.run is None and not self.steps and not self.news and not self.riders


Done = Callable[[BaseException | None], None]
_Pending = tuple[Entry, Done]


class JournalWriter:
    """Commits entries in the order they came, many in one transaction."""

    def __init__(self, session_id: int, database: DatabaseThread) -> None:
        self._session_id = session_id
        self._database = database
        self._heads: dict[int, int] = {}
        self._pending: deque[_Pending] = deque()
        self._busy = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def backlog(self) -> int:
        """Return how many entries wait for a transaction."""
        return len(self._pending)

    def hold(self, run_id: int, last_seq: int) -> None:
        """Take entries of a run from now on, the first of which must follow this event."""
        self._heads[run_id] = last_seq

    def let_go(self, run_id: int) -> None:
        """Take no further entry of a run; those that still wait are refused."""
        self._heads.pop(run_id, None)

    def append(self, entry: Entry, done: Done) -> None:
        """Take an entry; `done` is told in the loop when it is durable, or why it is not (Fenced, NotHeld, StoreUnavailable, …)."""
        if self._heads.get(entry.run_id) == entry.follows:
            self._heads[entry.run_id] = entry.follows + len(entry.rows)
            self._pending.append((entry, done))
        else:
            # An earlier entry was refused: letting this one in would leave a gap.
            self._refuse(entry, done)
        if not self._busy:
            self._busy = True
            self._idle.clear()
            # Everything that becomes ready in this turn of the loop joins the batch.
            asyncio.get_running_loop().call_soon(self._send)

    async def drain(self) -> None:
        """Wait until everything taken so far is written or refused."""
        await self._idle.wait()

    def _refuse(self, entry: Entry, done: Done) -> None:
        error = NotHeld(f"run {entry.run_id} is not held by session {self._session_id} at event {entry.follows}")
        asyncio.get_running_loop().call_soon(done, error)

    def _send(self) -> None:
        batch = self._next_batch()
        if batch:
            self._database.post(self._commit, ([entry for entry, _ in batch],), partial(self._on_committed, batch))
        else:
            self._busy = False
            self._idle.set()

    def _next_batch(self) -> list[_Pending]:
        batch: list[_Pending] = []
        events = characters = 0
        while self._pending and events < MAX_BATCH_EVENTS and characters < MAX_BATCH_CHARACTERS:
            entry, done = self._pending.popleft()
            if entry.run_id not in self._heads:
                self._refuse(entry, done)
                continue
            batch.append((entry, done))
            events += max(1, len(entry.rows))
            characters += sum(len(row.data) for row in entry.rows)
        return batch

    def _on_committed(self, batch: list[_Pending], refused: dict[int, BaseException] | None, error: BaseException | None) -> None:
        if error is not None:
            refused = dict.fromkeys(range(len(batch)), error)
        for position, (entry, done) in enumerate(batch):
            why = refused.get(position) if refused else None
            if why is not None:
                self._heads.pop(entry.run_id, None)
            self._tell(done, why)
        asyncio.get_running_loop().call_soon(self._send)

    def _tell(self, done: Done, why: BaseException | None) -> None:
        """Tell one driver; whatever it makes of it, the others must hear too and the writer must go on."""
        try:
            done(why)
        except Exception:
            log.exception("journal.driver_failed")

    # Below: on the database thread.

    def _commit(self, batch: Sequence[Entry]) -> dict[int, BaseException]:
        """Write a batch; return what was refused, by position."""
        crash_point("journal.before")
        try:
            self._write(batch)
        except Fenced as error:
            return dict.fromkeys(range(len(batch)), error)
        except (OperationalError, InterfaceError) as error:
            return self._after_lost_connection(batch, error)
        except Exception as error:
            if len(batch) > 1:
                return self._commit_one_by_one(batch)
            if isinstance(error, IntegrityError) and self._is_written(batch[0]):
                return {}  # a commit that was still under way when it was looked up
            log.exception("journal.entry_refused", extra={"run": batch[0].run_id})
            return {0: error}
        return {}

    def _commit_one_by_one(self, batch: Sequence[Entry]) -> dict[int, BaseException]:
        refused: dict[int, BaseException] = {}
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

    def _write(self, batch: Sequence[Entry]) -> None:
        events = [EventRow(entry.run_id, *row) for entry in batch for row in entry.rows]
        to = store()
        if to.atomic_events and all(entry.is_events_alone for entry in batch):
            to.insert_events(self._session_id, events)
            crash_point("journal.committed")
            return
        with transaction.atomic():
            if events:
                to.insert_events(self._session_id, events)
            else:
                fence(self._session_id)
            self._move_runs(batch)
            steps = [step for entry in batch for step in entry.steps]
            if steps:
                to.write_steps(steps)
            news = [told for entry in batch for told in entry.news]
            if news:
                to.write_news(news)
            for entry in sorted(batch, key=lambda entry: entry.tenant_id):
                for rider in entry.riders:
                    rider()
            crash_point("journal.written")
        crash_point("journal.committed")

    def _move_runs(self, batch: Sequence[Entry]) -> None:
        """Write the run rows; of several entries of one run the last row stands."""
        rows = {entry.run_id: entry.run for entry in batch if entry.run is not None}
        if rows and store().move_runs(self._session_id, list(rows.values())) != len(rows):
            raise NotHeld(f"one of the runs {sorted(rows)} is not held by session {self._session_id}")

    def _after_lost_connection(self, batch: Sequence[Entry], error: Exception) -> dict[int, BaseException]:
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
