"""The two hashes of a run: how it behaved, and what came out. Behaviour leaves out clocks, results and run ids."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from runs.engine.decisions import (
    Alert,
    AskApproval,
    AskPerson,
    BoundCost,
    Decision,
    ExtendReservation,
    HoldBack,
    Ignore,
    OpenCircuit,
    Pause,
    Resume,
    SeekGrant,
    StartStep,
    Wait,
)
from runs.engine.events import PLAN, Fact, ProbeAnswered, StepFailed, StepSucceeded
from runs.engine.state import State, StepState
from skills.canonical import digest

# Said by the order in which parallel steps happen to end, by other runs or by people: no part of how the plan behaves.
_OUTSIDE = frozenset({Ignore, Wait, HoldBack, ExtendReservation, BoundCost, SeekGrant, OpenCircuit, Pause, Resume, Alert})
_NAMED: dict[type[Decision], tuple[str, ...]] = {
    StartStep: ("attempt", "skill", "version", "effect", "worst_micro_usd"),
    AskApproval: (),
    AskPerson: (),
}
_OF_OTHERS = ("attempt", "code", "skill", "delay_ms", "mode", "status", "answer", "worst_micro_usd", "cost_micro_usd")


def note_decisions(state: State, decisions: tuple[Decision, ...]) -> None:
    """Add to each step's trail what was decided about it. Nobody hashes a simulation."""
    for decision in () if state.simulated else decisions:
        if type(decision) not in _OUTSIDE:
            _trail(state, decision.step).append(_essence(decision))


def note_outcome(state: State, fact: Fact) -> None:
    """Add to the step's trail how a call ended: code, cost, effects; never results, texts or latency."""
    if state.simulated:
        return
    if isinstance(fact, StepSucceeded):
        _trail(state, fact.step).append(["ok", fact.attempt, fact.cost_micro_usd, _effects(fact.side_effects)])
    elif isinstance(fact, StepFailed):
        _trail(state, fact.step).append(["failed", fact.attempt, fact.code, fact.phase, fact.cost_micro_usd, _effects(fact.side_effects)])
    elif isinstance(fact, ProbeAnswered):
        _trail(state, fact.step).append(["probed", fact.attempt, fact.answer])


def _trail(state: State, key: str) -> list[list[Any]]:
    step = state.steps.get(key)
    return state.trail if step is None else step.trail


def _effects(side_effects: list[dict[str, Any]]) -> list[list[str]]:
    return [[effect["type"], effect["target"], effect["effect"]] for effect in side_effects]


def _essence(decision: Decision) -> list[Any]:
    kind, named = _form_of(type(decision))
    return [kind, decision.rule, *[getattr(decision, name) for name in named]]


@cache
def _form_of(kind: type[Decision]) -> tuple[str, tuple[str, ...]]:
    """Return what decisions of a kind are called, and which of their fields say how the plan behaves."""
    named = _NAMED.get(kind, _OF_OTHERS)
    return str(kind.__struct_config__.tag), tuple(name for name in named if name in kind.__struct_fields__)


def behaviour_hash(state: State, *, with_planning: bool = True) -> str:
    """Return the hash of how the run behaved: plan, versions, policies, decisions, codes, retries, cost, effects.

    Without planning it is that of the plan alone, whoever made it at whatever cost.
    """
    terms = msgspec.to_builtins(state.terms)
    terms.pop("deadline_at_ms", None)
    pins = {key: [pin.skill, pin.version, pin.digest] for key, pin in state.pins.items()}
    trails = {key: step.trail for key, step in state.steps.items() if with_planning or key != PLAN}
    planning = state.steps.get(PLAN)
    spent = state.spent_micro_usd - (0 if with_planning or planning is None else planning.cost_micro_usd)
    return digest([state.plan_hash, pins, terms, trails, state.trail, state.status, spent])


def content_hash(state: State) -> str:
    """Return the hash of what came out: every step's result. Not promised to be equal from run to run."""
    return digest({key: _content(step) for key, step in state.steps.items()})


def _content(step: StepState) -> Any:
    return step.result if step.status == "succeeded" else None
