"""The *tape* world with changes: recorded answers where there are any, each as long after its wish as it came then.

What the changes touch is answered otherwise; what nobody recorded is taken for granted or ends the play, and is noted.
The machine's own timers run, people answer as long after their question as they did, and what came from outside comes when it
came. Nothing here looks anything up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from runs.engine import events as e
from runs.engine.decisions import (
    Admit,
    AskApproval,
    AskPerson,
    BoundCost,
    CallPlanner,
    CancelStep,
    Decision,
    Deny,
    ExtendReservation,
    HoldDoubt,
    ProbeStep,
    StartStep,
)
from runs.engine.events import Fact
from runs.engine.machine import step
from runs.engine.replay import key_of_fact, key_of_wish
from runs.engine.script import Ok, Outcome, ScriptWorld
from runs.engine.simulate import CallModel
from runs.engine.starting import pin_of
from runs.engine.state import State
from runs.engine.virtual import Entry
from runs.faults.contracts import Fault
from runs.faults.world import call_number, outcome_of
from skills.canonical import digest
from skills.contracts import HARMLESS_EFFECTS

PEOPLE = (e.ApprovalDecided, e.AnswerGiven, e.VerdictGiven)
CHARGED = (e.StepSucceeded, e.StepFailed, e.StepInterrupted, e.PlanProposed, e.PlanRejected)
Key = tuple[Any, ...]
Called = StartStep | CallPlanner | Admit


class Answer(msgspec.Struct, frozen=True):
    """A recorded answer, how long after its wish it came, and, of a call, what was called with which parameters."""

    fact: Fact
    after_ms: int
    place: int


class Call(msgspec.Struct, frozen=True):
    """A call as it was recorded: the skill, and a hash of its parameters."""

    skill: str
    params: str


@dataclass(frozen=True, kw_only=True)
class Twist:
    """The changes, as the world needs them. `money` is true where limits or prices are others, so that no grant can be believed."""

    outcomes: Mapping[tuple[str, int], Callable[[Called, State], Outcome]] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    advise: Callable[[State, e.StepFailed], e.StepFailed] = lambda state, failed: failed
    percent: Mapping[str, int] = field(default_factory=dict)
    pins: Mapping[str, e.Pin] = field(default_factory=dict)
    plan: Mapping[str, Any] | None = None
    plan_hash: str = ""
    money: bool = False
    assume: Literal["stop", "success", "failure"] = "stop"


class WhatIfWorld:
    """Answers wishes from a recorded journal under changes. `assumed` is what was taken for granted; `unknown` where the play ends
    because nobody knows."""

    def __init__(self, recorded: Sequence[Entry], twist: Twist) -> None:
        self._twist = twist
        self._script = ScriptWorld()
        self._answers: dict[Key, list[Answer]] = {}
        self._people: dict[str, list[Answer]] = {}
        self._calls: dict[Key, Call] = {}
        self._latest: dict[str, Fact] = {}
        self._advice: dict[str, dict[str, Any]] = {}
        self.outside: list[Fact] = []
        self._places: dict[int, tuple[int, Fact]] = {}
        self.assumed: list[tuple[str, int, str]] = []
        self.unknown: str | None = None
        _read(recorded, self)

    def is_stopped(self) -> bool:
        return self.unknown is not None

    def place_of(self, fact: Fact) -> int:
        """Return where in the journal a fact stands that is told as recorded; what is made up comes after all of those."""
        return self._places[id(fact)][0] if id(fact) in self._places else 1_000_000_000

    def idle(self, state: State) -> Fact | None:
        return None

    def answer(self, state: State, wish: Decision) -> Iterable[Fact]:
        """Return what comes of a wish."""
        if isinstance(wish, StartStep | CallPlanner | Admit):
            yield from self._charged(state, self._called(state, wish))
        elif isinstance(wish, BoundCost):
            yield self._bounded(state, wish)
        elif isinstance(wish, ProbeStep):
            yield self._probed(state, wish)
        elif isinstance(wish, Deny):
            yield self._denied(state, wish)
        elif isinstance(wish, CancelStep):
            yield from self._cancelled(state, wish)
        elif isinstance(wish, ExtendReservation):
            yield self._extended(state, wish)
        elif isinstance(wish, AskApproval | AskPerson | HoldDoubt):
            yield from self._asked(state, wish)

    # Calls

    def _called(self, state: State, wish: Called) -> Iterator[Fact]:
        otherwise = self._otherwise(state, wish)
        if otherwise is not None:
            yield from self._with_advice(state, self._script.facts_of(state, wish, otherwise))
            return
        key = ("call", wish.step, wish.attempt)
        held = self._answers.get(key)
        if held and self._is_the_same_call(state, wish, key):
            fact = held[0].fact
            # Of a call that was called back, the answer comes when it is called back.
            if not (isinstance(fact, e.StepFailed) and fact.code == "CANCELLED"):
                yield from self._with_advice(state, [self._told(state, held.pop(0))])
        elif key not in self._calls or not self._is_the_same_call(state, wish, key):
            yield from self._unrecorded(state, wish)
        # Recorded and never answered: its worker was lost, which comes from outside.

    def _otherwise(self, state: State, wish: Called) -> Outcome | None:
        """Return what the changes make of a call, None where they leave it as it was."""
        changed = self._twist.outcomes.get((wish.step, wish.attempt))
        if changed is not None:
            return changed(wish, state)
        if not isinstance(wish, StartStep):
            return None
        called = state.steps[wish.step]
        fault = next((each for each in self._twist.faults if each.hits(called.node, call_number(called))), None)
        return None if fault is None else outcome_of(fault, True, wish, *self._usual(wish))

    def _usual(self, wish: StartStep) -> tuple[CallModel, Ok]:
        """Return how long a call takes, costs, and what it gives, as far as was recorded of it."""
        held = self._answers.get(("call", wish.step, wish.attempt))
        fact, took = (held[0].fact, held[0].after_ms) if held else (self._latest.get(wish.step), 10)
        cost = getattr(fact, "cost_micro_usd", 0)
        model = CallModel(cost, cost, wish.worst_micro_usd, took, took, wish.timeout_ms)
        return model, Ok(getattr(fact, "result", None), cost, getattr(fact, "side_effects", []), after_ms=took)

    def _is_the_same_call(self, state: State, wish: Called, key: Key) -> bool:
        """Tell whether the recorded answer is to this call. One with other parameters is taken where something may be assumed."""
        was = self._calls.get(key)
        if not isinstance(wish, StartStep) or was is None:
            return True
        if was.skill != wish.skill:
            return False
        if was.params == digest(state.steps[wish.step].params):
            return True
        if self._twist.assume == "stop":
            return False
        self._note(wish.step, wish.attempt, "it has other parameters; the recorded answer is taken")
        return True

    def _unrecorded(self, state: State, wish: Called) -> Iterator[Fact]:
        if self._twist.assume == "stop":
            what = f"{wish.skill} {wish.version}" if isinstance(wish, StartStep) else "the planner"
            self.unknown = f"attempt {wish.attempt} of {wish.step} calls {what} as nobody has: what comes of it is not known"
            return
        if isinstance(wish, Admit):
            yield from self._script.facts_of(state, wish, Ok())
            return
        latest = self._latest.get(wish.step)
        if self._twist.assume == "failure" and isinstance(latest, e.StepFailed):
            self._note(wish.step, wish.attempt, f"it fails once more with {latest.code}")
            yield from self._with_advice(state, [msgspec.structs.replace(latest, at_ms=state.now_ms + 10, attempt=wish.attempt)])
            return
        self._note(wish.step, wish.attempt, "it goes well")
        usual = self._usual(wish)[1] if isinstance(wish, StartStep) else Ok()
        yield from self._script.facts_of(state, wish, usual)

    def _with_advice(self, state: State, facts: Iterable[Fact]) -> Iterator[Fact]:
        for fact in facts:
            yield self._twist.advise(state, self._known_advice(fact)) if isinstance(fact, e.StepFailed) else fact

    def _known_advice(self, failed: e.StepFailed) -> e.StepFailed:
        if failed.advice is not None or failed.code not in self._advice:
            return failed
        return msgspec.structs.replace(failed, advice=self._advice[failed.code])

    def _denied(self, state: State, wish: Deny) -> Fact:
        held = self._answers.get(("call", wish.step, wish.attempt))
        if held and isinstance(held[0].fact, e.StepFailed) and held[0].fact.code == wish.code:
            return next(iter(self._with_advice(state, [self._told(state, held.pop(0))])))
        made = e.StepFailed(state.now_ms, wish.step, wish.attempt, wish.code, wish.message)
        return next(iter(self._with_advice(state, [made])))

    def _cancelled(self, state: State, wish: CancelStep) -> Iterator[Fact]:
        held = self._answers.get(("call", wish.step, wish.attempt))
        if held and isinstance(held[0].fact, e.StepFailed) and held[0].fact.code == "CANCELLED":
            yield self._told(state, held.pop(0))
            return
        called = state.steps[wish.step]
        harmless = called.node not in state.pins or pin_of(state, called).effect in HARMLESS_EFFECTS
        phase = "not_sent" if harmless else "maybe_sent"
        yield e.StepFailed(state.now_ms, wish.step, wish.attempt, "CANCELLED", "called back", phase)

    def _probed(self, state: State, wish: ProbeStep) -> Fact:
        held = self._answers.get(("probe", wish.step, wish.attempt))
        if held:
            return self._told(state, held.pop(0))
        self._note(wish.step, wish.attempt, "its probe finds nothing out")
        return e.ProbeAnswered(state.now_ms + 1, wish.step, wish.attempt, "unknown")

    # Money

    def _bounded(self, state: State, wish: BoundCost) -> Fact:
        held = self._answers.get(("bound", wish.step, wish.attempt))
        latest = self._latest.get(f"{wish.step}!bound")
        if held:
            told = self._told(state, held.pop(0))
        elif isinstance(latest, e.CostBounded):
            told = msgspec.structs.replace(latest, at_ms=state.now_ms, attempt=wish.attempt)
        else:
            self._note(wish.step, wish.attempt, "what it may cost is not known; nothing is held for it")
            return e.CostBounded(state.now_ms, wish.step, wish.attempt, 0)
        assert isinstance(told, e.CostBounded)
        if told.worst_micro_usd is None:
            return told
        return msgspec.structs.replace(told, worst_micro_usd=self._priced(state, wish.step, told.worst_micro_usd, told.model))

    def _charged(self, state: State, facts: Iterable[Fact]) -> Iterator[Fact]:
        for fact in facts:
            if isinstance(fact, e.RunAdmitted):
                yield self._admitted(state, fact)
            elif isinstance(fact, CHARGED) and fact.cost_micro_usd:
                key = getattr(fact, "step", e.PLAN)
                model = state.steps[key].model if key in state.steps else ""
                yield self._kept(fact, cost_micro_usd=self._priced(state, key, fact.cost_micro_usd, model))
            elif isinstance(fact, e.PlanProposed) and self._twist.plan is not None:
                yield self._kept(fact, plan=dict(self._twist.plan))
            else:
                yield fact

    def _priced(self, state: State, key: str, amount: int, model: str) -> int:
        called = state.steps.get(key)
        skill = pin_of(state, called).skill if called is not None and called.node in state.pins else ""
        percent = self._twist.percent.get(skill, self._twist.percent.get(model, 100))
        return -(-amount * percent // 100)

    def _admitted(self, state: State, fact: e.RunAdmitted) -> Fact:
        pins = {**fact.pins, **self._twist.pins}
        told = self._kept(fact, pins=pins, plan_hash=self._twist.plan_hash or fact.plan_hash)
        if not self._twist.money or fact.granted_micro_usd is None:
            return told
        most = max(self._twist.percent.values(), default=100)
        wanted = -(-(fact.worst_micro_usd or fact.granted_micro_usd) * max(100, most) // 100)
        limit = state.limit_micro_usd
        granted = wanted if limit is None else min(wanted, limit)
        by_model = {model: -(-amount * max(100, most) // 100) for model, amount in fact.granted_by_model.items()}
        return self._kept(told, granted_micro_usd=granted, granted_by_model=by_model)

    def _extended(self, state: State, wish: ExtendReservation) -> Fact:
        held = None if self._twist.money else self._answers.get(("extend",))
        if held:
            return self._told(state, held.pop(0))
        wanted, limit = wish.granted_micro_usd + wish.by_micro_usd, state.limit_micro_usd
        if limit is not None and wanted > limit:
            return e.ReservationRefused(state.now_ms, wanted - limit, f"run:{state.run_id}")
        self._note(wish.step, wish.number, "the scopes the run draws on have room for it")
        models = dict(state.granted_by_model)
        if wish.model:
            models[wish.model] = models.get(wish.model, 0) + wish.by_model_micro_usd
        return e.ReservationExtended(state.now_ms, wanted, models)

    # People

    def _asked(self, state: State, wish: Decision) -> Iterator[Fact]:
        held = self._people.get(wish.step)
        if held:
            yield self._told(state, held.pop(0))

    # As recorded

    def _told(self, state: State, answer: Answer) -> Fact:
        """Return a recorded answer, as long after its wish as it came then."""
        told = msgspec.structs.replace(answer.fact, at_ms=state.now_ms + answer.after_ms)
        self._places[id(told)] = (answer.place, told)
        return told

    def _kept(self, fact: Fact, **other: Any) -> Fact:
        told = msgspec.structs.replace(fact, **other)
        if id(fact) in self._places:
            self._places[id(told)] = (self._places[id(fact)][0], told)
        return told

    def _note(self, step_id: str, attempt: int, what: str) -> None:
        self.assumed.append((step_id or "the run", attempt, what))


def _read(recorded: Sequence[Entry], world: WhatIfWorld) -> None:
    """Sort a journal into answers with their delays, what people said, and what came from outside."""
    state: State | None = None
    asked: dict[Key, int] = {}
    wondered: dict[str, int] = {}
    for place, entry in enumerate(recorded):
        fact = entry.fact
        _sort(world, fact, place, asked, wondered)
        state, decisions = step(state, fact)
        for decision in decisions:
            key = ("call", decision.step, decision.attempt) if isinstance(decision, CancelStep) else key_of_wish(decision)
            if key is not None:
                asked[key] = state.now_ms
                if isinstance(decision, StartStep | CallPlanner):
                    params = state.steps[decision.step].params if isinstance(decision, StartStep) else None
                    world._calls[key] = Call(getattr(decision, "skill", ""), digest(params))
            if isinstance(decision, AskApproval | AskPerson | HoldDoubt):
                wondered[decision.step] = state.now_ms


def _sort(world: WhatIfWorld, fact: Fact, place: int, asked: dict[Key, int], wondered: dict[str, int]) -> None:
    if isinstance(fact, e.RunAccepted | e.TimeCame):
        return
    key = key_of_fact(fact) if isinstance(fact, e.ANSWERS) else None
    if key is not None:
        world._answers.setdefault(key, []).append(Answer(fact, max(0, fact.at_ms - asked.pop(key, fact.at_ms)), place))
        if isinstance(fact, e.CostBounded):
            world._latest[f"{fact.step}!bound"] = fact
        elif isinstance(fact, e.StepSucceeded | e.StepFailed):
            world._latest[fact.step] = fact
        if isinstance(fact, e.StepFailed) and fact.advice is not None:
            world._advice[fact.code] = fact.advice
    elif isinstance(fact, PEOPLE):
        world._people.setdefault(fact.step, []).append(Answer(fact, max(1, fact.at_ms - wondered.get(fact.step, fact.at_ms)), place))
    else:
        world.outside.append(fact)
        world._places[id(fact)] = (place, fact)
