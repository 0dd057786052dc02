"""The *script* world: a list of outcomes and faults per step answers the machine's wishes.

    world = ScriptWorld(plan, outcomes={"fetch": [Fail("TIMEOUT"), Ok({"x": 1})]}, people={"pay": approve()})
    state, journal = drive(accepted(plan), world)

Every test of behaviour and every injected fault runs on it. Outcomes are taken one a call; one without a list answers
every call; where none is left, a call succeeds with nothing. `$plan` and `$admit` are written like steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, Literal, TypeVar, cast

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
    ProbeStep,
    SeekGrant,
    StartStep,
)
from runs.engine.events import ADMIT, PLAN, Fact, Pin
from runs.engine.state import State
from skills.canonical import digest

Phase = Literal["not_sent", "maybe_sent", "acked"]
T = TypeVar("T")


class Scripted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """Base of what a call can come to. `after_ms` is how long it takes, `times` how often the same report arrives."""

    after_ms: int = 10
    times: int = 1


class Ok(Scripted, frozen=True, tag="ok"):
    """The call gives a result; what `$plan` gives is the plan."""

    result: Any = None
    cost_micro_usd: int = 0
    side_effects: list[dict[str, Any]] = []


class Fail(Scripted, frozen=True, tag="fail"):
    """The call fails. Without `advice` the failure carries what the world says for its code."""

    code: str
    phase: Phase = "not_sent"
    message: str = ""
    cost_micro_usd: int = 0
    retry_after_ms: int | None = None
    advice: dict[str, Any] | None = None


class Rejected(Scripted, frozen=True, tag="rejected"):
    """The planner proposes a plan that breaks the rules."""

    detail: str = "no plan"
    cost_micro_usd: int = 0


class Lost(Scripted, frozen=True, tag="lost"):
    """The worker dies during the call: nobody reports an outcome, and the run is reclaimed."""


class HandedBack(Scripted, frozen=True, tag="handed_back"):
    """The worker gives the run up during the call and says how far it had come; another takes the run over."""

    phase: Phase = "not_sent"
    cost_micro_usd: int = 0


class Overtaken(Scripted, frozen=True, tag="overtaken"):
    """The worker loses its lease during the call: another takes the run over, and the outcome comes too late to count."""

    result: Any = None
    cost_micro_usd: int = 0


class Held(Scripted, frozen=True, tag="held"):
    """The call may not begin: its rate is used up, or without `retry_after_ms` its scope is frozen."""

    scope: str = "agent:agt_1"
    retry_after_ms: int | None = None


class Priced(msgspec.Struct, frozen=True):
    """The most a call can cost, and the model it is charged to."""

    worst_micro_usd: int
    model: str


Outcome = Ok | Fail | Rejected | Lost | HandedBack | Overtaken | Held
Probed = Literal["happened", "did_not_happen", "unknown"] | Lost
Bound = int | None | Priced | Lost
Script = Mapping[str, T | Sequence[T]]
"""What is written per step; an item of a loop goes by its own key (`step#0`) or else by its step's."""
Person = Callable[["ScriptWorld", State, str], Fact]
"""Somebody who acts once about a step, or about the run where the step is `$run`."""
RUN = "$run"


class _Lines(Generic[T]):
    """What is left of a script."""

    def __init__(self, script: Script[T] | None, otherwise: T) -> None:
        self._left = {key: list(said) if isinstance(said, list | tuple) else said for key, said in (script or {}).items()}
        self._otherwise = otherwise

    def next(self, key: str) -> T:
        said = self._left.get(key, self._left.get(key.partition("#")[0], self._otherwise))
        if not isinstance(said, list):
            return cast(T, said)
        return cast(T, said.pop(0)) if said else self._otherwise


class ScriptWorld:
    """Answers every wish as written. `pins` go by skill; `room` is all the reservation may ever come to, None is no limit,
    and `room_by_model` what of it a model may; what is missing where it does not suffice comes back as `refusal` says.

    `cancels` says how far a call had come when it was called back; what the script has for it arrives too, too late.
    """

    def __init__(
        self,
        plan: Mapping[str, Any] | None = None,
        outcomes: Script[Outcome] | None = None,
        *,
        pins: Mapping[str, Pin] | None = None,
        bounds: Script[Bound] | None = None,
        grants: Script[str | Lost] | None = None,
        probes: Script[Probed] | None = None,
        cancels: Mapping[str, Phase] | None = None,
        advice: Mapping[str, dict[str, Any]] | None = None,
        granted: int | None = None,
        room: int | None = None,
        room_by_model: Mapping[str, int] | None = None,
        refusal: Mapping[str, Any] | None = None,
        people: Script[Person] | None = None,
    ) -> None:
        self.plan = dict(plan or {})
        self.pins = dict(pins or {})
        self.room = room
        self.room_by_model = dict(room_by_model or {})
        self.refusal = dict(refusal or {})
        self._granted = granted
        self._outcomes = _Lines[Outcome](outcomes, Ok())
        self._bounds = _Lines[Bound](bounds, 0)
        self._grants = _Lines[str | Lost](grants, "")
        self._probes = _Lines[Probed](probes, "unknown")
        self._cancels = dict(cancels or {})
        self._advice = dict(advice or {})
        self._people = _Lines[Person | None](people, None)

    def answer(self, state: State, wish: Decision) -> Iterable[Fact]:
        """Return what the script has for a wish."""
        kind = _ANSWERS.get(type(wish))
        return kind(self, state, wish) if kind else ()

    def idle(self, state: State) -> Fact | None:
        """Let somebody settle what is in doubt, or do something about the run."""
        for key in [key for key in state.waiting if state.steps[key].status == "in_doubt"] + [RUN]:
            found = self._person(state, key)
            if found:
                return found[0]
        return None

    def _person(self, state: State, key: str) -> list[Fact]:
        somebody = self._people.next(key)
        return [] if somebody is None else [somebody(self, state, key)]

    def _asked(self, state: State, wish: AskApproval | AskPerson) -> list[Fact]:
        return self._person(state, wish.step)

    def _call(self, state: State, wish: StartStep | CallPlanner | Admit) -> list[Fact]:
        return self.facts_of(state, wish, self._outcomes.next(wish.step))

    def facts_of(self, state: State, wish: StartStep | CallPlanner | Admit, said: Outcome) -> list[Fact]:
        """Return what is heard of a call that comes to this."""
        at = state.now_ms + said.after_ms
        if isinstance(said, Lost):
            return [e.RunReclaimed(at)] * said.times
        if isinstance(said, HandedBack):
            interrupted = e.StepInterrupted(at, wish.step, wish.attempt, said.phase, said.cost_micro_usd)
            return [e.RunHandedBack(at), interrupted, e.RunReclaimed(at + 1)]
        if isinstance(said, Overtaken):
            late = e.StepSucceeded(at + 1, wish.step, wish.attempt, said.result, said.cost_micro_usd, latency_ms=said.after_ms)
            return [e.RunReclaimed(at), late]
        if isinstance(said, Held):
            code: Literal["RATE_LIMITED", "FROZEN"] = "FROZEN" if said.retry_after_ms is None else "RATE_LIMITED"
            return [e.StartHeld(at, wish.step, wish.attempt, code, said.scope, retry_after_ms=said.retry_after_ms)] * said.times
        if isinstance(said, Rejected):
            faults = [{"pointer": "/steps", "code": "PLAN_INVALID", "detail": said.detail}]
            return [e.PlanRejected(at, faults, None, wish.attempt, said.cost_micro_usd)] * said.times
        return [self._failed(at, wish, said) if isinstance(said, Fail) else self._done(at, state, wish, said)] * said.times

    def _done(self, at: int, state: State, wish: StartStep | CallPlanner | Admit, said: Ok) -> Fact:
        if wish.step == PLAN:
            return e.PlanProposed(at, said.result or self.plan, wish.attempt, cost_micro_usd=said.cost_micro_usd)
        if wish.step == ADMIT:
            return self._admitted(at, state, wish.attempt)
        return e.StepSucceeded(
            at, wish.step, wish.attempt, said.result, said.cost_micro_usd, latency_ms=said.after_ms, side_effects=said.side_effects
        )

    def _admitted(self, at: int, state: State, attempt: int) -> Fact:
        plan = state.plan or {}
        granted = None if self._granted is None else max(self._granted, state.granted_micro_usd or 0)
        return e.RunAdmitted(at, pins_of(plan, self.pins), plan_hash=digest(plan), attempt=attempt, granted_micro_usd=granted)

    def _failed(self, at: int, wish: StartStep | CallPlanner | Admit, said: Fail) -> Fact:
        return e.StepFailed(
            at,
            wish.step,
            wish.attempt,
            said.code,
            said.message,
            said.phase,
            said.retry_after_ms,
            said.cost_micro_usd,
            latency_ms=said.after_ms,
            advice=said.advice or self._advice.get(said.code),
        )

    def _bound(self, state: State, wish: BoundCost) -> list[Fact]:
        worst = self._bounds.next(wish.step)
        if isinstance(worst, Lost):
            return [e.RunReclaimed(state.now_ms + worst.after_ms)]
        if isinstance(worst, Priced):
            return [e.CostBounded(state.now_ms, wish.step, wish.attempt, worst.worst_micro_usd, worst.model)]
        return [e.CostBounded(state.now_ms, wish.step, wish.attempt, worst)]

    def _seek(self, state: State, wish: SeekGrant) -> list[Fact]:
        grant = self._grants.next(wish.step)
        if isinstance(grant, Lost):
            return [e.RunReclaimed(state.now_ms + grant.after_ms)]
        by = "alice" if grant else ""
        return [e.GrantAnswered(state.now_ms, wish.step, wish.attempt, wish.action_hash, grant, by)]

    def _probe(self, state: State, wish: ProbeStep) -> list[Fact]:
        found = self._probes.next(wish.step)
        if isinstance(found, Lost):
            return [e.RunReclaimed(state.now_ms + found.after_ms)]
        return [e.ProbeAnswered(state.now_ms + 1, wish.step, wish.attempt, found)]

    def _deny(self, state: State, wish: Deny) -> list[Fact]:
        return [e.StepFailed(state.now_ms, wish.step, wish.attempt, wish.code, wish.message, advice=self._advice.get(wish.code))]

    def _cancel(self, state: State, wish: CancelStep) -> list[Fact]:
        phase = self._cancels.get(wish.step, "not_sent")
        return [e.StepFailed(state.now_ms, wish.step, wish.attempt, "CANCELLED", "called back", phase)]

    def _extend(self, state: State, wish: ExtendReservation) -> list[Fact]:
        wanted = wish.granted_micro_usd + wish.by_micro_usd
        models = dict(state.granted_by_model)
        if wish.model:
            models[wish.model] = models.get(wish.model, 0) + wish.by_model_micro_usd
        lacks = {f"model:{model}": wanted_on - self.room_by_model.get(model, wanted_on) for model, wanted_on in models.items()}
        lacks["run"] = 0 if self.room is None else wanted - self.room
        scope = max(lacks, key=lambda name: lacks[name])
        if lacks[scope] <= 0:
            return [e.ReservationExtended(state.now_ms, wanted, models)]
        return [e.ReservationRefused(state.now_ms, lacks[scope], scope, **self.refusal)]


_ANSWERS: dict[type[Decision], Callable[[ScriptWorld, State, Any], list[Fact]]] = {
    StartStep: ScriptWorld._call,
    CallPlanner: ScriptWorld._call,
    Admit: ScriptWorld._call,
    BoundCost: ScriptWorld._bound,
    SeekGrant: ScriptWorld._seek,
    ProbeStep: ScriptWorld._probe,
    Deny: ScriptWorld._deny,
    CancelStep: ScriptWorld._cancel,
    ExtendReservation: ScriptWorld._extend,
    AskApproval: ScriptWorld._asked,
    AskPerson: ScriptWorld._asked,
}


def pins_of(plan: Mapping[str, Any], pins: Mapping[str, Pin]) -> dict[str, Pin]:
    """Return what each step of a plan calls, fallbacks under `step!fallback`; a skill without a pin is free and harmless."""
    found: dict[str, Pin] = {}
    for step in plan["steps"]:
        for key, skill in ((step["step_id"], step["skill"]), (step["step_id"] + "!fallback", step.get("fallback_skill"))):
            if skill is not None:
                found[key] = pins.get(skill) or Pin(skill, "1.0.0")
    return found


def accepted(plan: dict[str, Any] | None = None, *, run_id: str = "run_1", at_ms: int = 0, **terms: Any) -> e.RunAccepted:
    """Return the first fact of a run: of this plan, or of a goal somebody must plan for."""
    return e.RunAccepted(at_ms, run_id, e.Terms(**terms), goal="a goal", plan=plan)


# People


def approve(*, by: str = "alice") -> Person:
    return lambda world, state, step: e.ApprovalDecided(state.now_ms + 1, step, state.steps[step].action_hash, approved=True, by=by)


def reject(reason: str = "", *, by: str = "alice") -> Person:
    return lambda world, state, step: e.ApprovalDecided(state.now_ms + 1, step, state.steps[step].action_hash, False, by, reason)


def answer(value: Any, *, by: str = "alice") -> Person:
    return lambda world, state, step: e.AnswerGiven(state.now_ms + 1, step, value, by)


def verdict(said: Literal["happened", "did_not_happen", "probe_again"], result: Any = None, *, by: str = "alice") -> Person:
    return lambda world, state, step: e.VerdictGiven(state.now_ms + 1, step, said, by, result=result)


def unfreeze(scope: str = "agent:agt_1", *, by: str = "alice") -> Person:
    return lambda world, state, step: e.FreezeLifted(state.now_ms + 1, scope, by)


def resume(*, by: str = "alice") -> Person:
    return lambda world, state, step: e.ResumeRequested(state.now_ms + 1, by)


def cancel(reason: str = "", *, by: str = "alice") -> Person:
    return lambda world, state, step: e.CancelRequested(state.now_ms + 1, by, reason)


def top_up(amount: int, *, by: str = "alice") -> Person:
    """Return somebody who raises the limit, and with it what the world's ledger has room for."""

    def act(world: ScriptWorld, state: State, step: str) -> Fact:
        world.room = None if world.room is None else world.room + amount
        limit = None if state.limit_micro_usd is None else state.limit_micro_usd + amount
        return e.ToppedUp(state.now_ms + 1, amount, limit, by)

    return act
