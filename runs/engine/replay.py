"""The *tape* world and the comparison: a run's journal replayed without I/O, and where it first went another way.

`verify` folds the recorded facts again and compares every decision. `tape` runs the stored plan from its acceptance,
wishes answered from the recorded outcomes in the recorded order, waits and retries decided anew; then behaviour is
compared. When time was looked at stands in the journal too: timers that were overdue together must be so again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from runs.engine.decisions import (
    Admit,
    AskApproval,
    BoundCost,
    CallPlanner,
    Decision,
    Deny,
    ExtendReservation,
    Finish,
    Ignore,
    NoRetry,
    ProbeStep,
    Retry,
    StartStep,
)
from runs.engine.digests import behaviour_hash, content_hash
from runs.engine.events import (
    ADMIT,
    ANSWERS,
    PLAN,
    CostBounded,
    Fact,
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


class Difference(msgspec.Struct, frozen=True):
    """The first place where two journals part."""

    seq: int | None
    step: str | None
    expected: Any
    actual: Any
    detail: str


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
                self._answers.setdefault(_key_of(entry.fact), []).append(entry.fact)
        self._places = {id(entry.fact): (seq, entry.fact) for seq, entry in enumerate(recorded)}
        self.unanswered: list[Decision] = []

    def answer(self, state: State, wish: Decision) -> Iterable[Fact]:
        key = _key_for(wish)
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


def _key_of(fact: Fact) -> tuple[Any, ...]:
    """Return which question a recorded fact answers."""
    if isinstance(fact, StepSucceeded | StepFailed | StartHeld):
        return ("call", fact.step, fact.attempt)
    if isinstance(fact, CostBounded):
        return ("bound", fact.step, fact.attempt)
    if isinstance(fact, ProbeAnswered):
        return ("probe", fact.step, fact.attempt)
    if isinstance(fact, PlanProposed | PlanRejected):
        return ("call", PLAN, fact.attempt)
    if isinstance(fact, RunAdmitted):
        return ("call", ADMIT, fact.attempt)
    return ("extend",)


def _key_for(wish: Decision) -> tuple[Any, ...] | None:
    if isinstance(wish, StartStep | Deny | CallPlanner | Admit):
        return ("call", wish.step, wish.attempt)
    if isinstance(wish, BoundCost):
        return ("bound", wish.step, wish.attempt)
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
    until_ms = None if _ending(recorded) else recorded[-1].fact.at_ms
    state, journal = drive(first, world, outside, until_ms, place_of=world.place_of, has_timers=False)
    invariants = compare(recorded, journal)
    difference = _first_broken(recorded, journal)
    recorded_end = _ending(recorded)
    if difference is None and recorded_end and not state.finished:
        wish = world.unanswered[0] if world.unanswered else None
        difference = Difference(None, wish.step if wish else None, recorded_end, state.status, "the replay did not reach the recorded end")
    return Replayed(state, journal, difference, invariants)


def _first_broken(recorded: Sequence[Entry], journal: Sequence[Entry]) -> Difference | None:
    """Return the first decision about a step (or the run) that the replay took otherwise."""
    then, now = _by_step(recorded), _by_step(journal)
    found: list[Difference] = []
    for key in dict.fromkeys([*then, *now]):
        had, has = then.get(key, []), now.get(key, [])
        for position in range(max(len(had), len(has))):
            expected = had[position][1] if position < len(had) else None
            actual = has[position][1] if position < len(has) else None
            if expected != actual:
                seq = had[position][0] if position < len(had) else None
                found.append(Difference(seq, key or None, expected, actual, _in_words(key, expected, actual)))
                break
    return min(found, key=lambda difference: difference.seq or 1_000_000_000, default=None)


def _in_words(key: str, expected: Any, actual: Any) -> str:
    who = f"step '{key}'" if key else "the run"
    if actual is None:
        return f"{who}: the journal has '{expected[0]}' here, the replay has nothing more"
    if expected is None:
        return f"{who}: the replay goes on with '{actual[0]}', the journal has nothing more"
    if expected[0] != actual[0]:
        return f"{who}: the journal has '{expected[0]}', the replay '{actual[0]}'"
    return f"{who}: '{expected[0]}' differs"


_COMPARED = (StartStep, Deny, Retry, NoRetry, AskApproval, Finish)


def _by_step(journal: Sequence[Entry]) -> dict[str, list[tuple[int, list[Any]]]]:
    grouped: dict[str, list[tuple[int, list[Any]]]] = {}
    for seq, entry in enumerate(journal, start=1):
        for decision in entry.decisions:
            if isinstance(decision, _COMPARED):
                grouped.setdefault(decision.step, []).append((seq, _essence(decision)))
    return grouped


def _essence(decision: Decision) -> list[Any]:
    names = ("attempt", "skill", "version", "code", "delay_ms", "idempotency_key", "action_hash", "status")
    return [decision.__struct_config__.tag, decision.rule, *(getattr(decision, name) for name in names if hasattr(decision, name))]


# Invariants


def compare(recorded: Sequence[Entry], journal: Sequence[Entry]) -> list[tuple[str, bool, str]]:
    """Return the promises of determinism one by one: (name, held, what differs)."""
    checks = {
        "decisions": lambda j: {key: [essence for _, essence in items] for key, items in _by_step(j).items()},
        "attempts_and_backoff": lambda j: _grouped(j, _backoffs),
        "codes": lambda j: _grouped(j, _codes),
        "cost": lambda j: sum(getattr(e.fact, "cost_micro_usd", 0) for e in j),
        "side_effects": lambda j: _grouped(j, _effects),
        "budget_stop_point": lambda j: [d.because for e in j for d in e.decisions if d.rule == "reservation_short" and d.step],
        "ending": _ending,
    }
    found, had, has = [], _heard(recorded), _heard(journal)
    for name, of in checks.items():
        expected, actual = of(had), of(has)
        held = expected == actual
        found.append((name, held, "" if held else f"recorded {_short(expected)}, replayed {_short(actual)}"))
    return found


def _heard(journal: Sequence[Entry]) -> list[Entry]:
    """Return the entries but those that came late or twice, which changed nothing and are told to no replay."""
    return [entry for entry in journal if not (entry.decisions and isinstance(entry.decisions[0], Ignore))]


def _grouped(journal: Sequence[Entry], of: Any) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for entry in journal:
        for item in of(entry):
            grouped.setdefault(getattr(entry.fact, "step", ""), []).append(item)
    return grouped


def _backoffs(entry: Entry) -> list[list[Any]]:
    return [[d.attempt, d.delay_ms, d.mode] for d in entry.decisions if isinstance(d, Retry)]


def _codes(entry: Entry) -> list[list[Any]]:
    return [[entry.fact.attempt, entry.fact.code]] if isinstance(entry.fact, StepFailed) else []


def _effects(entry: Entry) -> list[list[str]]:
    effects = getattr(entry.fact, "side_effects", [])
    return [[effect["type"], effect["target"], effect["effect"]] for effect in effects]


def _ending(journal: Sequence[Entry]) -> list[str]:
    return next(([d.status, d.code] for e in reversed(journal) for d in e.decisions if isinstance(d, Finish)), [])


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else text[:197] + "…"


def hashes(replayed: Replayed) -> tuple[str, str]:
    """Return (behaviour, content) of what the replay arrived at."""
    return behaviour_hash(replayed.state), content_hash(replayed.state)
