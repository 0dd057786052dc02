"""The taxonomy holds every code of the contract, once, in its category, with what follows from it."""

from __future__ import annotations

import pytest

from skills.taxonomy import CODES, RETRY_MODES, Category, code_for_http_status, spec_of

CONTRACT = {
    Category.TRANSIENT: (
        "TIMEOUT DNS_FAILURE CONNECTION_REFUSED CONNECTION_RESET HTTP_5XX UPSTREAM_UNAVAILABLE UPSTREAM_ERROR LEASE_LOST STORE_UNAVAILABLE"
    ),
    Category.PERMANENT: (
        "HTTP_4XX NOT_FOUND INVALID_RESPONSE TLS_FAILURE SKILL_NOT_FOUND INTERNAL_ERROR DEPENDENCY_FAILED OUTCOME_UNKNOWN LOOP_DETECTED "
        "CANCELLED LLM_REFUSED CONTENT_TOO_LARGE REPLAY_DIVERGED"
    ),
    Category.RESOURCE: (
        "RATE_LIMITED BUDGET_EXCEEDED DAILY_LIMIT_EXCEEDED QUOTA_EXHAUSTED CONCURRENCY_LIMITED DEADLINE_EXCEEDED PRICE_UNKNOWN"
    ),
    Category.PERMISSION: (
        "PERMISSION_DENIED SKILL_NOT_ALLOWED BLOCKED_TARGET APPROVAL_REJECTED APPROVAL_EXPIRED SANDBOX_UNAVAILABLE FROZEN"
    ),
    Category.VALIDATION: ("INVALID_INPUT SCHEMA_VALIDATION_FAILED MISSING_REQUIRED_FIELD INVALID_REFERENCE PLAN_INVALID CONDITION_INVALID"),
}


@pytest.mark.parametrize("category", Category)
def test_it_holds_the_codes_of(category: Category) -> None:
    assert {code for code, spec in CODES.items() if spec.category is category} == set(CONTRACT[category].split())


@pytest.mark.parametrize("code", CODES)
def test_it_is_consistent_about(code: str) -> None:
    spec = CODES[code]
    helps = spec.category is Category.TRANSIENT or code in ("RATE_LIMITED", "CONCURRENCY_LIMITED")
    assert (spec.retryable, spec.mode in RETRY_MODES) == (helps, helps)
    assert 400 <= spec.http_status <= 599
    assert spec.when.endswith(".")


def test_an_unknown_code_reads_as_a_defect() -> None:
    assert spec_of("NOBODY_KNOWS") is CODES["INTERNAL_ERROR"]


STATUSES = {
    "HTTP_4XX": [400, 402, 405, 406, 409, 410, 411, 418, 422, 451],
    "NOT_FOUND": [404],
    "PERMISSION_DENIED": [401, 403],
    "TIMEOUT": [408, 504],
    "RATE_LIMITED": [429],
    "UPSTREAM_UNAVAILABLE": [503, 529],
    "HTTP_5XX": [500, 501, 502, 505, 599],
    None: [100, 200, 204, 301, 304],
}


@pytest.mark.parametrize(("status", "code"), [(status, code) for code, statuses in STATUSES.items() for status in statuses])
def test_an_upstream_status_gives_its_code(status: int, code: str | None) -> None:
    assert code_for_http_status(status) == code
