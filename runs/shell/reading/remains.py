"""A run's trace after retention took its payload: the same document, made from tombstones and step summaries.

Nothing is folded: without results the rules would decide otherwise. Pure over what it is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from runs.engine.decisions import AnyDecision
from runs.models import StepSummary
from runs.shell.codec import decode
from runs.shell.journal import Row
from runs.shell.reading.decided import decision_json
from runs.shell.tombstones import Tombstone, is_tombstone, read, tombstone_of

_ENDS = {"step_succeeded": "succeeded", "step_failed": "failed"}

Remnant = tuple[Row, Tombstone]


def remnants_of(rows: Iterable[Row]) -> list[Remnant]:
    """Return each event with what stays of it; one a removal has not come to yet is read as if it had."""
    return [(row, read(row.data) if is_tombstone(row.data) else tombstone_of(row.data, at_ms=0, rule="")) for row in rows]


def remains_of(run: dict[str, Any], rows: Iterable[Row], summaries: Iterable[StepSummary], why: str) -> dict[str, Any]:
    """Return the trace of a run of which something is gone; `removed` says what."""
    remnants = remnants_of(rows)
    attempts = _attempts(remnants)
    return {
        "run": run | {"result": None},
        "plan": None,
        "steps": [_step(summary, attempts.get(summary.key, [])) for summary in summaries],
        "decisions": [found for row, remnant in remnants for found in _decisions(row, remnant)],
        "events": [_event(row, remnant) for row, remnant in remnants],
        "side_effects": [effect | {"step_id": row.step} for row, remnant in remnants for effect in remnant.fact.get("side_effects", [])],
        # What was said when the run was accepted is payload and gone.
        "faults": [],
        "caller_trace": None,
        "removed": why,
    }


def decisions_of(row: Row) -> list[dict[str, Any]]:
    """Return what was decided about an event, whether its payload is there or gone."""
    if is_tombstone(row.data):
        return _decisions(row, read(row.data))
    return [decision_json(row.seq, row.at_ms, row.kind, decision) for decision in decode(row.data, seq=row.seq).decisions]


def _decisions(row: Row, remnant: Tombstone) -> list[dict[str, Any]]:
    return [decision_json(row.seq, row.at_ms, row.kind, msgspec.convert(each, AnyDecision)) for each in remnant.decisions]


def _event(row: Row, remnant: Tombstone) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "kind": row.kind,
        "at_ms": row.at_ms,
        "step_id": row.step or None,
        "attempt": row.attempt or None,
        "data": remnant.fact,
        "decisions": [decision["kind"] for decision in remnant.decisions],
    }


def _attempts(remnants: Iterable[Remnant]) -> dict[str, list[dict[str, Any]]]:
    """Return the calls of each step by its key, begun by a decision and ended by a fact."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for row, remnant in remnants:
        begun = found.get(row.step, {}).get(row.attempt)
        if begun is not None and row.kind in _ENDS:
            _end(begun, row, remnant)
        for decision in remnant.decisions:
            if decision["kind"] == "start":
                number = decision.get("attempt", 1)
                found.setdefault(decision.get("step", ""), {})[number] = _begun(row, number, decision)
    return {step: list(attempts.values()) for step, attempts in found.items()}


def _begun(row: Row, number: int, decision: dict[str, Any]) -> dict[str, Any]:
    nothing_yet = dict.fromkeys(("finished_at_ms", "code", "message", "latency_ms", "retry_due_ms", "rule", "model"))
    head = {"attempt": number, "skill": decision.get("skill", ""), "started_at_ms": row.at_ms, "status": "running", "cost_micro_usd": 0}
    return head | nothing_yet


def _end(attempt: dict[str, Any], row: Row, remnant: Tombstone) -> None:
    answer = next((d for d in remnant.decisions if d["kind"] in ("retry", "no_retry") and d.get("step") == row.step), {})
    attempt |= {
        "finished_at_ms": row.at_ms,
        "status": _ENDS[row.kind],
        "code": remnant.fact.get("code"),
        "cost_micro_usd": remnant.fact.get("cost_micro_usd", 0),
        "latency_ms": remnant.fact.get("latency_ms"),
        "retry_due_ms": answer.get("due_at_ms"),
        "rule": answer.get("rule"),
    }


def _step(summary: StepSummary, attempts: list[dict[str, Any]]) -> dict[str, Any]:
    gone = dict.fromkeys(("effect", "reason", "result", "degraded", "action_hash", "idempotency_key"))
    return gone | {
        "step_id": summary.key,
        "skill": summary.skill,
        "version": summary.skill_version or None,
        "status": summary.status,
        "depends_on": [],
        "attempts": attempts,
        "waits": [],
        "cost_micro_usd": summary.cost_micro_usd,
        "started_at_ms": summary.started_at_ms,
        "finished_at_ms": summary.finished_at_ms,
        "failure": _failure(summary.failure_code) if summary.failure_code else None,
    }


def _failure(code: str) -> dict[str, Any]:
    gone = dict.fromkeys(("message", "phase", "retry_after_ms", "advice", "fallback", "circuit_until_ms"))
    return gone | {"code": code, "details": {}, "suggestions": []}
