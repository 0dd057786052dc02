"""Says by its exit code how a command went: the codes scripts rely on, and what leads to which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aos_sdk._errors import (
    AOSError,
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    RunFailedError,
    ServerError,
    WaitTimeoutError,
)

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

# Codes by which policy or budget said no; another failure came from the outside.
POLICY = frozenset(
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
_BY_KIND: tuple[tuple[type[AOSError], int], ...] = (
    (NotFoundError, NOT_FOUND),
    (AuthenticationError, NOT_ALLOWED),
    (PermissionDeniedError, NOT_ALLOWED),
    (ConflictError, REFUSED),
    (ServerError, SERVER),
    (APIConnectionError, SERVER),
    (WaitTimeoutError, TIMED_OUT),
    (ConfigurationError, USAGE),
)


def exit_of_error(error: AOSError) -> int:
    """Return the exit code of what the SDK raised."""
    if isinstance(error, RunFailedError):
        return exit_of_outcome(error.outcome)
    if error.code == "OUTCOME_UNKNOWN":
        return OUTCOME_UNKNOWN
    if error.code in POLICY:
        return REFUSED
    for kind, code in _BY_KIND:
        if isinstance(error, kind):
            return code
    # 429 says that the server has enough to do; what else is refused was asked wrongly.
    return SERVER if isinstance(error, APIStatusError) and error.status == 429 else USAGE


def exit_of_outcome(outcome: Mapping[str, Any]) -> int:
    """Return the exit code of a run, or of the outcome of one skill."""
    if "status" in outcome:
        return exit_of_run(outcome)
    code = (outcome.get("failure") or {}).get("code")
    if outcome.get("success"):
        return OK
    return OUTCOME_UNKNOWN if code == "OUTCOME_UNKNOWN" else REFUSED if code in POLICY else RUN_FAILED


def exit_of_run(run: Mapping[str, Any]) -> int:
    """Return the exit code of a run; one that still goes on has not answered in time."""
    status, code = run["status"], run.get("failure_code")
    if status == "succeeded":
        return OK
    if status == "waiting" and run.get("waiting_for") != "timer":
        return WAITING
    if status in ("queued", "running", "waiting"):
        return TIMED_OUT
    if code == "OUTCOME_UNKNOWN":
        return OUTCOME_UNKNOWN
    return REFUSED if code in POLICY else RUN_FAILED
