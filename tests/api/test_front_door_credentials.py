"""Who knocks without a good key learns nothing: not by the words, not by the headers, not by the time it takes."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import ApiKey, AuditEntry, ServiceAccount, Tenant
from agents.tenancy import SCOPES, Principal, create_key, is_still_valid, revoke_key
from tests.api.cast import Caller, make_caller

pytestmark = pytest.mark.django_db
KEYS, WHOAMI = "/api/v1/api-keys", "/api/v1/whoami"
OF_THE_REQUEST = {"X-Request-Id", "Date"}


def ask(headers: dict[str, str], path: str = WHOAMI) -> Any:
    return Client().get(path, headers=headers)


def told(response: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Return what an answer says, but for what names this one request."""
    body = {name: value for name, value in response.json().items() if name not in ("trace_id", "instance")}
    return response.status_code, body, {name: value for name, value in response.headers.items() if name not in OF_THE_REQUEST}


@pytest.fixture
def bad_keys(acme: Tenant, alice: Caller, stranger: Caller) -> dict[str, dict[str, str]]:
    """Return keys that were good once or nearly are, by what is wrong with each."""
    over = create_key(acme, "over", SCOPES, expires_at=timezone.now() - timedelta(days=1))[1]
    revoked_row, revoked = create_key(acme, "revoked", SCOPES)
    revoke_key(revoked_row)
    idle = ServiceAccount.objects.create(tenant=acme, name="idle", role="developer", is_active=False)
    of_idle = create_key(acme, "idle", ["runs:read"], account=idle)[1]
    closed = create_key(Tenant.objects.create(slug="closed", name="Closed", is_active=False), "closed", SCOPES)[1]
    # One other digit in the middle, with the checksum of a real key: the prefix is found, the secret is wrong.
    other = create_key(acme, "other", SCOPES)[1]
    ApiKey.objects.filter(name="other").update(secret_hmac="0" * 64)
    keys = {
        "of nobody": stranger.key,
        "over": over,
        "revoked": revoked,
        "of an account that is off": of_idle,
        "of a closed tenant": closed,
        "a wrong secret": other,
        "a broken checksum": alice.key[:-1] + ("0" if alice.key[-1] != "0" else "1"),
        "no key": "hello",
    }
    return {name: {"Authorization": f"Bearer {key}"} for name, key in keys.items()}


def test_every_401_is_the_same_in_words_and_headers(bad_keys: dict[str, dict[str, str]], alice: Caller, charlie: Caller) -> None:
    variants = bad_keys | {
        "nothing": {},
        "a token of no issuer": {"Authorization": "Bearer a.b.c"},
        "a token beside a key": {"Authorization": "Bearer a.b.c", "X-AOS-Key": alice.key},
        "two Authorization headers": {"Authorization": f"Bearer {alice.key}, Bearer {alice.key}"},
        "two own headers": {"X-AOS-Key": f"{alice.key},{alice.key}"},
        "two tenants": {"Authorization": f"Bearer {alice.key}", "X-AOS-Key": charlie.key},
        "a tenant chosen by a header": {"Authorization": "Bearer hello", "X-AOS-Tenant": "acme"},
        "a key with a line break": {"Authorization": f"Bearer {alice.key}\nX-AOS-Key: {alice.key}"},
        "a key in the wrong case": {"Authorization": f"Bearer {alice.key.upper()}"},
        "a key twice in one": {"Authorization": f"Bearer {alice.key} {alice.key}"},
    }
    expected = told(ask({}))
    assert expected[0] == 401
    assert {name: told(ask(headers)) for name, headers in variants.items()} == dict.fromkeys(variants, expected)
    for path in ("/api/v1/runs/run_" + "0" * 32, "/api/v1/agents", "/api/v1/webhooks/none"):
        assert told(ask(bad_keys["revoked"], path)) == told(ask({}, path)), path


def test_a_key_counts_in_no_other_place(alice: Caller, client: Any) -> None:
    client.cookies["Authorization"] = f"Bearer {alice.key}"
    for query in (f"?api_key={alice.key}", f"?X-AOS-Key={alice.key}", f"?Authorization=Bearer%20{alice.key}"):
        assert client.get(WHOAMI + query).status_code == 401


def medians(bad_keys: dict[str, dict[str, str]]) -> list[float]:
    """Return how long an answer to each bad key takes, in seconds."""
    took: dict[str, list[float]] = {name: [] for name in bad_keys}
    client = Client()
    for _ in range(40):
        # One after the other in each round, so that a slow moment of the machine is every variant's.
        for name, headers in bad_keys.items():
            began = time.perf_counter()
            client.get(WHOAMI, headers=headers)
            took[name].append(time.perf_counter() - began)
    return [statistics.median(seconds) for seconds in took.values()]


def test_time_does_not_tell_one_bad_key_from_another(bad_keys: dict[str, dict[str, str]]) -> None:
    # What takes longer by its nature does so each time; what a busy machine held up does not.
    tries = (medians(bad_keys) for _ in range(5))
    assert any(max(found) < 2 * min(found) for found in tries)


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999-00:01", "0001-01-01T00:00:00+14:00"])
def test_an_end_outside_of_all_years_is_refused(alice: Caller, assert_problem: Any, end: str) -> None:
    answer = alice.post(KEYS, {"name": "x", "scopes": ["runs:read"], "expires_at": end})
    assert assert_problem(answer, 422, "SCHEMA_VALIDATION_FAILED")["errors"][0]["pointer"] == "/expires_at"
    assert not ApiKey.objects.filter(name="x").exists()


def test_what_is_said_of_keys_holds_none(alice: Caller) -> None:
    made = alice.post(KEYS, {"name": "ci", "scopes": ["runs:read"]}, Idempotency_Key="k").json()["key"]
    secret = made.rpartition("_")[2][:48]
    written = [str(row) for model in (ApiKey, AuditEntry) for row in model.objects.values()]
    assert not [row for row in written if secret in row]


def test_a_role_that_is_taken_back_ends_what_was_let_in_before(acme: Tenant) -> None:
    account = ServiceAccount.objects.create(tenant=acme, name="ci", role="developer")
    row, _ = create_key(acme, "ci", ["runs:read"], account=account)
    let_in = Principal(tenant=acme, name="account:ci", scopes=frozenset({"runs:read"}), key_id=row.public_id)
    assert is_still_valid(let_in, "runs:read")
    ServiceAccount.objects.update(role="viewer")
    assert not is_still_valid(let_in, "runs:read"), "a viewer sees no runs, nor goes on seeing them"
    ServiceAccount.objects.update(role="developer", is_active=False)
    assert not is_still_valid(let_in, "runs:read")


def test_a_key_of_all_scopes_still_holds_each(acme: Tenant) -> None:
    root = make_caller(acme, "root", ("admin",))
    assert root.row is not None
    let_in = Principal(tenant=acme, name="root", scopes=frozenset({"admin"}), key_id=root.row.public_id)
    assert is_still_valid(let_in, "runs:read")


def test_a_token_ends_for_who_was_let_in_by_it(acme: Tenant) -> None:
    by_token: dict[str, Any] = {"tenant": acme, "name": "person:ada", "scopes": frozenset({"runs:read"})}
    now = time.time()
    assert is_still_valid(Principal(**by_token, ends_at=now + 60), "runs:read")
    assert not is_still_valid(Principal(**by_token, ends_at=now - 1), "runs:read")
