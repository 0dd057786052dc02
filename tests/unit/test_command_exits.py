"""Exit codes are an interface: each outcome has its own, and scripts rely on it."""

from __future__ import annotations

import pytest

from runs.management.exits import exit_of_refusal, exit_of_run
from skills.refusal import Refusal


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        pytest.param(Refusal("NOT_FOUND", ""), 3, id="no-such-run"),
        pytest.param(Refusal("SKILL_NOT_FOUND", ""), 3, id="no-such-skill"),
        pytest.param(Refusal("INVALID_INPUT", ""), 2, id="bad-input"),
        pytest.param(Refusal("SCHEMA_VALIDATION_FAILED", ""), 2, id="bad-body"),
        pytest.param(Refusal("INVALID_INPUT", "", status=409), 5, id="against-the-state-of-things"),
        pytest.param(Refusal("PLAN_INVALID", ""), 5, id="not-feasible"),
        pytest.param(Refusal("FROZEN", ""), 5, id="kill-switch"),
        pytest.param(Refusal("BUDGET_EXCEEDED", ""), 5, id="no-money"),
        pytest.param(Refusal("CONCURRENCY_LIMITED", ""), 5, id="queue-full"),
        pytest.param(Refusal("PERMISSION_DENIED", ""), 4, id="not-allowed"),
        pytest.param(Refusal("TIMEOUT", ""), 124, id="time-out"),
        pytest.param(Refusal("STORE_UNAVAILABLE", ""), 7, id="no-database"),
    ],
)
def test_it_tells_refusals_apart(refusal: Refusal, expected: int) -> None:
    assert exit_of_refusal(refusal) == expected


@pytest.mark.parametrize(
    ("status", "waiting_for", "code", "expected"),
    [
        pytest.param("succeeded", None, None, 0, id="succeeded"),
        pytest.param("failed", None, "TIMEOUT", 1, id="failed"),
        pytest.param("failed", None, "PERMISSION_DENIED", 1, id="an-upstream-said-no"),
        pytest.param("failed", None, "BUDGET_EXCEEDED", 5, id="the-budget-said-no"),
        pytest.param("failed", None, "SKILL_NOT_ALLOWED", 5, id="policy-said-no"),
        pytest.param("failed", None, "OUTCOME_UNKNOWN", 8, id="nobody-knows"),
        pytest.param("partial", None, "TIMEOUT", 1, id="partial"),
        pytest.param("cancelled", None, "CANCELLED", 1, id="cancelled"),
        pytest.param("dead_lettered", None, "LEASE_LOST", 1, id="given-up"),
        pytest.param("waiting", "approval", None, 6, id="waits-for-a-person"),
        pytest.param("waiting", "budget", None, 6, id="waits-for-money"),
        pytest.param("waiting", "timer", None, 124, id="a-long-back-off"),
        pytest.param("queued", None, None, 124, id="queued"),
        pytest.param("running", None, None, 124, id="running"),
    ],
)
def test_it_tells_endings_apart(status: str, waiting_for: str | None, code: str | None, expected: int) -> None:
    assert exit_of_run({"status": status, "waiting_for": waiting_for, "failure_code": code}) == expected
