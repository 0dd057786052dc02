"""Reads what steps that wait are about, from the journals of their runs: one read for a page of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from runs.engine.state import State, StepState
from runs.models import Run, StepSummary
from runs.shell.reading.history import read_states
from skills.instants import instant
from skills.refusal import Refusal

Json = dict[str, Any]


class WaitingSteps(NamedTuple):
    """Steps as their journals know them, and what is known without it of each run whose journal cannot be read: one that is damaged
    must not keep all others from being decided."""

    steps: list[tuple[Run, State, StepState]]
    unreadable: list[Json]


def read_steps(rows: Sequence[StepSummary]) -> WaitingSteps:
    """Return these steps in their order; each run's journal is read and folded once, however many of its steps are asked for."""
    runs = {row.run_id: row.run for row in rows}
    states = read_states(runs.values())
    found = WaitingSteps([], [])
    for run_id, run in runs.items():
        if isinstance(refusal := states[run_id], Refusal):
            found.unreadable.append(_without_journal(run, refusal, [row.key for row in rows if row.run_id == run_id]))
    for row in rows:
        run, state = runs[row.run_id], states[row.run_id]
        if isinstance(state, State) and (step := state.steps.get(row.key)) is not None:
            found.steps.append((run, state, step))
    return found


def _without_journal(run: Run, refusal: Refusal, steps: list[str]) -> Json:
    # Who decides about a call is shown its goal. That one of these is about to be made nobody knows.
    return {
        "run_id": run.public_id,
        "step_ids": steps,
        "agent": run.agent.name,
        "requested_by": run.created_by,
        "code": refusal.code,
        "detail": refusal.detail,
        "run_created_at": instant(run.created_at),
    }
