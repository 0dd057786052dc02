"""Loops: the same skill called with the same parameters that gave the same result again and again.

Counted are calls that cost money or touch the world; what is free and pure harms nobody. In a simulation nothing is
counted, because there every result is the same unknown.
"""

from __future__ import annotations

from runs.engine.events import Pin
from runs.engine.state import State, StepState
from skills.canonical import digest


def is_counted(state: State, pin: Pin) -> bool:
    return not state.simulated and not (pin.free and pin.effect == "none")


def times_repeated(state: State, step: StepState, pin: Pin) -> int:
    """Return how often in a row this very call has given one and the same result."""
    step.call = digest([pin.skill, pin.version, step.params])
    _, times = state.repeated.get(step.call, ("", 0))
    return times


def note_repetition(state: State, step: StepState) -> None:
    """Count a result of a call that is counted."""
    if not step.call:
        return
    result = digest(step.result)
    before, times = state.repeated.get(step.call, ("", 0))
    state.repeated[step.call] = (result, times + 1 if before == result else 1)
