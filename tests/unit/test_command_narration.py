"""Events told as sentences: what happened, what the catalog advised, what was decided."""

from __future__ import annotations

from typing import Any

import pytest

from runs.management.narration import told

ADVICE = {"mode": "RETRY_EXPONENTIAL", "match_type": "code+skill", "confidence": 0.6, "confidence_label": "prior", "suggestions": ["Wait."]}
RETRY = {"kind": "retry", "rule": "advice", "step": "fetch", "attempt": 1, "delay_ms": 190, "mode": "RETRY_EXPONENTIAL"}


def words(kind: str, data: dict[str, Any], *decisions: dict[str, Any]) -> list[str]:
    return [said.words for said in told({"kind": kind, "data": data, "decisions": list(decisions)})]


def test_it_tells_a_failure_with_its_advice_and_the_back_off() -> None:
    failure = {"step": "fetch", "attempt": 1, "code": "TIMEOUT", "message": "no answer", "advice": ADVICE}
    assert words("step_failed", failure, RETRY) == [
        "fetch failed with TIMEOUT: no answer",
        "catalog (code+skill): RETRY_EXPONENTIAL, confidence 0.60 (prior)",
        "suggestion: Wait.",
        "back-off 190 ms, then attempt 2 (retry exponential)",
    ]


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        pytest.param(
            "step_succeeded", {"step": "a", "latency_ms": 5, "cost_micro_usd": 1_200}, ["a succeeded in 5 ms, cost $0.0012"], id="success"
        ),
        pytest.param("step_succeeded", {"step": "a"}, ["a succeeded in 0 ms, cost $0.0000"], id="free-success"),
        pytest.param("cancel_requested", {"by": "ann", "reason": "late"}, ["cancel requested by ann: late"], id="cancel"),
        pytest.param("time_came", {}, [], id="bookkeeping-tells-nothing"),
        pytest.param("some_later_kind", {}, [], id="an-unknown-kind"),
    ],
)
def test_it_tells_facts(kind: str, data: dict[str, Any], expected: list[str]) -> None:
    assert words(kind, data) == expected


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        pytest.param({"kind": "start", "rule": "r", "step": "a", "skill": "s", "version": "1.0.0"}, "a started: s 1.0.0", id="start"),
        pytest.param(
            {"kind": "start", "rule": "r", "step": "a", "skill": "s", "version": "1.0.0", "attempt": 2},
            "a started: s 1.0.0, attempt 2",
            id="start-again",
        ),
        pytest.param({"kind": "no_retry", "rule": "unsafe_effect"}, "no retry: unsafe effect", id="no-retry"),
        pytest.param({"kind": "fallback", "rule": "r", "step": "a", "skill": "b"}, "a falls back to b", id="fallback"),
        pytest.param(
            {"kind": "hold_back", "rule": "circuit_open", "step": "a", "scope": "circuit:s@h.test:443", "delay_ms": 900},
            "a waits 900 ms: h.test:443 is left alone for a while",
            id="an-open-circuit-holds",
        ),
        pytest.param(
            {"kind": "open_circuit", "rule": "circuit_threshold", "step": "a", "scope": "circuit:s@h.test:443"},
            "h.test:443 failed too often in a row: it is left alone for a while",
            id="a-circuit-opens",
        ),
        pytest.param({"kind": "restore", "rule": "catalog", "step": "a", "delay_ms": 90}, "a begins afresh in 90 ms", id="restore"),
        pytest.param({"kind": "hold_doubt", "rule": "r", "step": "a"}, "a is in doubt: its effect may have happened", id="doubt"),
        pytest.param({"kind": "finish", "rule": "r", "status": "failed", "code": "TIMEOUT"}, "run failed with TIMEOUT", id="finish"),
    ],
)
def test_it_tells_decisions(decision: dict[str, Any], expected: str) -> None:
    assert words("time_came", {}, decision) == [expected]
