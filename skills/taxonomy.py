"""What can go wrong: every failure code of AOS, once, with what follows from it.

    Category            would trying again help?
    ├── TRANSIENT       yes, the world may have changed
    ├── PERMANENT       no
    ├── RESOURCE        only after the resource is there again (RATE_LIMITED, CONCURRENCY_LIMITED)
    ├── PERMISSION      no, somebody must allow it first
    └── VALIDATION      no, the input must change

The same condition always gives the same code, and a code's meaning never changes; a new code is a
changelog line. Messages may vary and are never matched on.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Category(StrEnum):
    TRANSIENT = "transient"
    PERMANENT = "permanent"
    RESOURCE = "resource"
    PERMISSION = "permission"
    VALIDATION = "validation"


class RecoveryMode(StrEnum):
    """What can be done about a failure; chosen by `catalog.recovery`, carried out by the machine."""

    RETRY_IMMEDIATE = "RETRY_IMMEDIATE"
    RETRY_EXPONENTIAL = "RETRY_EXPONENTIAL"
    RETRY_WITH_JITTER = "RETRY_WITH_JITTER"
    FALLBACK = "FALLBACK"
    CIRCUIT_BREAKER = "CIRCUIT_BREAKER"
    SKIP = "SKIP"
    ABORT = "ABORT"
    ESCALATE = "ESCALATE"
    CHECKPOINT_RESTORE = "CHECKPOINT_RESTORE"
    MANUAL_INTERVENTION = "MANUAL_INTERVENTION"


RETRY_MODES = frozenset(
    {
        RecoveryMode.RETRY_IMMEDIATE,
        RecoveryMode.RETRY_EXPONENTIAL,
        RecoveryMode.RETRY_WITH_JITTER,
        RecoveryMode.CIRCUIT_BREAKER,
        RecoveryMode.CHECKPOINT_RESTORE,
    }
)


class Backoff(NamedTuple):
    """How often to try in all, and how long to wait between: `first_ms · factor^(n-1)`, at most `cap_ms`."""

    max_attempts: int
    first_ms: int
    cap_ms: int
    factor: float


NO_RETRY = Backoff(1, 0, 0, 1.0)
TRANSIENT_BACKOFF = Backoff(3, 100, 5_000, 2.0)
RATE_LIMIT_BACKOFF = Backoff(3, 1_000, 30_000, 2.0)
SERVER_ERROR_BACKOFF = Backoff(2, 500, 10_000, 2.0)
TIMEOUT_BACKOFF = Backoff(2, 200, 5_000, 1.5)
CONNECTION_BACKOFF = Backoff(3, 100, 5_000, 2.0)


class CodeSpec(NamedTuple):
    """One row of the taxonomy. `http_status` is what our own API answers when a request ends in this code."""

    category: Category
    retryable: bool
    http_status: int
    mode: RecoveryMode
    backoff: Backoff
    when: str


_T, _P, _R, _A, _V = (
    Category.TRANSIENT,
    Category.PERMANENT,
    Category.RESOURCE,
    Category.PERMISSION,
    Category.VALIDATION,
)
_M = RecoveryMode


def _row(category: Category, http_status: int, mode: RecoveryMode, when: str, backoff: Backoff = NO_RETRY) -> CodeSpec:
    return CodeSpec(category, backoff.max_attempts > 1, http_status, mode, backoff, when)


# A table is read down its columns, so its rows stay whole.
# fmt: off
CODES: dict[str, CodeSpec] = {
    # transient
    "TIMEOUT": _row(_T, 504, _M.RETRY_EXPONENTIAL, "An answer did not come before the deadline of the call.", TIMEOUT_BACKOFF),
    "DNS_FAILURE": _row(_T, 502, _M.RETRY_EXPONENTIAL, "A host name could not be resolved.", CONNECTION_BACKOFF),
    "CONNECTION_REFUSED": _row(_T, 502, _M.RETRY_EXPONENTIAL, "The target host refused the connection.", CONNECTION_BACKOFF),
    "CONNECTION_RESET": _row(_T, 502, _M.RETRY_EXPONENTIAL, "An open connection broke before the answer was whole.", CONNECTION_BACKOFF),
    "HTTP_5XX": _row(_T, 502, _M.RETRY_EXPONENTIAL, "The upstream answered with a 5xx that has no code of its own.", SERVER_ERROR_BACKOFF),
    "UPSTREAM_UNAVAILABLE": _row(_T, 503, _M.RETRY_EXPONENTIAL, "The upstream says it is down or overloaded (503, 529).", SERVER_ERROR_BACKOFF),
    "UPSTREAM_ERROR": _row(_T, 502, _M.RETRY_EXPONENTIAL, "The upstream reported an error of its own inside a well-formed answer or stream.", TRANSIENT_BACKOFF),
    "LEASE_LOST": _row(_T, 503, _M.RETRY_IMMEDIATE, "The worker that ran the step lost its lease; nobody else reported an outcome.", TRANSIENT_BACKOFF),
    "STORE_UNAVAILABLE": _row(_T, 503, _M.RETRY_EXPONENTIAL, "A store AOS depends on (database, artifacts) did not answer.", TRANSIENT_BACKOFF),
    # permanent
    "HTTP_4XX": _row(_P, 502, _M.ABORT, "The upstream refused the request as it stands (a 4xx that has no code of its own)."),
    "NOT_FOUND": _row(_P, 404, _M.ABORT, "The thing asked for does not exist, or not for this tenant."),
    "INVALID_RESPONSE": _row(_P, 502, _M.ABORT, "An answer came but cannot be read or breaks its schema."),
    "TLS_FAILURE": _row(_P, 502, _M.ABORT, "The TLS handshake failed or the certificate is not trusted."),
    "SKILL_NOT_FOUND": _row(_P, 404, _M.ABORT, "No skill of this name and version is registered."),
    "INTERNAL_ERROR": _row(_P, 500, _M.ABORT, "A defect of AOS or of a skill; always worth a look."),
    "DEPENDENCY_FAILED": _row(_P, 424, _M.SKIP, "A step this one needs did not give a result."),
    "OUTCOME_UNKNOWN": _row(_P, 409, _M.MANUAL_INTERVENTION, "An effect may or may not have happened and nothing recorded says which."),
    "LOOP_DETECTED": _row(_P, 409, _M.ABORT, "The same call with the same result was repeated too often."),
    "CANCELLED": _row(_P, 409, _M.ABORT, "A person or a program cancelled the run or the step."),
    "LLM_REFUSED": _row(_P, 422, _M.FALLBACK, "The model declined to answer."),
    "CONTENT_TOO_LARGE": _row(_P, 413, _M.ABORT, "An input or an answer is larger than its limit."),
    "REPLAY_DIVERGED": _row(_P, 409, _M.ABORT, "A replay did not behave as the journal says."),
    # resource
    "RATE_LIMITED": _row(_R, 429, _M.RETRY_WITH_JITTER, "A rate limit, ours or the upstream's, refused the call for now.", RATE_LIMIT_BACKOFF),
    "BUDGET_EXCEEDED": _row(_R, 402, _M.MANUAL_INTERVENTION, "The worst case of the next step does not fit the budget."),
    "DAILY_LIMIT_EXCEEDED": _row(_R, 402, _M.MANUAL_INTERVENTION, "The budget of the day is used up."),
    "QUOTA_EXHAUSTED": _row(_R, 429, _M.ABORT, "A quota of the tenant or of the provider account is used up."),
    "CONCURRENCY_LIMITED": _row(_R, 429, _M.RETRY_WITH_JITTER, "Too many of these run at once; a slot frees itself.", RATE_LIMIT_BACKOFF),
    "DEADLINE_EXCEEDED": _row(_R, 504, _M.ABORT, "The run's own deadline has passed."),
    "PRICE_UNKNOWN": _row(_R, 402, _M.ABORT, "The call costs money and no price for it is known."),
    # permission
    "PERMISSION_DENIED": _row(_A, 403, _M.ABORT, "The caller, or we at the upstream (401, 403), may not do this."),
    "SKILL_NOT_ALLOWED": _row(_A, 403, _M.ABORT, "The agent's profile does not allow this skill."),
    "BLOCKED_TARGET": _row(_A, 403, _M.ABORT, "The network guard does not let a call reach this address or host."),
    "APPROVAL_REJECTED": _row(_A, 403, _M.ABORT, "A person said no."),
    "APPROVAL_EXPIRED": _row(_A, 403, _M.ABORT, "Nobody decided before the approval ran out."),
    "SANDBOX_UNAVAILABLE": _row(_A, 503, _M.ABORT, "No isolating sandbox has proved itself on this host."),
    "FROZEN": _row(_A, 423, _M.ABORT, "A kill switch stops this tenant, agent or skill."),
    # validation
    "INVALID_INPUT": _row(_V, 400, _M.ABORT, "The input cannot be read or makes no sense as it stands."),
    "SCHEMA_VALIDATION_FAILED": _row(_V, 422, _M.ABORT, "The input is readable but breaks its schema."),
    "MISSING_REQUIRED_FIELD": _row(_V, 422, _M.ABORT, "A required field is not there."),
    "INVALID_REFERENCE": _row(_V, 422, _M.ABORT, "A reference points to nothing."),
    "PLAN_INVALID": _row(_V, 422, _M.ABORT, "The plan breaks the rules plans must keep."),
    "CONDITION_INVALID": _row(_V, 422, _M.ABORT, "A condition cannot be read, or does not give true or false."),
}
# fmt: on


def spec_of(code: str) -> CodeSpec:
    """Return the row of a code; an unknown code (an old row, a stranger's skill) reads as INTERNAL_ERROR."""
    return CODES.get(code, CODES["INTERNAL_ERROR"])


_STATUS_CODES = {
    401: "PERMISSION_DENIED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "TIMEOUT",
    429: "RATE_LIMITED",
    503: "UPSTREAM_UNAVAILABLE",
    504: "TIMEOUT",
    529: "UPSTREAM_UNAVAILABLE",
}


def code_for_http_status(status: int) -> str | None:
    """Return the code of an upstream's HTTP status, or None where the status is no failure (1xx to 3xx)."""
    if status < 400:
        return None
    return _STATUS_CODES.get(status) or ("HTTP_4XX" if status < 500 else "HTTP_5XX")
