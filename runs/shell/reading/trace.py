"""A run's trace: one JSON document from its journal, the same for API, commands and console. Pure over what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from runs.engine.state import Failure, State, StepState
from runs.engine.virtual import Entry, state_after
from runs.faults.contracts import Fault
from runs.shell.clock import as_datetime
from runs.shell.codec import kind_of, plain
from runs.shell.reading.decided import decision_json
from skills.instants import instant


def trace_of(run: dict[str, Any], history: list[Entry]) -> dict[str, Any]:
    """Return the trace of a run given its row's JSON and its journal."""
    state = state_after(entry.fact for entry in history)
    decisions = [found for seq, entry in enumerate(history, start=1) for found in _decisions(seq, entry)]
    return trace_with(run, state, decisions, [event_json(seq, entry) for seq, entry in enumerate(history, start=1)])


def trace_with(run: dict[str, Any], state: State, decisions: Sequence[Any], events: Sequence[Any]) -> dict[str, Any]:
    """Return the trace of a run in a state its journal folds to, with that journal's decisions and events as they are told."""
    started = next((s.started_at_ms for s in state.steps.values() if s.started_at_ms is not None), None)
    if run["started_at"] is None and started is not None:
        run = run | {"started_at": instant(as_datetime(started))}
    return {
        "run": run | {"result": result_of(state)},
        "plan": state.plan,
        "steps": [step_json(state, step) for step in _in_order(state)],
        "decisions": decisions,
        "events": events,
        "side_effects": [effect | {"step_id": step.key} for step in _in_order(state) for effect in step.side_effects],
        "faults": [Fault.model_validate(fault).model_dump(mode="json") for fault in state.means.get("faults", ())],
        "caller_trace": state.means.get("caller_trace"),
        "removed": None,
    }


def result_of(state: State) -> Any:
    """Return what the run gives: the results of steps with an output_key, else those of the steps nobody waits for."""
    named = {node.output_key: state.steps[key].result for key, node in state.nodes.items() if node.output_key and key in state.steps}
    if named:
        return named
    last = {key: state.steps[key].result for key in state.nodes if key in state.steps and not state.dependents[key]}
    return next(iter(last.values())) if len(last) == 1 else last or None


def _in_order(state: State) -> list[StepState]:
    return sorted(state.steps.values(), key=lambda step: step.order)


def step_json(state: State, step: StepState) -> dict[str, Any]:
    """Return one step with its attempts and waits."""
    node = state.nodes.get(step.node)
    pin = state.pins.get(f"{step.node}!fallback" if step.on_fallback else step.node)
    return {
        "step_id": step.key,
        "skill": pin.skill if pin else node.skill if node else "",
        "version": pin.version if pin else None,
        "effect": pin.effect if pin else None,
        "status": step.status,
        "depends_on": list(node.needs) if node else [],
        "reason": step.reason or step.why,
        "attempts": plain(step.attempts),
        "waits": [{"for": name, "from_ms": begun, "until_ms": until} for name, begun, until in step.waits],
        "cost_micro_usd": step.cost_micro_usd,
        "started_at_ms": step.started_at_ms,
        "finished_at_ms": step.finished_at_ms,
        "failure": failure_json(step.failure) if step.failure else None,
        "result": step.result,
        "degraded": step.degraded,
        "action_hash": step.action_hash or None,
        "idempotency_key": step.idempotency_key or None,
    }


def failure_json(failure: Failure) -> dict[str, Any]:
    """Return a failure, defaults included."""
    return {name: plain(value) for name, value in msgspec.structs.asdict(failure).items()}


def _decisions(seq: int, entry: Entry) -> list[dict[str, Any]]:
    return [decision_json(seq, entry.fact.at_ms, kind_of(entry.fact), decision) for decision in entry.decisions]


def event_json(seq: int, entry: Entry) -> dict[str, Any]:
    """Return one event with its fact."""
    return {
        "seq": seq,
        "kind": kind_of(entry.fact),
        "at_ms": entry.fact.at_ms,
        "step_id": getattr(entry.fact, "step", None),
        "attempt": getattr(entry.fact, "attempt", None),
        "data": plain(entry.fact),
        "decisions": [kind_of(decision) for decision in entry.decisions],
    }
