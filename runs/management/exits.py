"""Says by its exit code how a command went: the codes scripts rely on, and what leads to which. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skills.refusal import Refusal
from skills.taxonomy import Category, spec_of

OK = 0
RUN_FAILED = 1
USAGE = 2
NOT_FOUND = 3
NOT_ALLOWED = 4
REFUSED = 5
WAITING = 6
SERVER = 7
OUTCOME_UNKNOWN = 8
TIMED_OUT = 124
INTERRUPTED = 130
PIPE_CLOSED = 141

# Codes by which policy or budget said no; another resource or permission code came from the outside and failed the run.
_POLICY = frozenset(
    {
        "BUDGET_EXCEEDED",
        "DAILY_LIMIT_EXCEEDED",
        "QUOTA_EXHAUSTED",
        "PRICE_UNKNOWN",
        "SKILL_NOT_ALLOWED",
        "BLOCKED_TARGET",
        "APPROVAL_REJECTED",
        "APPROVAL_EXPIRED",
        "SANDBOX_UNAVAILABLE",
        "FROZEN",
        "PLAN_INVALID",
        "CONCURRENCY_LIMITED",
    }
)
_BY_CODE = {
    "NOT_FOUND": NOT_FOUND,
    "SKILL_NOT_FOUND": NOT_FOUND,
    "PERMISSION_DENIED": NOT_ALLOWED,
    "TIMEOUT": TIMED_OUT,
    "OUTCOME_UNKNOWN": OUTCOME_UNKNOWN,
    "STORE_UNAVAILABLE": SERVER,
}


def exit_of_refusal(refusal: Refusal) -> int:
    """Return the exit code of a request that was refused."""
    if refusal.code in _BY_CODE:
        return _BY_CODE[refusal.code]
    # 409: the request is fine and the state of things is against it, as for the cancel of a run that is over.
    if refusal.code in _POLICY or refusal.status == 409:
        return REFUSED
    return USAGE if spec_of(refusal.code).category is Category.VALIDATION else SERVER


def exit_of_run(run: Mapping[str, Any]) -> int:
    """Return the exit code of a run as `run_json` shows it; one that still goes on has not answered in time."""
    status, code = run["status"], run["failure_code"]
    if status == "succeeded":
        return OK
    if status == "waiting" and run["waiting_for"] != "timer":
        return WAITING
    if status in ("queued", "running", "waiting"):
        return TIMED_OUT
    if code == "OUTCOME_UNKNOWN":
        return OUTCOME_UNKNOWN
    return REFUSED if code in _POLICY else RUN_FAILED
