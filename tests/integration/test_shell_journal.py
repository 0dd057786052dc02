"""The journal's writer: many runs in one commit, one bad entry alone refused, a lost commit looked up before it is repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from runs.models import Run, RunEvent, Session
from runs.shell import journal, sessions
from runs.shell.database import DatabaseThread
from runs.shell.journal import Entry, JournalWriter, NotHeld, StoreUnavailable, read_rows
from runs.shell.sessions import Fenced
from runs.shell.store import EventRow, Store
from tests.integration.workshop import Workshop, a_claimed_run, an_entry, now


@pytest.fixture
def session_id(workshop: Workshop) -> int:
    return sessions.begin(60_000)


@pytest.fixture
def database() -> Iterator[DatabaseThread]:
    thread = DatabaseThread()
    yield thread
    thread.close()


def written(database: DatabaseThread, session_id: int, *entries: Entry) -> list[BaseException | None]:
    """Append all entries in one turn of the loop; return what came of each."""

    async def write() -> list[BaseException | None]:
        writer = JournalWriter(session_id, database)
        for entry in entries:
            writer.hold(entry.run_id, 1)
        return await appended(writer, *entries)

    return asyncio.run(write())


async def appended(writer: JournalWriter, *entries: Entry) -> list[BaseException | None]:
    """Append entries, wait for the writer to come to rest, return what it told about each."""
    came: list[BaseException | None] = [LookupError("never told")] * len(entries)
    for place, entry in enumerate(entries):
        writer.append(entry, partial(came.__setitem__, place))
    await writer.drain()
    await asyncio.sleep(0)
    return came


def seqs(run: Run) -> list[int]:
    return [row.seq for row in read_rows(run.pk)]


_transactions = 0


@pytest.fixture(autouse=True)
def _count_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    fence_of = journal.store

    def counting() -> Store:
        to = fence_of()

        def insert_events(session_id: int, rows: Sequence[EventRow]) -> None:
            global _transactions
            _transactions += 1
            to.insert_events(session_id, rows)

        return to._replace(insert_events=insert_events)

    monkeypatch.setattr(journal, "store", counting)


def transactions() -> int:
    """Return how often events were handed to the database so far; each time is a transaction."""
    return _transactions


def test_it_commits_many_runs_at_once(workshop: Workshop, session_id: int, database: DatabaseThread) -> None:
    runs = [a_claimed_run(workshop, session_id) for _ in range(30)]
    before = transactions()
    assert written(database, session_id, *(an_entry(run, 2, 3, steps_done=1) for run in runs)) == [None] * 30
    assert transactions() - before == 1
    assert all(seqs(run) == [1, 2, 3] and now(run).last_seq == 3 for run in runs)
    assert set(RunEvent.objects.filter(seq=2).values_list("session_id", flat=True)) == {session_id}


def test_it_lets_the_last_row_of_a_run_stand(workshop: Workshop, session_id: int, database: DatabaseThread) -> None:
    run = a_claimed_run(workshop, session_id)
    entries = [an_entry(run, 2, steps_done=1, retries=1), an_entry(run, 3, 4, steps_done=2)]
    assert written(database, session_id, *entries) == [None, None]
    assert (now(run).steps_done, now(run).retries, now(run).last_seq, seqs(run)) == (2, 0, 4, [1, 2, 3, 4])


def test_it_calls_the_riders_inside_the_transaction(workshop: Workshop, session_id: int, database: DatabaseThread) -> None:
    run, seen = a_claimed_run(workshop, session_id), list[Any]()

    def rider() -> None:
        seen.append((connection.in_atomic_block, [row.seq for row in read_rows(run.pk)]))

    written(database, session_id, riding(an_entry(run, 2), rider))
    assert seen == [(True, [1, 2])]


def riding(entry: Entry, rider: Callable[[], None]) -> Entry:
    return entry._replace(riders=(rider,))


def boom() -> None:
    raise LookupError("a rider of one run")


def _by_rider(run: Run) -> Entry:
    return riding(an_entry(run, 2), boom)


def _by_seq(run: Run) -> Entry:
    return Entry(run.pk, 1, (*an_entry(run, 2).rows, *an_entry(run, 2).rows))


def _by_gap(run: Run) -> Entry:
    return an_entry(run, 3)


def _by_column(run: Run) -> Entry:
    return an_entry(run, 2, steps_done=None)


@pytest.mark.parametrize("poison", [_by_rider, _by_seq, _by_gap, _by_column], ids=["rider", "double seq", "gap", "column"])
def test_it_refuses_one_poisoned_entry_alone(
    workshop: Workshop, session_id: int, database: DatabaseThread, poison: Callable[[Run], Entry]
) -> None:
    good, bad, fine = [a_claimed_run(workshop, session_id) for _ in range(3)]
    came = written(database, session_id, an_entry(good, 2), poison(bad), an_entry(fine, 2))
    assert (came[0], came[2]) == (None, None)
    assert isinstance(came[1], Exception)
    assert (seqs(good), seqs(bad), seqs(fine)) == ([1, 2], [1], [1, 2])


def test_it_lets_nothing_in_after_an_entry_that_was_refused(workshop: Workshop, session_id: int, database: DatabaseThread) -> None:
    run = a_claimed_run(workshop, session_id)

    async def write() -> list[BaseException | None]:
        writer = JournalWriter(session_id, database)
        writer.hold(run.pk, 1)
        return [*await appended(writer, _by_rider(run)), *await appended(writer, an_entry(run, 3))]

    refused, later = asyncio.run(write())
    assert isinstance(refused, LookupError)
    assert isinstance(later, NotHeld)
    assert (seqs(run), now(run).last_seq) == ([1], 1)


def test_it_writes_nothing_for_a_session_that_is_dead(workshop: Workshop, session_id: int, database: DatabaseThread) -> None:
    runs = [a_claimed_run(workshop, session_id) for _ in range(2)]
    Session.objects.filter(pk=session_id).update(state="dead")
    came = written(database, session_id, *(an_entry(run, 2) for run in runs))
    assert all(isinstance(error, Fenced) for error in came)
    assert [seqs(run) for run in runs] == [[1], [1]]


def test_it_writes_nothing_for_a_run_another_session_holds(workshop: Workshop, session_id: int, database: DatabaseThread) -> None:
    mine, theirs = a_claimed_run(workshop, session_id), a_claimed_run(workshop, sessions.begin(60_000))
    came = written(database, session_id, an_entry(mine, 2), an_entry(theirs, 2, steps_done=1))
    assert came[0] is None
    assert isinstance(came[1], NotHeld)
    assert seqs(theirs) == [1]


def test_it_takes_nothing_for_a_run_it_was_told_to_let_go(workshop: Workshop, session_id: int, database: DatabaseThread) -> None:
    run, kept = a_claimed_run(workshop, session_id), a_claimed_run(workshop, session_id)

    async def write() -> list[BaseException | None]:
        writer = JournalWriter(session_id, database)
        writer.hold(run.pk, 1)
        writer.hold(kept.pk, 1)
        came: list[BaseException | None] = [None, None]
        writer.append(an_entry(run, 2), partial(came.__setitem__, 0))
        writer.append(an_entry(kept, 2), partial(came.__setitem__, 1))
        writer.let_go(run.pk)
        await writer.drain()
        return came

    refused, taken = asyncio.run(write())
    assert isinstance(refused, NotHeld)
    assert taken is None
    assert (seqs(run), seqs(kept)) == ([1], [1, 2])


def test_it_sees_that_a_row_it_would_write_again_is_its_own(workshop: Workshop, session_id: int, database: DatabaseThread) -> None:
    """A commit whose connection broke may still be under way when it is looked up, and be found only by the key it holds."""
    run = a_claimed_run(workshop, session_id)
    assert written(database, session_id, an_entry(run, 2)) == [None]
    assert written(database, session_id, an_entry(run, 2)) == [None]
    assert seqs(run) == [1, 2]


class Breaks:
    """A rider with which the connection breaks so many times: before the commit, or right after it."""

    def __init__(self, times: int, *, after_commit: bool = False) -> None:
        self._left = times
        self._after_commit = after_commit

    def __call__(self) -> None:
        if self._after_commit:
            transaction.on_commit(self._break)
        else:
            self._break()

    def _break(self) -> None:
        if self._left:
            self._left -= 1
            raise OperationalError("the connection broke")


def test_it_reads_what_was_committed_before_it_repeats(workshop: Workshop, session_id: int, database: DatabaseThread) -> None:
    runs = [a_claimed_run(workshop, session_id) for _ in range(3)]
    entries = [an_entry(run, 2) for run in runs]
    assert written(database, session_id, riding(entries[0], Breaks(1, after_commit=True)), *entries[1:]) == [None] * 3
    assert [seqs(run) for run in runs] == [[1, 2]] * 3


@pytest.mark.parametrize(("breaks", "kept"), [(1, True), (3, True), (50, False)], ids=["once", "thrice", "for good"])
def test_it_offers_a_batch_again_when_the_connection_broke(
    workshop: Workshop, session_id: int, database: DatabaseThread, breaks: int, kept: bool
) -> None:
    run = a_claimed_run(workshop, session_id)
    [came] = written(database, session_id, riding(an_entry(run, 2), Breaks(breaks)))
    assert (came is None) == kept
    assert kept or isinstance(came, StoreUnavailable)
    assert seqs(run) == ([1, 2] if kept else [1])


def test_it_splits_a_batch_that_proves_poisoned_after_the_connection_broke(
    workshop: Workshop, session_id: int, database: DatabaseThread
) -> None:
    good, bad = [a_claimed_run(workshop, session_id) for _ in range(2)]
    came = written(database, session_id, riding(an_entry(good, 2), Breaks(1)), _by_rider(bad))
    assert came[0] is None
    assert isinstance(came[1], LookupError)
    assert (seqs(good), seqs(bad)) == ([1, 2], [1])
