"""Who is let in: one key, well-formed, known, live; everybody else gets the same 401."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import ApiKey, Tenant
from agents.tenancy import create_key, revoke_key

pytestmark = pytest.mark.django_db


def ask(**headers: str) -> Any:
    return Client().get("/api/v1/agents", headers={name.replace("_", "-"): value for name, value in headers.items()})


def without_trace(response: Any) -> dict[str, Any]:
    return {name: value for name, value in response.json().items() if name != "trace_id"}


@pytest.mark.parametrize("header", ["Authorization", "X-AOS-Key"])
def test_it_takes_a_key_in_either_header(alice: Any, header: str) -> None:
    assert ask(**{header: f"Bearer {alice.key}" if header == "Authorization" else alice.key}).status_code == 200


def test_it_takes_the_same_key_in_both_headers(alice: Any) -> None:
    assert ask(Authorization=f"bearer {alice.key}", X_AOS_Key=alice.key).status_code == 200


def bad_headers(alice: Any, charlie: Any, stranger: Any) -> dict[str, dict[str, str]]:
    wrong_secret = alice.key[:-1] + ("0" if alice.key[-1] != "0" else "1")
    return {
        "no key": {},
        "an empty key": {"Authorization": "Bearer "},
        "an empty own header": {"X-AOS-Key": ""},
        "not a key": {"Authorization": "Bearer hello"},
        "another scheme": {"Authorization": f"Basic {alice.key}"},
        "a wrong secret": {"Authorization": f"Bearer {wrong_secret}"},
        "a key of nobody": {"Authorization": f"Bearer {stranger.key}"},
        "two different keys": {"Authorization": f"Bearer {alice.key}", "X-AOS-Key": charlie.key},
        "a key and rubbish": {"Authorization": "Bearer hello", "X-AOS-Key": alice.key},
        # What a server makes of a header that was sent twice.
        "two Authorization headers": {"Authorization": f"Bearer {alice.key},Bearer {charlie.key}"},
        "the same Authorization twice": {"Authorization": f"Bearer {alice.key},Bearer {alice.key}"},
        "NUL": {"Authorization": "Bearer \x00"},
        "not ASCII": {"Authorization": "Bearer aos_live_\u00e9"},
        "a very long key": {"Authorization": "Bearer " + "a" * 100_000},
        "the HMAC instead of the secret": {"Authorization": f"Bearer {alice.row.secret_hmac}"},
    }


def test_it_gives_every_bad_key_the_same_401(alice: Any, charlie: Any, stranger: Any, assert_problem: Any) -> None:
    expected = without_trace(ask())
    for name, headers in bad_headers(alice, charlie, stranger).items():
        response = ask(**headers)
        assert_problem(response, 401, "PERMISSION_DENIED")
        assert without_trace(response) == expected, name


def test_it_refuses_a_revoked_key_from_the_next_request_on(alice: Any, assert_problem: Any) -> None:
    assert alice.get("/api/v1/agents").status_code == 200
    revoke_key(alice.row)
    assert_problem(alice.get("/api/v1/agents"), 401, "PERMISSION_DENIED")
    # Revoking again keeps the instant of the first time.
    first = alice.row.revoked_at
    revoke_key(alice.row)
    assert alice.row.revoked_at == first


def test_it_refuses_an_expired_key(acme: Tenant, assert_problem: Any) -> None:
    _, soon = create_key(acme, "soon", ["agents:read"], expires_at=timezone.now() + timedelta(hours=1))
    _, over = create_key(acme, "over", ["agents:read"], expires_at=timezone.now() - timedelta(seconds=1))
    assert ask(Authorization=f"Bearer {soon}").status_code == 200
    assert_problem(ask(Authorization=f"Bearer {over}"), 401, "PERMISSION_DENIED")


def test_it_refuses_the_keys_of_an_inactive_tenant(alice: Any, assert_problem: Any) -> None:
    Tenant.objects.update(is_active=False)
    assert_problem(alice.get("/api/v1/agents"), 401, "PERMISSION_DENIED")


def test_it_notes_the_last_use_at_most_once_a_minute(alice: Any) -> None:
    alice.get("/api/v1/agents")
    first = ApiKey.objects.get(pk=alice.row.pk).last_used_at
    assert first is not None
    alice.get("/api/v1/agents")
    assert ApiKey.objects.get(pk=alice.row.pk).last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    alice.get("/api/v1/agents")
    assert ApiKey.objects.get(pk=alice.row.pk).last_used_at >= first


def test_it_keeps_no_secret_in_the_row(alice: Any) -> None:
    secret = alice.key.rsplit("_", 1)[1]
    assert all(secret not in str(value) for value in ApiKey.objects.values_list().get(pk=alice.row.pk))
