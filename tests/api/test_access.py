"""Keys and service accounts by the API: who may make which, what they can do, and that they end at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.models import Agent, ApiKey, AuditEntry
from agents.tenancy import SCOPES
from tests.api.cast import Caller, make_caller

pytestmark = pytest.mark.django_db
KEYS, ACCOUNTS, WHOAMI = "/api/v1/api-keys", "/api/v1/service-accounts", "/api/v1/whoami"


def as_caller(alice: Caller, made: Any) -> Caller:
    assert made.status_code == 201, made.json()
    return Caller(made.json()["key"], None, alice.tenant)


def test_it_says_who_one_is(alice: Caller, bob: Caller) -> None:
    assert alice.row is not None
    told = alice.get(WHOAMI).json()
    assert told == {
        "tenant": "acme",
        "tenant_name": "Acme",
        "name": f"key:alice:{alice.row.prefix}",
        "kind": "api_key",
        "key_id": alice.row.public_id,
        "scopes": sorted(SCOPES),
        "limits": {"max_queued_runs": 10_000, "max_concurrent_runs": None, "requests_per_minute": 12_000},
    }
    assert "runs:write" not in bob.get(WHOAMI).json()["scopes"]


def test_a_new_key_works_and_its_secret_is_shown_once(alice: Caller) -> None:
    made = alice.post(KEYS, {"name": "ci", "scopes": ["runs:read"]})
    ci = as_caller(alice, made)
    assert ci.get(WHOAMI).json()["scopes"] == ["runs:read"]
    key_id = made.json()["key_id"]
    assert made.headers["Location"] == f"{KEYS}/{key_id}"
    for said in (alice.get(KEYS).content, alice.get(f"{KEYS}/{key_id}").content):
        assert made.json()["key"].encode() not in said
        assert made.json()["key"].rpartition("_")[2].encode() not in said
    assert alice.post(f"{KEYS}/{key_id}/revoke").json()["revoked_at"] is not None
    assert ci.get(WHOAMI).status_code == 401
    assert alice.post(f"{KEYS}/{key_id}/revoke").status_code == 200, "revoking twice is no error"
    assert AuditEntry.objects.filter(action="api_key.revoke").count() == 1


def test_a_repeated_request_makes_one_key_and_shows_it_once(alice: Caller, assert_problem: Any) -> None:
    body = {"name": "ci", "scopes": ["runs:read"]}
    first, second = (alice.post(KEYS, body, Idempotency_Key="k") for _ in range(2))
    assert second.json() == first.json() | {"key": None}
    assert second.headers["Idempotency-Replayed"] == "true"
    problem = assert_problem(alice.post(KEYS, body | {"name": "other"}, Idempotency_Key="k"), 422, "INVALID_INPUT")
    assert problem["errors"][0]["code"] == "idempotency_mismatch"
    assert ApiKey.objects.filter(name="ci").count() == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"scopes": ["runs:read"]}, "/name"),
        ({"name": "", "scopes": ["runs:read"]}, "/name"),
        ({"name": "x" * 101, "scopes": ["runs:read"]}, "/name"),
        ({"name": "x", "scopes": []}, "/scopes"),
        ({"name": "x", "scopes": "runs:read"}, "/scopes"),
        ({"name": "x", "scopes": ["runs:read"], "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"name": "x", "scopes": ["runs:read"], "expires_at": "2099-01-01T00:00:00"}, "/expires_at"),
        ({"name": "x", "scopes": ["runs:read"], "tenant": "rival"}, "/tenant"),
        ({"name": "x", "scopes": ["runs:read"], "is_staff": True}, "/is_staff"),
        ({"name": "x", "scopes": ["runs:read"], "prefix": "aaaaaaaaaaaa"}, "/prefix"),
    ],
    ids=str,
)
def test_it_says_what_is_wrong_with_a_key(alice: Caller, assert_problem: Any, body: Any, pointer: str) -> None:
    answer = alice.post(KEYS, body)
    assert assert_problem(answer, 422, answer.json()["code"])["errors"][0]["pointer"] == pointer


def test_nobody_gives_what_they_do_not_hold(alice: Caller, assert_problem: Any) -> None:
    # A key whose scopes are admin's alone makes others; one without it makes none, whatever else it can do.
    most = make_caller(alice.tenant, "most", tuple(scope for scope in SCOPES if scope != "admin"))
    assert_problem(most.post(KEYS, {"name": "x", "scopes": ["runs:read"]}), 403, "PERMISSION_DENIED")
    assert_problem(most.get(KEYS), 403, "PERMISSION_DENIED")
    problem = assert_problem(alice.post(KEYS, {"name": "x", "scopes": ["runs:read", "everything"]}), 422, "SCHEMA_VALIDATION_FAILED")
    assert "everything" in problem["detail"]


def test_another_tenants_keys_are_not_there(alice: Caller, charlie: Caller, assert_problem: Any) -> None:
    assert alice.row is not None
    for method, path in (("GET", f"{KEYS}/{alice.row.public_id}"), ("POST", f"{KEYS}/{alice.row.public_id}/revoke")):
        assert_problem(charlie.send(method, path), 404, "NOT_FOUND")
    account = alice.post(ACCOUNTS, {"name": "ci", "role": "developer"}).json()["service_account_id"]
    assert_problem(charlie.get(f"{ACCOUNTS}/{account}"), 404, "NOT_FOUND")
    assert_problem(charlie.send("PATCH", f"{ACCOUNTS}/{account}", {"is_active": False}), 404, "NOT_FOUND")
    problem = charlie.post(KEYS, {"name": "x", "scopes": ["runs:read"], "service_account_id": account})
    assert_problem(problem, 404, "NOT_FOUND")
    assert "acme" not in str(charlie.get(KEYS).json()) + str(charlie.get(ACCOUNTS).json())


def test_keys_of_an_account_can_do_what_its_role_gives_and_end_with_it(alice: Caller, assert_problem: Any) -> None:
    account = alice.post(ACCOUNTS, {"name": "ci", "role": "developer", "description": "builds"}).json()
    assert "runs:write" in account["scopes"]
    own = {"name": "one", "scopes": ["runs:read", "runs:write"], "service_account_id": account["service_account_id"]}
    one = as_caller(alice, alice.post(KEYS, own))
    told = one.get(WHOAMI).json()
    assert (told["kind"], told["name"], told["scopes"]) == ("service_account", "account:ci", ["runs:read", "runs:write"])
    refused = alice.post(KEYS, own | {"scopes": ["runs:read", "budgets:write"]})
    assert assert_problem(refused, 403, "PERMISSION_DENIED")["errors"][0]["pointer"] == "/scopes/1"
    path = f"{ACCOUNTS}/{account['service_account_id']}"
    alice.send("PATCH", path, {"role": "viewer"})
    assert one.get(WHOAMI).json()["scopes"] == [], "a key keeps no scope its account has lost"
    alice.send("PATCH", path, {"role": "developer", "is_active": False})
    assert one.get(WHOAMI).status_code == 401
    alice.send("PATCH", path, {"is_active": True})
    assert one.get(WHOAMI).status_code == 200
    assert_problem(alice.post(ACCOUNTS, {"name": "ci", "role": "viewer"}), 409, "INVALID_INPUT")
    assert_problem(alice.post(ACCOUNTS, {"name": "x", "role": "superuser"}), 422, "SCHEMA_VALIDATION_FAILED")


def test_two_keys_of_one_account_are_one_actor(alice: Caller, agent: Agent) -> None:
    account = alice.post(ACCOUNTS, {"name": "ci", "role": "developer"}).json()["service_account_id"]
    body = {"scopes": ["runs:read", "runs:write"], "service_account_id": account}
    one, other = (as_caller(alice, alice.post(KEYS, body | {"name": name})) for name in ("one", "other"))
    assert one.get(WHOAMI).json()["name"] == other.get(WHOAMI).json()["name"] == "account:ci"


def test_a_key_ends_by_its_date(alice: Caller) -> None:
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    made = alice.post(KEYS, {"name": "short", "scopes": ["runs:read"], "expires_at": soon})
    short = as_caller(alice, made)
    assert short.get(WHOAMI).status_code == 200
    ApiKey.objects.filter(public_id=made.json()["key_id"]).update(expires_at=timezone.now())
    assert short.get(WHOAMI).status_code == 401
