"""The *script* world with faults: what a call comes to is written by the fault done to it, everything else goes well.

Durations and costs are those the calls are expected to have; people agree at once and settle nothing; a probe finds what
is true outside. Nothing here is random, and nothing is looked up but what the caller gave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from runs.engine import events as e
from runs.engine.decisions import AskApproval, AskPerson, BoundCost, Decision, Deny, ProbeStep, StartStep
from runs.engine.events import Fact, Pin
from runs.engine.script import Fail, HandedBack, Lost, Ok, Outcome, Overtaken, ScriptWorld
from runs.engine.simulate import CallModel, Model
from runs.engine.starting import pin_of
from runs.engine.state import State, StepState
from runs.faults.contracts import Fault
from runs.faults.kinds import FAULTS, FaultKind, phase_of
from runs.faults.outside import Outside
from runs.faults.rehearsal import Rehearsal

Advise = Callable[[str, str], Mapping[str, Any]]
"""What the catalog advises about (skill, code)."""
PinAdvised = Callable[[str, Any], Pin | None]
"""The pin of a skill the catalog advises to fall back to."""

SOMEBODY = "somebody"
INJECTED = "injected on purpose: "
NEARLY = 10
"""So many times as long as usual takes an answer that is slow."""
SOON_MS = 20
"""How soon it is known that a call cannot even leave."""


def call_number(step: StepState) -> int:
    """Return which call of a step is under way, counted from 1: a call that was held back has not been made."""
    return sum(attempt.status != "held" for attempt in step.attempts)


def is_lost_before(fault: Fault) -> bool:
    """Tell whether a lease is lost before the call leaves."""
    return fault.kind is FaultKind.LOST_LEASE and fault.after_ms == 0


class ChaosWorld(ScriptWorld):
    """Does faults to calls; each comes with what is true outside where it leaves that open: whether the call arrived."""

    def __init__(
        self,
        rehearsal: Rehearsal,
        faults: Iterable[tuple[Fault, bool]],
        outside: Outside,
        *,
        pins: Mapping[str, Pin],
        model: Model,
        advise: Advise,
        pin_advised: PinAdvised,
        room: int | None,
    ) -> None:
        super().__init__(rehearsal.plan, granted=room, room=room)
        self.outside = outside
        self._pinned = dict(pins)
        self._results = rehearsal.results
        self._faults = list(faults)
        self._model = model
        self._advise = advise
        self._pin_advised = pin_advised

    def answer(self, state: State, wish: Decision) -> Iterable[Fact]:
        if isinstance(wish, StartStep):
            return self._with_advice(state, self.facts_of(state, wish, self._said(state, wish)))
        if isinstance(wish, BoundCost):
            return [self._bounded(state, wish)]
        if isinstance(wish, ProbeStep):
            happened = self.outside.happened(wish.step, pin_of(state, state.steps[wish.step]).skill)
            return [e.ProbeAnswered(state.now_ms + 1, wish.step, wish.attempt, "happened" if happened else "did_not_happen")]
        if isinstance(wish, AskApproval):
            return [e.ApprovalDecided(state.now_ms + 1, wish.step, wish.action_hash, approved=True, by=SOMEBODY)]
        if isinstance(wish, AskPerson):
            return self._answers(state, state.steps[wish.step])
        if isinstance(wish, Deny):
            return self._with_advice(state, [e.StepFailed(state.now_ms, wish.step, wish.attempt, wish.code, wish.message)])
        return super().answer(state, wish)

    def idle(self, state: State) -> Fact | None:
        return None

    def _admitted(self, at: int, state: State, attempt: int) -> Fact:
        admitted = super()._admitted(at, state, attempt)
        assert isinstance(admitted, e.RunAdmitted)
        return msgspec.structs.replace(admitted, pins=dict(self._pinned))

    def _answers(self, state: State, step: StepState) -> list[Fact]:
        """Give any answer to a question a skill asks; what becomes of a failure nobody says."""
        if step.reason != "input":
            return []
        return [e.AnswerGiven(state.now_ms + 1, step.key, self._results.get(step.node), by=SOMEBODY)]

    # Calls

    def _said(self, state: State, wish: StartStep) -> Outcome:
        step = state.steps[wish.step]
        found = self._fault(step)
        model = self._model(pin_of(state, step), step.params)
        arrives = found is None or found[1]
        self.outside.receive(wish.step, wish.skill, wish.effect, wish.idempotency_key, arrives=arrives)
        usual = Ok(
            result=self._results.get(step.node),
            cost_micro_usd=min(model.expected_micro_usd, wish.worst_micro_usd),
            after_ms=min(model.expected_ms, wish.timeout_ms),
        )
        return usual if found is None else outcome_of(found[0], arrives, wish, model, usual)

    def _fault(self, step: StepState) -> tuple[Fault, bool] | None:
        call = call_number(step)
        for fault, arrives in self._faults:
            if fault.hits(step.node, call):
                return fault, arrives and not is_lost_before(fault)
        return None

    def _bounded(self, state: State, wish: BoundCost) -> Fact:
        step = state.steps[wish.step]
        model = self._model(pin_of(state, step), step.params)
        return e.CostBounded(state.now_ms, wish.step, wish.attempt, model.worst_micro_usd, model.model)

    # What the catalog says

    def _with_advice(self, state: State, facts: list[Fact]) -> list[Fact]:
        return [self._advised(state, fact) if isinstance(fact, e.StepFailed) else fact for fact in facts]

    def _advised(self, state: State, failed: e.StepFailed) -> Fact:
        step = state.steps[failed.step]
        skill = step.attempts[-1].skill if step.attempts else ""
        advice = dict(self._advise(skill, failed.code))
        named = advice.get("fallback_skill")
        params = step.params if isinstance(step.params, dict) else {}
        fallback = self._pin_advised(named, {**params, **(advice.get("fallback_params") or {})}) if named else None
        return msgspec.structs.replace(failed, advice=advice, fallback=fallback)


def outcome_of(fault: Fault, arrives: bool, wish: StartStep, model: CallModel, usual: Ok) -> Outcome:
    """Return what a call comes to that a fault is done to."""
    spec = FAULTS[fault.kind]
    after_ms = usual.after_ms if fault.after_ms is None else min(fault.after_ms, wish.timeout_ms)
    if fault.kind is FaultKind.SLOW:
        return _slow(fault, wish, usual)
    if spec.ends == "answers":
        return msgspec.structs.replace(usual, times=2, after_ms=after_ms)
    if spec.ends == "dies":
        return Lost(after_ms=after_ms)
    if spec.ends == "is_overtaken":
        if is_lost_before(fault):
            return HandedBack(after_ms=0)
        return (
            Overtaken(result=usual.result, cost_micro_usd=usual.cost_micro_usd, after_ms=after_ms) if arrives else Lost(after_ms=after_ms)
        )
    return _failure(fault, wish, model, usual, after_ms)


def _slow(fault: Fault, wish: StartStep, usual: Ok) -> Outcome:
    """Answer late, or too late where it takes as long as the call may."""
    took = min(max(NEARLY * usual.after_ms, wish.timeout_ms * 9 // 10), wish.timeout_ms - 1) if fault.after_ms is None else fault.after_ms
    if took < wish.timeout_ms:
        return msgspec.structs.replace(usual, after_ms=max(0, took))
    phase = phase_of(FaultKind.TIMEOUT, wish.effect)
    return Fail("TIMEOUT", phase=phase, message=INJECTED + FAULTS[fault.kind].words, after_ms=wish.timeout_ms)


def _failure(fault: Fault, wish: StartStep, model: CallModel, usual: Ok, after_ms: int) -> Fail:
    spec, phase = FAULTS[fault.kind], phase_of(fault.kind, wish.effect)
    if fault.after_ms is None:
        after_ms = {FaultKind.TIMEOUT: wish.timeout_ms, FaultKind.DNS: SOON_MS, FaultKind.REFUSED: SOON_MS}.get(fault.kind, after_ms)
    charged = 0 if phase == "not_sent" else model.low_micro_usd if fault.kind is FaultKind.RATE_LIMITED else usual.cost_micro_usd
    return Fail(
        spec.code,
        phase=phase,
        message=INJECTED + spec.words,
        after_ms=after_ms,
        cost_micro_usd=charged,
        retry_after_ms=spec.retry_after_ms if fault.retry_after_ms is None else fault.retry_after_ms,
    )
