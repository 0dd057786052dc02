"""Plays a plan with faults through the machine, in virtual time, and measures what came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from runs.engine.events import Pin, RunAccepted, Terms
from runs.engine.simulate import Model
from runs.engine.starting import pin_of
from runs.engine.state import State, StepState
from runs.engine.virtual import TooLong, drive
from runs.faults.contracts import ChaosCase, ChaosEnd, Fault
from runs.faults.kinds import COUNTED_EFFECTS
from runs.faults.outside import Outside
from runs.faults.rehearsal import Rehearsal
from runs.faults.world import Advise, ChaosWorld, PinAdvised

LONGEST_MS = 2_592_000_000
"""A run without a deadline is looked at for so long."""

_ACTS = {
    "in_doubt": "somebody with a verdict on {}: did it happen?",
    "escalation": "somebody who says how {} goes on",
    "intervention": "somebody who mends {} or gives it up",
    "input": "somebody who answers {}",
    "approval": "somebody who approves {}",
    "budget": "somebody who tops up the run",
    "frozen": "somebody who lifts the freeze",
}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """All a plan is played under: its pins, the agent's terms, what calls cost and take, what the catalog advises."""

    rehearsal: Rehearsal
    pins: Mapping[str, Pin]
    terms: Terms
    inputs: Mapping[str, Any]
    model: Model
    advise: Advise
    pin_advised: PinAdvised
    ignoring_keys: Collection[str] = ()
    seed: str = "chaos"


@dataclass(frozen=True)
class Played:
    """How a run with faults came out; without a state it never came to an end."""

    state: State | None
    outside: Outside


def play(stage: Stage, *faults: tuple[Fault, bool]) -> Played:
    """Play the plan with these faults, each with what is then true outside, up to where it ends, waits or is out of time."""
    outside = Outside(stage.ignoring_keys)
    world = ChaosWorld(
        stage.rehearsal,
        faults,
        outside,
        pins=stage.pins,
        model=stage.model,
        advise=stage.advise,
        pin_advised=stage.pin_advised,
        room=stage.terms.limit_micro_usd,
    )
    try:
        state, _ = drive(_first(stage), world, until_ms=_until_ms(stage.terms))
    except TooLong:
        return Played(None, outside)
    return Played(state, outside)


def _first(stage: Stage) -> RunAccepted:
    # Whoever is asked has all the time: that a question may expire is not the fault's doing. And results are made up, so that
    # they repeat says nothing.
    terms = msgspec.structs.replace(stage.terms, approval_ttl_ms=2 * LONGEST_MS, max_repetitions=None)
    return RunAccepted(
        0, stage.seed, terms, seed=stage.seed, inputs=dict(stage.inputs), memory=stage.rehearsal.memory, plan=stage.rehearsal.plan
    )


def _until_ms(terms: Terms) -> int:
    return LONGEST_MS if terms.deadline_at_ms is None else terms.deadline_at_ms - 1


# What came of it


def end_of(played: Played) -> ChaosEnd:
    """Return how a run came out. One that is still at work when its time is up has failed by its deadline."""
    state = played.state
    if state is None:
        return ChaosEnd(status="running", waiting_for=None, code=None, must_act=None, cost_micro_usd=0, duration_ms=0)
    status, waiting_for, code = state.status, state.waiting_for or None, state.failure.code if state.failure else None
    if not state.finished and (status != "waiting" or (waiting_for == "timer" and state.terms.deadline_at_ms is not None)):
        status, waiting_for, code = "failed", None, "DEADLINE_EXCEEDED"
    return ChaosEnd(
        status=status,
        waiting_for=waiting_for,
        code=code if status not in ("succeeded", "waiting") else None,
        must_act=_must_act(state) if status == "waiting" else None,
        cost_micro_usd=state.spent_micro_usd,
        duration_ms=state.now_ms,
    )


def _must_act(state: State) -> str | None:
    """Return who has to do something for the run to go on, the most pressing first."""
    waits = [(state.steps[key].reason, key) for key in state.waiting]
    for reason, words in _ACTS.items():
        keys = [key for why, key in waits if why == reason]
        if keys:
            return words.format(", ".join(keys))
    return None


def is_honest(end: ChaosEnd) -> bool:
    """Tell whether a run ended, or waits for somebody who can settle it."""
    return end.status not in ("running", "queued") if end.status != "waiting" else end.must_act is not None


def case_of(stage: Stage, played: Played, step_id: str, faults: tuple[tuple[Fault, bool], ...], *, is_open: bool) -> ChaosCase:
    """Return a run with faults as it is reported. `is_open`: whether its call arrived could go either way."""
    pin, end, outside = stage.pins[step_id], end_of(played), played.outside
    steps = [] if played.state is None else _called(played.state)
    mine = [step.key for step in steps if step.node == step_id]
    return ChaosCase(
        faults=[fault.kind for fault, _ in faults],
        step_id=step_id,
        skill=pin.skill,
        effect=pin.effect,
        arrived=faults[0][1] if is_open else None,
        end=end,
        calls=most_calls_of(played, step_id),
        effects=sum(outside.effects(key) for key in mine),
        duplicates=sum(max(0, outside.effects(step.key) - 1) for step in steps),
        missing=0 if played.state is None else sum(_is_missing(played.state, outside, step) for step in steps),
        honest=is_honest(end),
    )


def _called(state: State) -> list[StepState]:
    return [step for step in state.steps.values() if step.node in state.nodes and step.attempts]


def _is_missing(state: State, outside: Outside, step: StepState) -> bool:
    """Tell whether a step says that it is done and nothing was done."""
    return step.status == "succeeded" and pin_of(state, step).effect in COUNTED_EFFECTS and not outside.effects(step.key)


def most_calls_of(played: Played, step_id: str) -> int:
    """Return how often a step was called, of a loop the item that was called most."""
    steps = [] if played.state is None else _called(played.state)
    return max((played.outside.calls(step.key) for step in steps if step.node == step_id), default=0)
