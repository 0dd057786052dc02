"""A trace as `runs.selectors.trace_json` gives it, written by hand: a slow fetch with a retry, an approval, a failure."""

from __future__ import annotations

from typing import Any

from runs.shell.reading.decided import in_words

T0 = 1_767_312_000_000  # 2026-01-02T00:00:00Z
CREATED = "2026-01-02T00:00:00Z"


def a_trace(**run: Any) -> dict[str, Any]:
    """Return the trace of a run that failed after ten seconds, with the run's fields changed as given."""
    return {
        "run": {**_RUN, **run},
        "plan": {"schema_version": "1", "planner": "stub", "steps": [{"step_id": "fetch", "params": {"url": "https://a.example/"}}]},
        "steps": [_fetch(), _notify(), a_step("publish", "http_call", "pending"), a_step("sum", "llm_invoke", "skipped")],
        "decisions": [
            a_decision(2, T0 + 600, "admit", "admit_before_start", detail={"worst_micro_usd": 4_000}),
            a_decision(3, T0 + 2_600, "retry", "advice_code", "fetch", attempt=1, delay_ms=400, because={"code": "TIMEOUT"}),
        ],
        "events": [
            {"seq": 1, "kind": "run_accepted", "at_ms": T0, "step_id": None, "attempt": None, "data": {}, "decisions": ["call_planner"]},
            {
                "seq": 2,
                "kind": "plan_proposed",
                "at_ms": T0 + 600,
                "step_id": None,
                "attempt": None,
                "data": {"n": 4},
                "decisions": ["admit"],
            },
            {
                "seq": 3,
                "kind": "step_failed",
                "at_ms": T0 + 2_600,
                "step_id": "fetch",
                "attempt": 1,
                "data": {},
                "decisions": [{"kind": "retry"}],
            },
        ],
        "side_effects": [{"type": "HTTP_REQUEST", "target": "a.example", "effect": "read", "phase": "acked", "reversible": False}],
    }


def a_decision(seq: int, at_ms: int, kind: str, rule: str, step_id: str | None = None, **changes: Any) -> dict[str, Any]:
    decision: dict[str, Any] = {
        "seq": seq,
        "at_ms": at_ms,
        "event": "step_failed" if step_id else "plan_proposed",
        "kind": kind,
        "rule": rule,
        "words": in_words(rule),
        "step_id": step_id,
        "attempt": None,
        "because": {},
        "alternatives": [],
        "delay_ms": None,
        "due_at_ms": None,
        "due_at": None,
        "detail": {},
    }
    return {**decision, **changes}


_COST = {"spent_micro_usd": 1_500, "reserved_micro_usd": 2_000, "limit_micro_usd": 2_000_000, "worst_to_finish_micro_usd": 2_400_000}
_RUN: dict[str, Any] = {
    "run_id": "run_" + "0" * 32,
    "status": "failed",
    "waiting_for": "",
    "goal": "Fetch the page and publish its headings",
    "agent": "researcher",
    "planner": "stub",
    "summary": "notify failed: the host answered 403",
    "failure_code": "PERMISSION_DENIED",
    "cost": _COST,
    "steps_total": 4,
    "steps_done": 1,
    "retries": 1,
    "created_at": CREATED,
    "started_at": "2026-01-02T00:00:00.500Z",
    "finished_at": "2026-01-02T00:00:10Z",
    "behaviour_hash": "ab" * 32,
    "content_hash": "",
    "parent_run_id": None,
    "relation": "",
    "blocked_by": None,
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "result": None,
}


def a_step(step_id: str, skill: str, status: str, **changes: Any) -> dict[str, Any]:
    step: dict[str, Any] = {
        "step_id": step_id,
        "skill": skill,
        "version": "1.0.0",
        "effect": "read",
        "status": status,
        "depends_on": [],
        "reason": "",
        "attempts": [],
        "waits": [],
        "cost_micro_usd": 0,
        "started_at_ms": None,
        "finished_at_ms": None,
        "failure": None,
        "result": None,
    }
    return {**step, **changes}


def an_attempt(number: int, started: int, finished: int | None, status: str, **changes: Any) -> dict[str, Any]:
    attempt: dict[str, Any] = {
        "attempt": number,
        "skill": "http_call",
        "started_at_ms": started,
        "finished_at_ms": finished,
        "status": status,
        "code": None,
        "message": None,
        "cost_micro_usd": 0,
        "latency_ms": None,
        "retry_due_ms": None,
        "rule": None,
    }
    return {**attempt, **changes}


def _fetch() -> dict[str, Any]:
    first = an_attempt(1, T0 + 600, T0 + 2_600, "failed", code="TIMEOUT", message="no answer", retry_due_ms=T0 + 3_000)
    second = an_attempt(2, T0 + 3_000, T0 + 4_000, "succeeded")
    times = {"started_at_ms": T0 + 600, "finished_at_ms": T0 + 4_000, "cost_micro_usd": 1_500}
    return a_step("fetch", "http_call", "succeeded", attempts=[first, second], result={"title": "A page"}, **times)


def _notify() -> dict[str, Any]:
    match = {"mode": "ABORT", "source": "code", "confidence": 0.3, "confidence_label": "prior", "suggestions": ["Check the secret."]}
    failure = {
        "code": "PERMISSION_DENIED",
        "message": "the host answered 403",
        "phase": "acked",
        "advice": match,
    }
    return a_step(
        "notify",
        "http_call",
        "failed",
        effect="irreversible",
        depends_on=["fetch"],
        attempts=[an_attempt(1, T0 + 9_000, T0 + 10_000, "failed", code="PERMISSION_DENIED", message="the host answered 403")],
        waits=[{"for": "approval", "from_ms": T0 + 4_000, "until_ms": T0 + 9_000}],
        started_at_ms=T0 + 4_000,
        finished_at_ms=T0 + 10_000,
        failure=failure,
    )
