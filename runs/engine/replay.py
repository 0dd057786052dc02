"""The *tape* world: a run's journal replayed without I/O, and where it first went another way (`comparing.py`).

`verify` folds the recorded facts again and compares every decision. `tape` runs the stored plan from its acceptance,
wishes answered from the recorded outcomes in the recorded order, waits and retries decided anew; then behaviour is
compared. When time was looked at stands in the journal too: timers that were overdue together must be so again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from runs.engine.comparing import Difference, compare, ending_of, first_difference
from runs.engine.decisions import Admit, BoundCost, CallPlanner, Decision, Deny, ExtendReservation, ProbeStep, SeekGrant, StartStep
from runs.engine.digests import behaviour_hash, content_hash
from runs.engine.events import (
    ADMIT,
    ANSWERS,
    PLAN,
    CostBounded,
    Fact,
    GrantAnswered,
    PlanProposed,
    PlanRejected,
    ProbeAnswered,
    RunAccepted,
    RunAdmitted,
    StartHeld,
    StepFailed,
    StepSucceeded,
)
from runs.engine.state import State
from runs.engine.virtual import Entry, drive, fold


class Replayed(msgspec.Struct):
    """What came of a replay."""

    state: State
    journal: list[Entry]
    difference: Difference | None
    invariants: list[tuple[str, bool, str]]


def verify(recorded: Sequence[Entry]) -> Replayed:
    """Fold the recorded facts again and compare decision by decision."""
    state, journal = fold(entry.fact for entry in recorded)
    difference = next(
        (
            _difference(seq, then, now)
            for seq, (then, now) in enumerate(zip(recorded, journal, strict=True), start=1)
            if then.decisions != now.decisions
        ),
        None,
    )
    return Replayed(state, journal, difference, compare(recorded, journal))


def _difference(seq: int, then: Entry, now: Entry) -> Difference:
    expected, actual = [msgspec.to_builtins(d) for d in then.decisions], [msgspec.to_builtins(d) for d in now.decisions]
    step = getattr(then.fact, "step", None) or next((d.step for d in then.decisions if d.step), None)
    return Difference(seq, step, expected, actual, f"event {seq} led to other decisions than the journal records")


class TapeWorld:
    """Answers wishes with the recorded outcomes of the same call; what it cannot answer is a divergence."""

    def __init__(self, recorded: Sequence[Entry]) -> None:
        self._answers: dict[tuple[Any, ...], list[Fact]] = {}
        for entry in recorded:
            if isinstance(entry.fact, ANSWERS):
                self._answers.setdefault(key_of_fact(entry.fact), []).append(entry.fact)
        self._places = {id(entry.fact): (seq, entry.fact) for seq, entry in enumerate(recorded)}
        self.unanswered: list[Decision] = []

    def answer(self, state: State, wish: Decision) -> Iterable[Fact]:
        key = key_of_wish(wish)
        if key is None:
            return
        held = self._answers.get(key)
        if held:
            fact = held.pop(0)
            told = msgspec.structs.replace(fact, at_ms=max(fact.at_ms, state.now_ms))
            self._places[id(told)] = (self.place_of(fact), told)
            yield told
        else:
            self.unanswered.append(wish)

    def place_of(self, fact: Fact) -> int:
        """Return where in the journal a fact stands: of those of one instant, which came first."""
        return self._places[id(fact)][0]

    def idle(self, state: State) -> Fact | None:
        return None


def key_of_fact(fact: Fact) -> tuple[Any, ...]:
    """Return which question a recorded fact answers."""
    if isinstance(fact, StepSucceeded | StepFailed | StartHeld):
        return ("call", fact.step, fact.attempt)
    if isinstance(fact, CostBounded):
        return ("bound", fact.step, fact.attempt)
    if isinstance(fact, GrantAnswered):
        return ("grant", fact.step, fact.attempt)
    if isinstance(fact, ProbeAnswered):
        return ("probe", fact.step, fact.attempt)
    if isinstance(fact, PlanProposed | PlanRejected):
        return ("call", PLAN, fact.attempt)
    if isinstance(fact, RunAdmitted):
        return ("call", ADMIT, fact.attempt)
    return ("extend",)


def key_of_wish(wish: Decision) -> tuple[Any, ...] | None:
    """Return which question a wish asks, None for what no fact answers."""
    if isinstance(wish, StartStep | Deny | CallPlanner | Admit):
        return ("call", wish.step, wish.attempt)
    if isinstance(wish, BoundCost):
        return ("bound", wish.step, wish.attempt)
    if isinstance(wish, SeekGrant):
        return ("grant", wish.step, wish.attempt)
    if isinstance(wish, ProbeStep):
        return ("probe", wish.step, wish.attempt)
    return ("extend",) if isinstance(wish, ExtendReservation) else None


def tape(recorded: Sequence[Entry]) -> Replayed:
    """Run the stored plan against the recorded outcomes and compare behaviour."""
    first = recorded[0].fact
    assert isinstance(first, RunAccepted), "a journal begins with run_accepted"
    world = TapeWorld(recorded)
    outside = [entry.fact for entry in recorded[1:] if not isinstance(entry.fact, ANSWERS)]
    # A run that goes on is replayed up to where its journal has come, not into a future it has not had.
    until_ms = None if ending_of(recorded) else recorded[-1].fact.at_ms
    state, journal = drive(first, world, outside, until_ms, place_of=world.place_of, has_timers=False)
    invariants = compare(recorded, journal)
    difference = first_difference(recorded, journal)
    recorded_end = ending_of(recorded)
    if difference is None and recorded_end and not state.finished:
        wish = world.unanswered[0] if world.unanswered else None
        difference = Difference(None, wish.step if wish else None, recorded_end, state.status, "the replay did not reach the recorded end")
    return Replayed(state, journal, difference, invariants)


def hashes(replayed: Replayed) -> tuple[str, str]:
    """Return (behaviour, content) of what the replay arrived at."""
    return behaviour_hash(replayed.state), content_hash(replayed.state)
