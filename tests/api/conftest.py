"""The cast: Alice may do all in acme, Bob may only read there, Charlie may do all in rival and must see nothing of acme."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent, ApiKey, Tenant
from agents.services import create_agent
from agents.tenancy import SCOPES, create_key
from tests.api.cast import Caller, make_caller

PROBLEM_MEMBERS = {
    "type",
    "title",
    "status",
    "detail",
    "instance",
    "code",
    "category",
    "retryable",
    "retry_safety",
    "retry_after_ms",
    "suggestions",
    "run_id",
    "trace_id",
    "errors",
}


@pytest.fixture
def acme(db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def rival(db: None) -> Tenant:
    return Tenant.objects.create(slug="rival", name="Rival")


@pytest.fixture
def alice(acme: Tenant) -> Caller:
    return make_caller(acme, "alice", SCOPES)


@pytest.fixture
def bob(acme: Tenant) -> Caller:
    return make_caller(acme, "bob", tuple(scope for scope in SCOPES if scope.endswith(":read")))


@pytest.fixture
def charlie(rival: Tenant) -> Caller:
    return make_caller(rival, "charlie", SCOPES)


@pytest.fixture
def stranger(acme: Tenant) -> Caller:
    """Somebody whose key is well-formed and belongs to nobody."""
    _, key = create_key(acme, "gone", SCOPES)
    ApiKey.objects.filter(name="gone").delete()
    return Caller(key, None, acme)


@pytest.fixture
def agent(acme: Tenant) -> Agent:
    return create_agent(tenant=acme, name="worker")


@pytest.fixture
def assert_problem() -> Any:
    """Return the check every error answer must pass; it gives back the problem."""

    def check(response: Any, status: int, code: str) -> dict[str, Any]:
        assert response.headers["Content-Type"] == "application/problem+json"
        problem = response.json()
        assert (response.status_code, problem["code"]) == (status, code), problem
        assert set(problem) == PROBLEM_MEMBERS
        assert problem["status"] == status
        assert problem["type"] == f"/errors/{code}"
        assert problem["trace_id"]
        assert all(set(fault) == {"pointer", "code", "detail"} for fault in problem["errors"])
        return problem

    return check
