"""The *model* world: a plan run against cost and latency models instead of skills, three times: low, expected, worst.

There is no second executor: dependencies, parallelism, retries, rates and the critical path are the machine's own. Results
are unknown, so conditions on them are taken to hold and loops over them to be as long as they may.

The worst case of costs is a bound, not a guess: every call fails as often as it may, at full cost, and a step that has a
fallback comes to it in the end. What fails without costing anything may fail more often. Beyond the bound are only people
who say "again", and workers that die during a call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from agents.limits import MINUTE_MS, Limit
from agents.plan.references import UNKNOWN, holds_unknown
from runs.engine.decisions import Admit, AskApproval, AskPerson, BoundCost, Decision, Deny, StartStep
from runs.engine.events import (
    AnswerGiven,
    ApprovalDecided,
    CostBounded,
    Fact,
    Pin,
    RunAccepted,
    RunAdmitted,
    StartHeld,
    StepFailed,
    StepSucceeded,
    Terms,
)
from runs.engine.gates import why_ask
from runs.engine.graph import Node, Retrying
from runs.engine.retry import backoff_for, restores_of, would_help
from runs.engine.shortened import Shortened, shortened
from runs.engine.starting import pin_of
from runs.engine.state import State, StepState
from runs.engine.virtual import drive
from skills.canonical import digest
from skills.taxonomy import spec_of

Case = Literal["low", "expected", "worst"]
CASES: tuple[Case, ...] = ("low", "expected", "worst")
FINAL_CODE = "INTERNAL_ERROR"
"""How a call fails that has a fallback and nothing that trying again could mend."""


class Trouble(msgspec.Struct, frozen=True):
    """A way a call may fail that trying again could mend, with what the catalog says about it."""

    code: str
    advice: Mapping[str, Any] = {}

    @property
    def mode(self) -> str:
        return str(self.advice.get("mode") or spec_of(self.code).mode)


class CallModel(msgspec.Struct, frozen=True):
    """What one call of a skill costs and takes. `worst_micro_usd` None: no price is known. `model` is what it is charged to, `target`
    where it goes.

    `measured`: the times are those of whole steps as history knows them, tries that failed included.
    """

    low_micro_usd: int
    expected_micro_usd: int
    worst_micro_usd: int | None
    low_ms: int
    expected_ms: int
    worst_ms: int
    troubles: tuple[Trouble, ...] = ()
    model: str = ""
    limits: tuple[Limit, ...] = ()
    measured: bool = False
    target: str | None = None

    def cost(self, case: Case) -> int:
        return {"low": self.low_micro_usd, "expected": self.expected_micro_usd, "worst": self.worst_micro_usd or 0}[case]

    def duration(self, case: Case) -> int:
        return {"low": self.low_ms, "expected": self.expected_ms, "worst": self.worst_ms}[case]


Model = Callable[[Pin, Any], CallModel]


class Paid(msgspec.Struct):
    """A call that costs something: by which pin, with what, and how many of it were paid for."""

    node: str
    pin: str
    params: Any
    model: CallModel
    times: int = 0


class Forecast(msgspec.Struct):
    """One case, as the machine went through it. `step_bound` is the most one call of a step can cost, `step_target` where one goes
    if that matters, `waits_ms` how long the limits made a call wait at most, `repeated` which calls are one and the same, as
    (step, skill, how often)."""

    cost_micro_usd: int
    duration_ms: int
    cost_by_model: dict[str, int]
    step_cost: dict[str, int]
    step_duration: dict[str, int]
    denied: list[tuple[str, str, str, str]]
    unpriced: list[str]
    step_bound: dict[str, int] = {}
    step_target: dict[str, str | None] = {}
    calls: int = 0
    calls_by_limit: dict[Limit, int] = {}
    waits_ms: dict[Limit, int] = {}
    repeated: list[tuple[str, str, int]] = []
    paid: list[Paid] = []


class _Tries(NamedTuple):
    """How a step fails in the worst case: so many calls in a row that count, by which trouble, the first ones slowly; and
    how often it then begins afresh."""

    most: int
    trouble: Trouble
    slow: int
    restores: int = 0

    @property
    def total(self) -> int:
        return self.most * (1 + self.restores)


class _Memory:
    """What all cases of one plan share: the model of each call, and how it fails."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._calls: dict[tuple[str, bool], CallModel] = {}
        self._tries: dict[tuple[str, Retrying | None, bool], _Tries] = {}

    def call(self, state: State, step: StepState) -> CallModel:
        key = step.key, step.on_fallback
        found = self._calls.get(key)
        if found is None:
            found = self._calls[key] = self._model(pin_of(state, step), step.params)
        return found

    def tries(self, model: CallModel, skill: str, node: Node) -> _Tries:
        key = skill, node.retry, node.on_error == "retry"
        found = self._tries.get(key)
        if found is None:
            found = self._tries[key] = _tries(model.troubles, node.retry, insist=key[2])
        return found


def _tries(troubles: Iterable[Trouble], policy: Retrying | None, *, insist: bool) -> _Tries:
    """Return the most calls any trouble leads to; of those that take the whole time-out there are as many as TIMEOUT allows."""
    found, slow = _Tries(1, Trouble(FINAL_CODE), 0), 0
    for trouble in troubles:
        spec = spec_of(trouble.code)
        if would_help(spec, trouble.mode, insisted=policy is not None or insist):
            most = backoff_for(spec, trouble.advice, policy, insist=insist).max_attempts
            slow = most - 1 if trouble.code == "TIMEOUT" else slow
            tries = _Tries(most, trouble, 0, restores_of(trouble.mode, trouble.advice))
            found = tries if tries.total > found.total else found
    return found._replace(slow=slow)


class _Rates:
    """Lets calls through by their limits, in virtual time. Whoever must wait is given an instant, and held once."""

    def __init__(self) -> None:
        self.waits_ms: dict[Limit, int] = {}
        self._passed: dict[Limit, list[int]] = {}
        self._given: dict[str, int] = {}

    def take(self, key: str, limits: tuple[Limit, ...], now_ms: int, calls: int) -> tuple[Limit, int] | None:
        """Return the limit that makes a call wait and for how long; None lets it through. One that stands for several comes
        with the last of them."""
        if not limits or self._given.pop(key, None) is not None:
            return None
        until, fullest = now_ms, None
        for limit in limits:
            passes = self._passes(limit, now_ms, calls)
            if passes > until:
                until, fullest = passes, limit
        if fullest is None:
            return None
        self._given[key] = until
        self.waits_ms[fullest] = max(until - now_ms, self.waits_ms.get(fullest, 0))
        return fullest, until - now_ms

    def _passes(self, limit: Limit, now_ms: int, calls: int) -> int:
        """Count calls in a limit, and return when it has let them all through."""
        passed = self._passed.setdefault(limit, [])
        for _ in range(calls):
            before = passed[-limit.per_minute] + MINUTE_MS if len(passed) >= limit.per_minute else now_ms
            passed.append(before if before > now_ms else now_ms)
        return passed[-1]

    @property
    def calls(self) -> dict[Limit, int]:
        """Return how many calls were counted in each limit."""
        return {limit: len(passed) for limit, passed in self._passed.items()}


class ModelWorld:
    """Answers every wish from the models; people agree at once, because their time is not the plan's."""

    def __init__(self, case: Case, pins: dict[str, Pin], memory: _Memory, short: Shortened) -> None:
        self._case = case
        self._pins = pins
        self._memory = memory
        self._short = short
        self.rates = _Rates()
        self.calls = 0
        self.denied: list[tuple[str, str, str, str]] = []
        self.unpriced: list[str] = []
        self.bounds: dict[str, int] = {}
        self.targets: dict[str, str | None] = {}
        self.paid: dict[tuple[str, bool], Paid] = {}

    def answer(self, state: State, wish: Decision) -> Iterable[Fact]:
        answered = _ANSWERED.get(type(wish))
        return () if answered is None else (answered(self, state, wish),)

    def idle(self, state: State) -> Fact | None:
        return None

    def admit(self, state: State, wish: Admit) -> Fact:
        return RunAdmitted(state.now_ms, self._pins, plan_hash="", attempt=wish.attempt, granted_micro_usd=None)

    def bound(self, state: State, wish: BoundCost) -> Fact:
        step = state.steps[wish.step]
        model = self._memory.call(state, step)
        if model.worst_micro_usd is None:
            self.unpriced.append(step.node)
        self.targets[step.node] = model.target
        self.bounds[step.node] = max(model.worst_micro_usd or 0, self.bounds.get(step.node, 0))
        return CostBounded(state.now_ms, wish.step, wish.attempt, model.worst_micro_usd or 0, model.model, model.target)

    def fail(self, state: State, wish: Deny) -> Fact:
        self.denied.append((wish.step.partition("#")[0], wish.code, wish.rule, wish.message))
        advice = {"mode": "SKIP", "source": "simulation"}
        return StepFailed(state.now_ms, wish.step, wish.attempt, wish.code, wish.message, advice=advice)

    def approve(self, state: State, wish: AskApproval) -> Fact:
        return ApprovalDecided(state.now_ms, wish.step, wish.action_hash, approved=True)

    def reply(self, state: State, wish: AskPerson) -> Fact:
        return AnswerGiven(state.now_ms, wish.step, UNKNOWN)

    def call(self, state: State, wish: StartStep) -> Fact:
        step, at = state.steps[wish.step], state.now_ms
        model = self._memory.call(state, step)
        times = self._short.times(step.node, step.index)
        held = self.rates.take(wish.step, model.limits, at, times)
        if held is not None:
            limit, wait_ms = held
            return StartHeld(at, wish.step, wish.attempt, "RATE_LIMITED", limit.scope, limit=limit.per_minute, retry_after_ms=wait_ms)
        self.calls += times
        if self._case == "worst":
            return self._worst(state, wish, step, model, times)
        took = self._short.stretched(step.node, min(model.duration(self._case), wish.timeout_ms))
        cost = self._pay(step, model, times)
        return StepSucceeded(at + took, wish.step, wish.attempt, UNKNOWN, cost_micro_usd=cost, latency_ms=took)

    def _pay(self, step: StepState, model: CallModel, times: int) -> int:
        if model.worst_micro_usd != 0:
            key = step.key, step.on_fallback
            pin = step.node + "!fallback" if step.on_fallback else step.node
            self.paid.setdefault(key, Paid(step.node, pin, step.params, model)).times += times
        return model.cost(self._case) * times

    def _worst(self, state: State, wish: StartStep, step: StepState, model: CallModel, times: int) -> Fact:
        """Fail as often as may be, then give the result, or leave that to the fallback."""
        node = state.nodes[step.node]
        tries, failed = self._memory.tries(model, wish.skill, node), step.burned + step.unsent
        longest = wish.timeout_ms * tries.total if model.measured else wish.timeout_ms
        falls_back = node.fallback_skill is not None and node.on_error == "fallback" and not step.on_fallback
        if failed + 1 >= tries.most and step.restores >= tries.restores and not falls_back:
            took = self._short.stretched(step.node, min(model.worst_ms, longest))
            cost = self._pay(step, model, times)
            return StepSucceeded(state.now_ms + took, wish.step, wish.attempt, UNKNOWN, cost_micro_usd=cost, latency_ms=took)
        advice = tries.trouble.advice
        took = min(model.worst_ms if failed < tries.slow else model.expected_ms, wish.timeout_ms)
        if model.measured:
            # What its tries take is part of what its steps took.
            took = 0
            if not tries.restores:
                advice = {"mode": "RETRY_IMMEDIATE", "max_attempts": tries.most}
        cost = self._pay(step, model, times)
        # Of what must not happen twice only that is tried again which was never sent.
        phase = "acked" if wish.effect in ("none", "read", "idempotent_write") else "not_sent"
        took = self._short.stretched(step.node, took)
        at, code = state.now_ms + took, tries.trouble.code
        return StepFailed(at, wish.step, wish.attempt, code, phase=phase, cost_micro_usd=cost, latency_ms=took, advice=dict(advice))


_ANSWERED: dict[type[Decision], Callable[[ModelWorld, State, Any], Fact]] = {
    StartStep: ModelWorld.call,
    BoundCost: ModelWorld.bound,
    Admit: ModelWorld.admit,
    Deny: ModelWorld.fail,
    AskApproval: ModelWorld.approve,
    AskPerson: ModelWorld.reply,
}
"""How each wish is answered; the others are records, and wait for nothing."""


def forecasts(
    *,
    plan: dict[str, Any],
    pins: dict[str, Pin],
    terms: Terms,
    inputs: dict[str, Any],
    model: Model,
    cases: Iterable[Case] = CASES,
    carried: Mapping[str, Any] | None = None,
) -> dict[Case, Forecast]:
    """Run the cases and return what each cost and took. Steps whose result is `carried` over take and cost nothing."""
    free = msgspec.structs.replace(
        terms, deadline_at_ms=None, limit_micro_usd=None, per_step_max_micro_usd=None, max_attempts=None, max_repetitions=None
    )
    short, memory = shortened(plan, inputs, terms.max_parallel), _Memory(model)
    first = RunAccepted(0, "simulated", free, plan=short.plan, inputs=inputs, memory=short.memory, simulated=True)
    first = msgspec.structs.replace(first, carried=dict(carried or {}))
    return {case: _forecast(case, first, pins, memory, short, terms.max_repetitions) for case in cases}


def forecast(
    case: Case,
    *,
    plan: dict[str, Any],
    pins: dict[str, Pin],
    terms: Terms,
    inputs: dict[str, Any],
    model: Model,
    carried: Mapping[str, Any] | None = None,
) -> Forecast:
    """Run one case and return what it cost and took."""
    return forecasts(plan=plan, pins=pins, terms=terms, inputs=inputs, model=model, cases=(case,), carried=carried)[case]


def _forecast(
    case: Case, first: RunAccepted, pins: dict[str, Pin], memory: _Memory, short: Shortened, max_repetitions: int | None
) -> Forecast:
    world = ModelWorld(case, pins, memory, short)
    state, _ = drive(first, world)
    steps: dict[str, list[StepState]] = {node: [] for node in state.nodes}
    for step in state.steps.values():
        if step.node in steps:
            steps[step.node].append(step)
    return Forecast(
        cost_micro_usd=state.spent_micro_usd,
        duration_ms=state.now_ms,
        cost_by_model={model: spent for model, spent in state.spent_by_model.items() if spent},
        step_cost={node: sum(s.cost_micro_usd for s in group) for node, group in steps.items()},
        step_duration={node: _took_ms(group) for node, group in steps.items()},
        denied=world.denied,
        unpriced=world.unpriced,
        step_bound=world.bounds,
        step_target=world.targets,
        calls=world.calls,
        calls_by_limit=world.rates.calls,
        waits_ms=world.rates.waits_ms,
        repeated=_repeated(state, short, max_repetitions) if case == "expected" else [],
        paid=list(world.paid.values()),
    )


def _took_ms(group: list[StepState]) -> int:
    """Return the time a step was at work, between its tries left out; a loop from its first item to its last."""
    whole = group[0]
    if len(group) > 1:
        return (whole.finished_at_ms or 0) - (whole.started_at_ms or 0)
    return sum(attempt.latency_ms or 0 for attempt in whole.attempts)


def _repeated(state: State, short: Shortened, most: int | None) -> list[tuple[str, str, int]]:
    """Return the calls that are made more often than one call may be repeated, each by the first step that makes it."""
    if most is None:
        return []
    made = [step for step in state.steps.values() if step.node in state.nodes and step.attempts and _is_counted(state, step)]
    often = Counter[str]()
    for step in made:
        often[pin_of(state, step).skill] += short.times(step.node, step.index)
    times, first = Counter[str](), dict[str, tuple[str, str]]()
    for step in made:
        skill = pin_of(state, step).skill
        if often[skill] > most and not holds_unknown(step.params):
            call = digest([skill, step.params])
            times[call] += short.times(step.node, step.index)
            first.setdefault(call, (step.node, skill))
    return [(*first[call], count) for call, count in times.items() if count > most]


def _is_counted(state: State, step: StepState) -> bool:
    pin = pin_of(state, step)
    return not (pin.free and pin.effect == "none")


def asks_first(node: Node, pin: Pin, terms: Terms, worst_micro_usd: int | None, target: str | None) -> str | None:
    """Return why a step will ask a person before it starts, None where it will not. Of its price and target as much as is known."""
    if pin.asks:
        return "the skill asks a question"
    rule = why_ask(node.approval, pin, terms, worst_micro_usd, target)
    return _WHY.get(rule, rule).format(effect=pin.effect, above=terms.approval_above_micro_usd, target=target) or None


_WHY = {
    "plan_asks": "the plan asks for it",
    "policy_by_effect": "policy for effect {effect}",
    "policy_by_cost": "policy for calls above {above} micro-USD",
    "policy_by_target": "policy for calls to {target}",
    "policy_by_first_use": "policy for the first call to {target}, unless a person let the agent there before",
}
