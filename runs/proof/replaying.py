"""Replays of a stored run without I/O: its journal folded again, or its plan run on the recorded outcomes."""

from __future__ import annotations

from typing import Any

from agents.tenancy import Principal
from runs import selectors
from runs.contracts import Divergence, Invariant, ReplayReport
from runs.engine.replay import hashes, tape, verify
from runs.shell.reading.history import read_history


def replay_run(*, principal: Principal, run_id: str, mode: str) -> dict[str, Any]:
    """Replay a run from its journal without I/O and report whether it behaves as recorded. Writes nothing."""
    run = selectors.get_run(tenant=principal.tenant, run_id=run_id)
    recorded = read_history(run)
    replayed = verify(recorded) if mode == "verify" else tape(recorded)
    behaviour, content = hashes(replayed)
    same_hashes = not run.is_terminal or (behaviour, content) == (run.behaviour_hash, run.content_hash)
    invariants = [Invariant(name=name, held=held, detail=detail) for name, held, detail in replayed.invariants]
    invariants.append(Invariant(name="hashes", held=same_hashes, detail="" if same_hashes else "a hash differs from the recorded one"))
    found = replayed.difference
    divergence = found and Divergence(seq=found.seq, step_id=found.step, expected=found.expected, actual=found.actual, detail=found.detail)
    report = ReplayReport(
        run_id=run_id,
        mode=mode,
        matched=divergence is None and all(invariant.held for invariant in invariants),
        divergence=divergence or None,
        invariants=invariants,
        behaviour_hash=behaviour,
        recorded_behaviour_hash=run.behaviour_hash,
        content_hash=content,
        recorded_content_hash=run.content_hash,
        events=len(recorded),
    )
    return report.model_dump(mode="json")
