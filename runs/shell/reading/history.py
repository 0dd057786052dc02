"""Reads a journal back: the recorded entries of a run, and the state they fold to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runs.engine.state import State
from runs.engine.virtual import Entry, state_after
from runs.models import Kept, Run
from runs.shell.chain import first_break
from runs.shell.clock import as_datetime
from runs.shell.codec import decode
from runs.shell.journal import Row, read_rows, read_rows_of
from runs.shell.tombstones import first_removal
from skills.instants import instant
from skills.refusal import Refusal

GONE = 410
EVENTS_AT_ONCE = 20_000
"""Of so many events the journals are in memory together; one that is longer is there by itself."""


def read_history(run: Run) -> list[Entry]:
    """Return a run's journal. Raises Refusal: NOT_FOUND where retention removed its payload, and REPLAY_DIVERGED naming
    the place where it has a gap, cannot be read, or is not as it was written."""
    return entries_of(run, read_rows(run.pk))


def entries_of(run: Run, rows: list[Row]) -> list[Entry]:
    """Return the entries of a whole journal, as `read_history` does."""
    why = what_is_gone(run, rows)
    if why is not None:
        raise Refusal("NOT_FOUND", why, status=GONE, run_id=run.public_id)
    entries = _decoded(run, rows)
    # The row of a run under way may be older than its journal, or younger; that of one that is over says its end.
    broken = first_break(rows, run.journal_head if run.is_terminal else "")
    if broken is not None:
        raise diverged(run.public_id, broken.seq, broken.words)
    return entries


def _decoded(run: Run, rows: list[Row]) -> list[Entry]:
    entries: list[Entry] = []
    for expected, row in enumerate(rows, start=1):
        if row.seq != expected:
            raise diverged(run.public_id, expected, f"the journal has a gap: event {expected} is missing")
        record = decode(row.data, seq=row.seq)
        entries.append(Entry(record.fact, record.decisions))
    if not entries:
        raise diverged(run.public_id, 1, "the journal is empty")
    return entries


def diverged(run_id: str | None, seq: int, words: str) -> Refusal:
    """Return the refusal of a journal that is not as it was written, pointing at the event."""
    return Refusal(
        "REPLAY_DIVERGED", words, run_id=run_id, errors=[{"pointer": f"/events/{seq}", "code": "REPLAY_DIVERGED", "detail": words}]
    )


def what_is_gone(run: Run, rows: list[Row]) -> str | None:
    """Say what retention removed of a run, when and by which rule; None where its journal is whole.

    The rows have the first word: a removal under way has taken some of them before it says so on the run's row.
    """
    removal = first_removal(rows)
    if run.kept in (Kept.PARTS, Kept.EFFECTS, Kept.ROW) and run.removed_at is not None:
        return f"journal removed on {instant(run.removed_at)} by the retention of events; the run's row and hashes are kept"
    if removal is not None:
        when = instant(as_datetime(removal.at_ms))
        return f"payload removed on {when} by the retention of {removal.rule}; what happened, costs and hashes are kept"
    return None


def read_state(run: Run) -> State:
    """Return what a run is now, by its journal."""
    return _folded(read_history(run))


def read_states(runs: Iterable[Run]) -> dict[int, State | Refusal]:
    """Return by row id what these runs are now, or why nobody can tell (what `read_history` raises); their journals are read together."""
    found: dict[int, State | Refusal] = {}
    for batch in _batches(runs):
        journals = read_rows_of([run.pk for run in batch])
        for run in batch:
            try:
                found[run.pk] = _folded(entries_of(run, journals.pop(run.pk)))
            except Refusal as refusal:
                found[run.pk] = refusal
    return found


def _batches(runs: Iterable[Run]) -> Iterator[list[Run]]:
    batch: list[Run] = []
    events = 0
    for run in runs:
        if batch and events + run.last_seq > EVENTS_AT_ONCE:
            yield batch
            batch, events = [], 0
        batch.append(run)
        events += run.last_seq
    if batch:
        yield batch


def _folded(entries: list[Entry]) -> State:
    return state_after(entry.fact for entry in entries)
