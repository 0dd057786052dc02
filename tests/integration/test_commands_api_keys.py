"""`api_keys`: makes keys that open what their scopes say, shows each once, and makes them useless again."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from agents.models import ApiKey, Membership, Tenant
from agents.tenancy import create_key, find_key


@pytest.fixture
def tenant(db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


def told(*arguments: str, expect: int = 0) -> tuple[str, str]:
    """Return what the command printed on stdout and stderr, and check its exit code."""
    out, errors = io.StringIO(), io.StringIO()
    code: Any = 0
    try:
        call_command("api_keys", *arguments, stdout=out, stderr=errors)
    except SystemExit as stopped:
        code = stopped.code
    assert code == expect, errors.getvalue()
    return out.getvalue(), errors.getvalue()


def answered(*arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(told(*arguments, "--json")[0])
    return answer


def test_it_makes_a_key_that_opens_what_its_scopes_say(tenant: Tenant) -> None:
    made = answered("create", "ci", "--scope", "runs:read", "--scope", "runs:write", "--scope", "runs:read")
    assert (made["name"], made["scopes"], made["state"]) == ("ci", ["runs:read", "runs:write"], "live")
    key = find_key(made["api_key"])
    assert key is not None
    assert (key.public_id, key.tenant, key.scopes) == (made["key_id"], tenant, ["runs:read", "runs:write"])


def test_it_makes_a_key_for_a_member_and_for_nobody_else(tenant: Tenant) -> None:
    Membership.objects.create(user=User.objects.create_user("ada"), tenant=tenant, role="developer")
    User.objects.create_user("stranger")
    assert answered("create", "hers", "--scope", "runs:read", "--for", "ada")["owner"] == "ada"
    assert answered("create", "nobodys", "--scope", "runs:read")["owner"] is None
    for nobody in ("stranger", "key:x:y", "ghost"):
        assert f"'{nobody}' is no active member of acme" in told("create", "x", "--scope", "runs:read", "--for", nobody, expect=2)[1]
    listed = told("list")[0]
    assert "ada" in listed and "nobody" in listed and ApiKey.objects.count() == 2


def test_it_shows_the_secret_once_and_never_in_the_list(tenant: Tenant) -> None:
    shown, _ = told("create", "ci", "--scope", "runs:read")
    row = ApiKey.objects.get()
    secret = next(word for word in shown.split() if word.startswith("aos_test_"))
    assert find_key(secret) == row
    for listed in (told("list")[0], told("list", "--json")[0]):
        assert row.public_id in listed
        assert secret not in listed
        assert row.secret_hmac not in listed


def test_it_lists_the_newest_first_with_the_state_of_each(tenant: Tenant) -> None:
    old, _ = create_key(tenant, "old", ["runs:read"], expires_at=timezone.now() - timedelta(days=1))
    ApiKey.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
    create_key(tenant, "new", ["admin"])
    assert [(key["name"], key["state"]) for key in answered("list")["data"]] == [("new", "live"), ("old", "expired")]


def test_it_says_how_to_make_the_first(tenant: Tenant) -> None:
    assert "manage.py api_keys create NAME" in told("list")[0]


def test_it_revokes_for_good_and_keeps_the_first_instant(tenant: Tenant) -> None:
    made = answered("create", "ci", "--scope", "runs:read")
    first = answered("revoke", made["key_id"])
    assert find_key(made["api_key"]) is None
    assert (first["state"], answered("revoke", made["key_id"])["revoked_at"]) == ("revoked", first["revoked_at"])
    assert told("revoke", made["key_id"])[0] == f"revoked {made['key_id']} (ci)\n"


def test_it_reaches_no_key_of_another_tenant(tenant: Tenant) -> None:
    key, plaintext = create_key(Tenant.objects.create(slug="rival", name="Rival"), "theirs", ["runs:read"])
    assert answered("--tenant", "acme", "list")["data"] == []
    assert "there is no such API key" in told("revoke", key.public_id, "--tenant", "acme", expect=3)[1]
    assert find_key(plaintext) is not None
    assert [listed["name"] for listed in answered("list", "--tenant", "rival")["data"]] == ["theirs"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["create", "ci", "--scope", "runs:all"], 2, "no such scope: runs:all", id="an-unknown-scope"),
        pytest.param(["create", "", "--scope", "runs:read"], 2, "/name: 1 to 100 characters", id="no-name"),
        pytest.param(["create", "n" * 101, "--scope", "runs:read"], 2, "/name: 1 to 100 characters", id="a-name-too-long"),
        pytest.param(["revoke", "key_" + "0" * 32], 3, "there is no such API key", id="no-such-key"),
        pytest.param(["revoke", "ci"], 3, "there is no such API key", id="no-id"),
    ],
)
def test_it_says_what_is_wrong_and_makes_nothing(tenant: Tenant, arguments: list[str], code: int, said: str) -> None:
    out, notes = told(*arguments, expect=code)
    assert (said in notes, out) == (True, "")
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("arguments", [[], ["drop"], ["create", "ci"], ["create", "--scope", "admin"], ["revoke"], ["list", "x"]], ids=str)
def test_it_takes_no_half_command(tenant: Tenant, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("api_keys", *arguments)
