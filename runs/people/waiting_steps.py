"""Reads what steps that wait are about, from the journals of their runs: one read for a page of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from runs.engine.state import State, StepState
from runs.models import Run, StepSummary
from runs.shell.reading.history import read_states
from skills.refusal import Refusal


class WaitingSteps(NamedTuple):
    """Steps as their journals know them, and by run id why a journal cannot be read."""

    steps: list[tuple[Run, State, StepState]]
    unreadable: dict[str, Refusal]

    def or_refuse(self) -> list[tuple[Run, State, StepState]]:
        """Return the steps. Raises the Refusal of the first run whose journal cannot be read."""
        for refusal in self.unreadable.values():
            raise refusal
        return self.steps


def read_steps(rows: Sequence[StepSummary]) -> WaitingSteps:
    """Return these steps in their order; each run's journal is read and folded once, however many of its steps are asked for."""
    runs = {row.run_id: row.run for row in rows}
    states = read_states(runs.values())
    found = WaitingSteps([], {})
    for row in rows:
        run, state = runs[row.run_id], states[row.run_id]
        if isinstance(state, Refusal):
            found.unreadable[run.public_id] = state
        elif (step := state.steps.get(row.key)) is not None:
            found.steps.append((run, state, step))
    return found
