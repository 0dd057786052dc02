"""Reads a journal back: the recorded entries of a run, and the state they fold to."""

from __future__ import annotations

from runs.engine.state import State
from runs.engine.virtual import Entry, fold
from runs.models import Run
from runs.shell.codec import decode
from runs.shell.journal import read_rows
from skills.refusal import Refusal


def read_history(run: Run) -> list[Entry]:
    """Return a run's journal. Raises Refusal REPLAY_DIVERGED naming the place where it has a gap or cannot be read."""
    entries: list[Entry] = []
    for expected, row in enumerate(read_rows(run.pk), start=1):
        if row.seq != expected:
            raise Refusal("REPLAY_DIVERGED", f"the journal has a gap: event {expected} is missing", run_id=run.public_id)
        record = decode(row.data, seq=row.seq)
        entries.append(Entry(record.fact, record.decisions))
    if not entries:
        raise Refusal("REPLAY_DIVERGED", "the journal is empty", run_id=run.public_id)
    return entries


def read_state(run: Run) -> State:
    """Return what a run is now, by its journal."""
    state, _ = fold(entry.fact for entry in read_history(run))
    return state
