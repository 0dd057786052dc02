"""Replays of a stored run without I/O: its journal folded again (`verify`), or its plan run on the recorded outcomes (`tape`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from agents.tenancy import Principal
from runs import selectors
from runs.contracts.simulation import Divergence, Invariant, ReplayReport
from runs.engine.comparing import Difference
from runs.engine.replay import Replayed, hashes, tape, verify
from runs.engine.virtual import Entry
from runs.models import Run
from runs.proof.versions import version_gaps
from runs.shell.journal import Row, read_rows
from runs.shell.reading.history import entries_of

Offline = Literal["verify", "tape"]


class Recorded(NamedTuple):
    """What a run that is over says of itself; a run that goes on has no hashes yet."""

    run_id: str
    behaviour_hash: str = ""
    content_hash: str = ""


def replay_run(*, principal: Principal, run_id: str, mode: Offline) -> dict[str, Any]:
    """Replay a run from its journal and report whether it behaves as recorded. Does nothing and writes nothing."""
    run = selectors.get_run(tenant=principal.tenant, run_id=run_id)
    return replay_of(run, read_rows(run.pk), mode).model_dump(mode="json")


def replay_of(run: Run, rows: list[Row], mode: Offline) -> ReplayReport:
    """Replay a run given its journal's rows. Raises Refusal REPLAY_DIVERGED where they are not as they were written."""
    recorded = Recorded(run.public_id, run.behaviour_hash, run.content_hash) if run.is_terminal else Recorded(run.public_id)
    return replay_journal(entries_of(run, rows), mode, recorded)


def replay_journal(history: Sequence[Entry], mode: Offline, recorded: Recorded) -> ReplayReport:
    """Replay a journal, wherever it was kept, and hold it against what was recorded of it."""
    replayed = verify(history) if mode == "verify" else tape(history)
    behaviour, content = hashes(replayed)
    invariants = [*_promises(replayed), _hashes_held(recorded, behaviour, content)]
    return ReplayReport(
        run_id=recorded.run_id,
        mode=mode,
        missing=version_gaps(replayed.state),
        matched=replayed.difference is None and all(invariant.held for invariant in invariants),
        divergence=divergence_of(replayed.difference),
        invariants=invariants,
        behaviour_hash=behaviour,
        recorded_behaviour_hash=recorded.behaviour_hash,
        content_hash=content,
        recorded_content_hash=recorded.content_hash,
        events=len(history),
    )


def divergence_of(found: Difference | None) -> Divergence | None:
    """Return the first difference as callers are told it."""
    if found is None:
        return None
    return Divergence(seq=found.seq, step_id=found.step, expected=found.expected, actual=found.actual, detail=found.detail)


def _promises(replayed: Replayed) -> list[Invariant]:
    return [Invariant(name=name, held=held, detail=detail) for name, held, detail in replayed.invariants]


def _hashes_held(recorded: Recorded, behaviour: str, content: str) -> Invariant:
    differs = [
        name
        for name, was, now in (("behaviour", recorded.behaviour_hash, behaviour), ("content", recorded.content_hash, content))
        if was and was != now
    ]
    return Invariant(name="hashes", held=not differs, detail=f"the hash of {' and '.join(differs)} is another one" if differs else "")
