"""Loops: the same skill called with the same parameters that gave the same result again and again.

Counted are calls that cost money or touch the world; what is free and pure harms nobody. In a simulation nothing is
counted, because there every result is the same unknown. Calls are told apart by digests only from when a skill was
called often enough to have looped: until then it costs nothing.
"""

from __future__ import annotations

from runs.engine.events import Pin
from runs.engine.state import State, StepState
from skills.canonical import digest


def is_looping(state: State, step: StepState, pin: Pin) -> bool:
    """Tell whether this very call has given one and the same result as often in a row as a call may."""
    most = state.terms.max_repetitions
    if most is None or not _is_counted(state, pin) or state.successes.get(pin.skill, 0) < most:
        return False
    if pin.skill not in state.watched:
        _watch(state, pin.skill)
    _, times = state.repeated.get(_call(pin.skill, step), ("", 0))
    return times >= most


def note_success(state: State, step: StepState, pin: Pin) -> None:
    """Count a result of a call that is counted."""
    if state.terms.max_repetitions is None or not _is_counted(state, pin):
        return
    state.successes[pin.skill] = state.successes.get(pin.skill, 0) + 1
    if pin.skill in state.watched:
        _count(state, pin.skill, step)


def _is_counted(state: State, pin: Pin) -> bool:
    return not state.simulated and not (pin.free and pin.effect == "none")


def _watch(state: State, skill: str) -> None:
    """Count what a skill gave so far, in the order in which it came."""
    state.watched[skill] = None
    done = (step for step in state.steps.values() if step.status == "succeeded" and step.attempts and step.attempts[-1].skill == skill)
    for step in sorted(done, key=lambda step: step.finished_at_ms or 0):
        _count(state, skill, step)


def _count(state: State, skill: str, step: StepState) -> None:
    call, result = _call(skill, step), digest(step.result)
    before, times = state.repeated.get(call, ("", 0))
    state.repeated[call] = (result, times + 1 if before == result else 1)


def _call(skill: str, step: StepState) -> str:
    return digest([skill, step.params])
