"""Runs the machine against a world that answers in virtual time: the loop of simulation, tape replay and tests.

A world answers each wish with facts at instants of its choosing; the loop delivers them in order of time (then
of answering), lets timers fire, and stops when the run has ended or nothing is left to happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from itertools import takewhile
from typing import NamedTuple, Protocol

from runs.engine.decisions import Decision
from runs.engine.events import Fact, RunAccepted, TimeCame
from runs.engine.machine import step
from runs.engine.state import State

MAX_FACTS = 1_000_000


class Entry(NamedTuple):
    """A fact and what it led to, as the journal keeps them."""

    fact: Fact
    decisions: tuple[Decision, ...]


class World(Protocol):
    """What answers the machine's wishes."""

    def answer(self, state: State, wish: Decision) -> Iterable[Fact]:
        """Return the facts a decision leads to, each with its instant; none for records and for what never answers."""
        ...

    def idle(self, state: State) -> Fact | None:
        """Return what comes from outside when nothing else is left to happen, None to leave the run waiting."""
        ...


class TooLong(RuntimeError):
    """A world kept a run alive past any sense."""


def drive(
    first: RunAccepted,
    world: World,
    outside: Iterable[Fact] = (),
    until_ms: int | None = None,
    *,
    place_of: Callable[[Fact], int] = lambda fact: 0,
    timers_before: Callable[[Fact], int] = lambda fact: 0,
    has_timers: bool = True,
    is_stopped: Callable[[], bool] = lambda: False,
    most_facts: int = MAX_FACTS,
) -> tuple[State, list[Entry]]:
    """Run from acceptance to the end, to where it waits for good, or to `until_ms`; return the state and the journal.

    `place_of` orders the facts of one instant, and before a fact come as many timers of its instant as `timers_before` says.
    Without timers of its own, time comes as a fact from outside only. A world that does not know what comes next says so
    (`is_stopped`), and there the run is left. Raises TooLong after `most_facts`.
    """
    queue: list[tuple[int, int, int, Fact]] = []
    count = 0
    for fact in outside:
        heappush(queue, (fact.at_ms, place_of(fact), count, fact))
        count += 1
    state, decisions = step(None, first)
    journal = [Entry(first, decisions)]
    while not state.finished:
        for wish in decisions:
            for fact in world.answer(state, wish):
                count += 1
                heappush(queue, (fact.at_ms, place_of(fact), count, fact))
        if is_stopped():
            break
        upcoming = _next(state, queue, has_timers, lambda fact: _timers_at(journal, fact.at_ms) < timers_before(fact)) or world.idle(state)
        if upcoming is None or (until_ms is not None and upcoming.at_ms > until_ms):
            break
        state, decisions = step(state, upcoming)
        journal.append(Entry(upcoming, decisions))
        if len(journal) > most_facts:
            raise TooLong(f"{most_facts} facts and no end")
    return state, journal


def _next(state: State, queue: list[tuple[int, int, int, Fact]], has_timers: bool, comes_late: Callable[[Fact], bool]) -> Fact | None:
    """Return what comes next. Of a timer and a fact of one instant that is the fact, unless it `comes_late`."""
    wake = state.wake_at_ms() if has_timers else None
    if queue and (wake is None or queue[0][0] < wake or (queue[0][0] == wake and not comes_late(queue[0][3]))):
        return heappop(queue)[3]
    return None if wake is None else TimeCame(max(wake, state.now_ms))


def _timers_at(journal: Sequence[Entry], at_ms: int) -> int:
    """Return how many timers the end of a journal holds of this instant."""
    latest = takewhile(lambda entry: entry.fact.at_ms == at_ms, reversed(journal))
    return sum(isinstance(entry.fact, TimeCame) for entry in latest)


def state_after(facts: Iterable[Fact]) -> State:
    """Take in recorded facts one after the other; return the state. What was decided on the way is kept nowhere."""
    state: State | None = None
    for fact in facts:
        state, _ = step(state, fact)
    if state is None:
        raise ValueError("an empty journal is no run")
    return state


def fold(facts: Iterable[Fact]) -> tuple[State, list[Entry]]:
    """Take in recorded facts one after the other; return the state and what was decided at each."""
    state: State | None = None
    journal: list[Entry] = []
    for fact in facts:
        state, decisions = step(state, fact)
        journal.append(Entry(fact, decisions))
    if state is None:
        raise ValueError("an empty journal is no run")
    return state, journal
