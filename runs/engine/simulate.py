"""The *model* world: a plan run against cost and latency models instead of skills, three times: low, expected, worst.

There is no second executor: dependencies, parallelism, retries and the critical path are the machine's own. Results
are unknown, so conditions on them are taken to hold and loops over them to be as long as they may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec

from agents.plan.references import UNKNOWN
from runs.engine.decisions import Admit, AskApproval, AskPerson, BoundCost, Decision, Deny, StartStep
from runs.engine.effects import needs_approval
from runs.engine.events import (
    AnswerGiven,
    ApprovalDecided,
    CostBounded,
    Fact,
    Pin,
    RunAccepted,
    RunAdmitted,
    StepFailed,
    StepSucceeded,
    Terms,
)
from runs.engine.graph import Node
from runs.engine.retry import backoff_for
from runs.engine.starting import pin_of
from runs.engine.state import State
from runs.engine.virtual import drive
from skills.taxonomy import spec_of

Case = Literal["low", "expected", "worst"]
CASES: tuple[Case, ...] = ("low", "expected", "worst")


class CallModel(msgspec.Struct, frozen=True):
    """What one call of a skill costs and takes. `worst_micro_usd` None: no price is known. `model` is what it is charged to."""

    low_micro_usd: int
    expected_micro_usd: int
    worst_micro_usd: int | None
    low_ms: int
    expected_ms: int
    worst_ms: int
    fails_with: str | None = None
    model: str = ""

    def cost(self, case: Case) -> int:
        return {"low": self.low_micro_usd, "expected": self.expected_micro_usd, "worst": self.worst_micro_usd or 0}[case]

    def duration(self, case: Case) -> int:
        return {"low": self.low_ms, "expected": self.expected_ms, "worst": self.worst_ms}[case]


Model = Callable[[Pin, Any], CallModel]


class Forecast(msgspec.Struct):
    """One case, as the machine went through it."""

    cost_micro_usd: int
    duration_ms: int
    cost_by_model: dict[str, int]
    step_cost: dict[str, int]
    step_duration: dict[str, int]
    denied: list[tuple[str, str, str, str]]
    unpriced: list[str]


class ModelWorld:
    """Answers every wish from the models; people agree at once, because their time is not the plan's."""

    def __init__(self, case: Case, pins: dict[str, Pin], model: Model) -> None:
        self._case = case
        self._pins = pins
        self._model = model
        self.denied: list[tuple[str, str, str, str]] = []
        self.unpriced: list[str] = []

    def answer(self, state: State, wish: Decision) -> Iterable[Fact]:
        at = state.now_ms
        if isinstance(wish, Admit):
            yield RunAdmitted(at, self._pins, plan_hash="", attempt=wish.attempt, granted_micro_usd=None)
        elif isinstance(wish, BoundCost):
            worst, model = self._bound(state, wish.step)
            yield CostBounded(at, wish.step, wish.attempt, worst, model)
        elif isinstance(wish, StartStep):
            yield self._call(state, wish)
        elif isinstance(wish, Deny):
            self.denied.append((wish.step, wish.code, wish.rule, wish.message))
            yield StepFailed(at, wish.step, wish.attempt, wish.code, wish.message, advice={"mode": "SKIP", "source": "simulation"})
        elif isinstance(wish, AskApproval):
            yield ApprovalDecided(at, wish.step, wish.action_hash, approved=True)
        elif isinstance(wish, AskPerson):
            yield AnswerGiven(at, wish.step, UNKNOWN if wish.rule == "skill_asks" else {"action": "abort"})

    def idle(self, state: State) -> Fact | None:
        return None

    def _bound(self, state: State, key: str) -> tuple[int, str]:
        step = state.steps[key]
        model = self._model(pin_of(state, step), step.params)
        if model.worst_micro_usd is None:
            self.unpriced.append(step.node)
        return model.worst_micro_usd or 0, model.model

    def _call(self, state: State, wish: StartStep) -> Fact:
        step = state.steps[wish.step]
        model = self._model(pin_of(state, step), step.params)
        took, cost = min(model.duration(self._case), wish.timeout_ms), model.cost(self._case)
        at = state.now_ms + took
        code = model.fails_with
        if self._case == "worst" and code is not None and wish.attempt < _attempts(code, state.nodes[step.node]):
            phase = "acked" if wish.effect in ("read", "idempotent_write") else "not_sent"
            return StepFailed(at, wish.step, wish.attempt, code, phase=phase, cost_micro_usd=cost, latency_ms=took)
        return StepSucceeded(at, wish.step, wish.attempt, UNKNOWN, cost_micro_usd=cost, latency_ms=took)


def _attempts(code: str, node: Node) -> int:
    return backoff_for(spec_of(code), {}, node.retry, insist=node.on_error == "retry").max_attempts


def forecast(case: Case, *, plan: dict[str, Any], pins: dict[str, Pin], terms: Terms, inputs: dict[str, Any], model: Model) -> Forecast:
    """Run one case and return what it cost and took."""
    world = ModelWorld(case, pins, model)
    free = msgspec.structs.replace(terms, deadline_at_ms=None, limit_micro_usd=None, per_step_max_micro_usd=None)
    first = RunAccepted(0, "simulated", free, plan=plan, inputs=inputs, simulated=True)
    state, _ = drive(first, world)
    steps = {node: [s for s in state.steps.values() if s.node == node] for node in state.nodes}
    return Forecast(
        cost_micro_usd=state.spent_micro_usd,
        duration_ms=state.now_ms,
        cost_by_model={model: spent for model, spent in state.spent_by_model.items() if spent},
        step_cost={node: sum(s.cost_micro_usd for s in group) for node, group in steps.items()},
        step_duration={node: sum(a.latency_ms or 0 for s in group for a in s.attempts) for node, group in steps.items()},
        denied=world.denied,
        unpriced=world.unpriced,
    )


def asks_first(node: Node, pin: Pin, terms: Terms) -> str | None:
    """Return why a step will ask a person before it starts, None where it will not."""
    if pin.asks:
        return "the skill asks a question"
    if needs_approval(node.approval, pin.effect, terms.approval_effects):
        return "the plan asks for it" if node.approval == "always" else f"policy for effect {pin.effect}"
    return None
