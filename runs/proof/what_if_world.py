"""The *tape* world with changes: recorded answers where there are any, each as long after its wish as it came then.

What the changes touch is answered otherwise; what nobody recorded is taken for granted or ends the play, and is noted.
The machine's own timers run, people answer as long after their question as they did, and what came from outside comes when it
came; what came at the very instant of a timer comes before or after it as it did. Nothing here looks anything up.
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
    SeekGrant,
    StartStep,
)
from runs.engine.events import Fact
from runs.engine.script import Ok, Outcome, ScriptWorld
from runs.engine.simulate import CallModel
from runs.engine.starting import pin_of
from runs.engine.state import State
from runs.engine.virtual import Entry
from runs.faults.contracts import Fault
from runs.faults.world import call_number, outcome_of
from runs.proof.recording import Asked, Recording, key_of
from runs.shell.codec import kind_of
from skills.canonical import digest
from skills.contracts import HARMLESS_EFFECTS

CHARGED = (e.StepSucceeded, e.StepFailed, e.StepInterrupted, e.PlanProposed, e.PlanRejected)
Called = StartStep | CallPlanner | Admit


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
        self._recording = Recording(recorded)
        self._open: dict[str, Called] = {}
        self.assumed: list[tuple[str, int, str]] = []
        self.unknown: str | None = None

    @property
    def outside(self) -> Sequence[Fact]:
        """What came from outside, when it came."""
        return self._recording.outside

    def is_stopped(self) -> bool:
        return self.unknown is not None

    def place_of(self, fact: Fact) -> int:
        """Return where in the journal a fact stands that is told as recorded; what is made up comes after all of those."""
        return self._recording.place_of(fact)

    def timers_before(self, fact: Fact) -> int:
        """Return how many timers of its instant came before a fact, as recorded."""
        return self._recording.timers_before(fact)

    def idle(self, state: State) -> Fact | None:
        """Say what comes of a call that was called back then, and now is not."""
        for key in state.in_flight:
            wish = self._open.pop(key, None)
            if wish is not None:
                return next(iter(self._charged(state, self._advised(state, self._unrecorded(state, wish)))), None)
        return None

    def answer(self, state: State, wish: Decision) -> Iterable[Fact]:
        """Return what comes of a wish."""
        if isinstance(wish, AskApproval | AskPerson | HoldDoubt):
            return self._people_say(state, wish)
        if key_of(wish) is None:
            return ()
        then = self._recording.next_asked(wish)
        if isinstance(wish, StartStep | CallPlanner | Admit):
            return self._charged(state, self._advised(state, self._called(state, wish, then)))
        recorded = [self._recording.told(answer, state.now_ms) for answer in then.answers] if then and then.kind == kind_of(wish) else None
        return self._answered(state, wish, recorded)

    def _answered(self, state: State, wish: Decision, recorded: list[Fact] | None) -> Iterable[Fact]:
        """Return the recorded answers to a wish that is no call, or what stands for them."""
        if isinstance(wish, Deny):
            made = e.StepFailed(state.now_ms, wish.step, wish.attempt, wish.code, wish.message)
            same = recorded is not None and all(getattr(fact, "code", "") == wish.code for fact in recorded)
            return self._advised(state, recorded if same and recorded is not None else self._made_up(state, [made]))
        if isinstance(wish, BoundCost):
            return [self._bounded(state, fact) for fact in (self._last_bound(state, wish) if recorded is None else recorded)]
        if isinstance(wish, SeekGrant):
            return self._granted(state, wish, recorded)
        if isinstance(wish, ExtendReservation):
            return recorded if recorded is not None and not self._twist.money else [self._extended(state, wish)]
        if recorded is not None:
            return recorded
        return [self._probed(state, wish)] if isinstance(wish, ProbeStep) else self._cancelled(state, wish)

    # Calls

    def _called(self, state: State, wish: Called, then: Asked | None) -> Iterator[Fact]:
        otherwise = self._otherwise(state, wish, then)
        if otherwise is not None:
            yield from self._made_up(state, self._script.facts_of(state, wish, otherwise))
        elif then is None or not self._is_the_same_call(state, wish, then):
            yield from self._unrecorded(state, wish)
        elif then.answers:
            yield from (self._recording.told(answer, state.now_ms) for answer in then.answers)
        else:
            # Recorded and never answered: its worker was lost, or it was called back; both come of themselves.
            self._open[wish.step] = wish

    def _otherwise(self, state: State, wish: Called, then: Asked | None) -> Outcome | None:
        """Return what the changes make of a call, None where they leave it as it was."""
        changed = self._twist.outcomes.get((wish.step, wish.attempt))
        if changed is not None:
            return changed(wish, state)
        if not isinstance(wish, StartStep):
            return None
        called = state.steps[wish.step]
        fault = next((each for each in self._twist.faults if each.hits(called.node, call_number(called))), None)
        return None if fault is None else outcome_of(fault, True, wish, *self._usual(wish, then))

    def _usual(self, wish: StartStep, then: Asked | None = None) -> tuple[CallModel, Ok]:
        """Return how long a call takes, costs, and what it gives, as far as was recorded of it."""
        fact, took = self._recording.latest.get(wish.step), 10
        if then is not None and then.answers:
            fact, took = then.answers[0].fact, then.answers[0].after_ms
        cost = getattr(fact, "cost_micro_usd", 0)
        model = CallModel(cost, cost, wish.worst_micro_usd, took, took, wish.timeout_ms)
        return model, Ok(getattr(fact, "result", None), cost, getattr(fact, "side_effects", []), after_ms=took)

    def _is_the_same_call(self, state: State, wish: Called, then: Asked) -> bool:
        """Tell whether the recorded answer is to this call. One with other parameters is taken where something may be assumed."""
        if then.kind != kind_of(wish) or then.skill != getattr(wish, "skill", ""):
            return False
        if not isinstance(wish, StartStep) or then.params == digest(state.steps[wish.step].params):
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
        latest = self._recording.latest.get(wish.step)
        if self._twist.assume == "failure" and isinstance(latest, e.StepFailed):
            self._note(wish.step, wish.attempt, f"it fails once more with {latest.code}")
            yield from self._made_up(state, [msgspec.structs.replace(latest, at_ms=state.now_ms + 10, attempt=wish.attempt)])
            return
        self._note(wish.step, wish.attempt, "it goes well")
        usual = self._usual(wish)[1] if isinstance(wish, StartStep) else Ok()
        yield from self._script.facts_of(state, wish, usual)

    def _made_up(self, state: State, facts: Iterable[Fact]) -> Iterator[Fact]:
        """Return facts nobody recorded; a failure brings what the catalog said last about its code."""
        for fact in facts:
            if isinstance(fact, e.StepFailed) and fact.advice is None and fact.code in self._recording.advice:
                fact = msgspec.structs.replace(fact, advice=self._recording.advice[fact.code])
            yield fact

    def _advised(self, state: State, facts: Iterable[Fact]) -> Iterator[Fact]:
        for fact in facts:
            yield self._twist.advise(state, fact) if isinstance(fact, e.StepFailed) else fact

    def _cancelled(self, state: State, wish: Decision) -> Iterable[Fact]:
        if not isinstance(wish, CancelStep):
            return []
        self._open.pop(wish.step, None)
        called = state.steps[wish.step]
        harmless = called.node not in state.pins or pin_of(state, called).effect in HARMLESS_EFFECTS
        phase = "not_sent" if harmless else "maybe_sent"
        return [e.StepFailed(state.now_ms, wish.step, wish.attempt, "CANCELLED", "called back", phase)]

    def _probed(self, state: State, wish: ProbeStep) -> Fact:
        self._note(wish.step, wish.attempt, "its probe finds nothing out")
        return e.ProbeAnswered(state.now_ms + 1, wish.step, wish.attempt, "unknown")

    def _granted(self, state: State, wish: SeekGrant, recorded: list[Fact] | None) -> list[Fact]:
        """Return the recorded answer about the same action; no grant is known to be good for another one."""
        about = {fact.action_hash for fact in recorded or () if isinstance(fact, e.GrantAnswered)}
        if recorded is not None and about <= {wish.action_hash}:
            return recorded
        return [e.GrantAnswered(state.now_ms, wish.step, wish.attempt, wish.action_hash)]

    # Money

    def _last_bound(self, state: State, wish: BoundCost) -> list[Fact]:
        latest = self._recording.bounds.get(wish.step)
        if latest is not None:
            return [msgspec.structs.replace(latest, at_ms=state.now_ms, attempt=wish.attempt)]
        self._note(wish.step, wish.attempt, "what it may cost is not known; nothing is held for it")
        return [e.CostBounded(state.now_ms, wish.step, wish.attempt, 0)]

    def _bounded(self, state: State, told: Fact) -> Fact:
        if not isinstance(told, e.CostBounded) or told.worst_micro_usd is None:
            return told
        return self._recording.changed(told, worst_micro_usd=self._priced(state, told.step, told.worst_micro_usd, told.model))

    def _charged(self, state: State, facts: Iterable[Fact]) -> Iterator[Fact]:
        for fact in facts:
            if isinstance(fact, e.RunAdmitted):
                yield self._admitted(state, fact)
            elif isinstance(fact, CHARGED) and fact.cost_micro_usd:
                key = getattr(fact, "step", e.PLAN)
                model = state.steps[key].model if key in state.steps else ""
                yield self._recording.changed(fact, cost_micro_usd=self._priced(state, key, fact.cost_micro_usd, model))
            elif isinstance(fact, e.PlanProposed) and self._twist.plan is not None:
                yield self._recording.changed(fact, plan=dict(self._twist.plan))
            else:
                yield fact

    def _priced(self, state: State, key: str, amount: int, model: str) -> int:
        called = state.steps.get(key)
        skill = pin_of(state, called).skill if called is not None and called.node in state.pins else ""
        percent = self._twist.percent.get(skill, self._twist.percent.get(model, 100))
        return -(-amount * percent // 100)

    def _admitted(self, state: State, fact: e.RunAdmitted) -> Fact:
        pins = {**fact.pins, **self._twist.pins}
        told = self._recording.changed(fact, pins=pins, plan_hash=self._twist.plan_hash or fact.plan_hash)
        if not self._twist.money or fact.granted_micro_usd is None:
            return told
        most = max(self._twist.percent.values(), default=100)
        wanted = -(-(fact.worst_micro_usd or fact.granted_micro_usd) * max(100, most) // 100)
        limit = state.limit_micro_usd
        granted = wanted if limit is None else min(wanted, limit)
        by_model = {model: -(-amount * max(100, most) // 100) for model, amount in fact.granted_by_model.items()}
        return self._recording.changed(told, granted_micro_usd=granted, granted_by_model=by_model)

    def _extended(self, state: State, wish: ExtendReservation) -> Fact:
        wanted, limit = wish.granted_micro_usd + wish.by_micro_usd, state.limit_micro_usd
        if limit is not None and wanted > limit:
            return e.ReservationRefused(state.now_ms, wanted - limit, f"run:{state.run_id}")
        self._note(wish.step, wish.number, "the scopes the run draws on have room for it")
        models = dict(state.granted_by_model)
        if wish.model:
            models[wish.model] = models.get(wish.model, 0) + wish.by_model_micro_usd
        return e.ReservationExtended(state.now_ms, wanted, models)

    # People

    def _people_say(self, state: State, wish: Decision) -> Iterator[Fact]:
        yield from (self._recording.told(answer, state.now_ms) for answer in self._recording.next_said(wish.step))

    def _note(self, step_id: str, attempt: int, what: str) -> None:
        self.assumed.append((step_id or "the run", attempt, what))
