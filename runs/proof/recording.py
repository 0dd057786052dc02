"""A journal sorted for being played again: what was wished for, with its answers, what people said, and what came from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from runs.engine import events as e
from runs.engine.decisions import AskApproval, AskPerson, CancelStep, Decision, HoldDoubt, Ignore, StartStep
from runs.engine.events import Fact
from runs.engine.machine import step
from runs.engine.replay import key_of_fact, key_of_wish
from runs.engine.state import State
from runs.engine.virtual import Entry
from runs.shell.codec import kind_of
from skills.canonical import digest

PEOPLE = (e.ApprovalDecided, e.AnswerGiven, e.VerdictGiven)
Key = tuple[Any, ...]
MADE_UP = 1_000_000_000
"""The place of what no journal holds: after all it does hold."""


class Answer(msgspec.Struct, frozen=True):
    """A recorded answer, how long after its wish it came, and where it stands in the journal."""

    fact: Fact
    after_ms: int
    place: int


class Asked(msgspec.Struct):
    """A wish as it was recorded: its kind, of a call the skill and a hash of its parameters, and its answers; one that was lost
    with its worker has none, one that was told twice two."""

    kind: str
    at_ms: int
    skill: str = ""
    params: str = ""
    answers: list[Answer] = []


def key_of(wish: Decision) -> Key | None:
    """Return which question a wish asks. To call a call back is to ask for its answer at once."""
    return ("call", wish.step, wish.attempt) if isinstance(wish, CancelStep) else key_of_wish(wish)


class Recording:
    """What a journal holds, question by question.

    `latest`, `bounds` and `advice` are what is known last: how a step's call ended, what one may cost, what the catalog says
    about a code. They stand for calls nobody made.
    """

    def __init__(self, recorded: Sequence[Entry]) -> None:
        self.asked: dict[Key, list[Asked]] = {}
        self.people: dict[str, list[Asked]] = {}
        self.outside: list[Fact] = []
        self.latest: dict[str, Fact] = {}
        self.bounds: dict[str, e.CostBounded] = {}
        self.advice: dict[str, dict[str, Any]] = {}
        self._places: dict[int, tuple[int, Fact]] = {}
        self._timers: list[int] = []
        state: State | None = None
        for place, entry in enumerate(recorded):
            state, decisions = step(state, entry.fact)
            self._count(recorded, place)
            self._take(entry.fact, place, counts=not (decisions and isinstance(decisions[0], Ignore)))
            for wish in decisions:
                self._ask(state, wish)

    def next_asked(self, wish: Decision) -> Asked | None:
        """Return the question as it was asked next, None where nobody asked it so often."""
        key = key_of(wish)
        asked = self.asked.get(key) if key is not None else None
        return asked.pop(0) if asked else None

    def next_said(self, step_id: str) -> list[Answer]:
        """Return what people said when they were asked next about a step."""
        asked = self.people.get(step_id)
        return asked.pop(0).answers if asked else []

    def told(self, answer: Answer, now_ms: int) -> Fact:
        """Return a recorded answer, as long after its wish as it came then."""
        fact = msgspec.structs.replace(answer.fact, at_ms=now_ms + answer.after_ms)
        self._places[id(fact)] = (answer.place, fact)
        return fact

    def changed(self, fact: Fact, **other: Any) -> Fact:
        """Return a fact with other values, at the place it had."""
        made = msgspec.structs.replace(fact, **other)
        if id(fact) in self._places:
            self._places[id(made)] = (self._places[id(fact)][0], made)
        return made

    def place_of(self, fact: Fact) -> int:
        """Return where in the journal a fact stands."""
        return self._places[id(fact)][0] if id(fact) in self._places else MADE_UP

    def timers_before(self, fact: Fact) -> int:
        """Return how many timers of its instant came before a fact."""
        return self._timers[self.place_of(fact)] if id(fact) in self._places else 0

    def _count(self, recorded: Sequence[Entry], place: int) -> None:
        """Note how many timers of its instant came before the fact at a place."""
        before = recorded[place - 1].fact if place else None
        if before is None or before.at_ms != recorded[place].fact.at_ms:
            self._timers.append(0)
        else:
            self._timers.append(self._timers[-1] + isinstance(before, e.TimeCame))

    def _ask(self, state: State, wish: Decision) -> None:
        key = key_of(wish)
        if key is not None:
            params = digest(state.steps[wish.step].params) if isinstance(wish, StartStep) else ""
            self.asked.setdefault(key, []).append(Asked(kind_of(wish), state.now_ms, getattr(wish, "skill", ""), params))
        elif isinstance(wish, AskApproval | AskPerson | HoldDoubt):
            self.people.setdefault(wish.step, []).append(Asked(kind_of(wish), state.now_ms))

    def _take(self, fact: Fact, place: int, *, counts: bool) -> None:
        if isinstance(fact, e.RunAccepted | e.TimeCame):
            return
        asked: list[Asked] | None = None
        if isinstance(fact, PEOPLE):
            asked = self.people.get(fact.step) if counts else None
        elif isinstance(fact, e.ANSWERS):
            asked = self.asked.get(key_of_fact(fact))
        if asked:
            asked[-1].answers.append(Answer(fact, max(0, fact.at_ms - asked[-1].at_ms), place))
            self._remember(fact)
        else:
            self.outside.append(fact)
            self._places[id(fact)] = (place, fact)

    def _remember(self, fact: Fact) -> None:
        if isinstance(fact, e.CostBounded):
            self.bounds[fact.step] = fact
        elif isinstance(fact, e.StepSucceeded | e.StepFailed):
            self.latest[fact.step] = fact
        if isinstance(fact, e.StepFailed) and fact.advice is not None:
            self.advice[fact.code] = fact.advice
