"""A token lets nobody in for longer than it says, not even who was let in while it was good and waits since then."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from pytest_httpserver import HTTPServer

from agents.models import Tenant
from agents.sign_in.claims import Mapped
from agents.sign_in.issuer import LEEWAY_SECONDS, issuer_at
from agents.throttling import buckets

pytestmark = pytest.mark.django_db
AUDIENCE = "aos"


@pytest.fixture
def token(httpserver: HTTPServer, settings: Any, acme: Tenant) -> Callable[..., str]:
    """Return what signs tokens of an issuer this site trusts."""
    url, key = httpserver.url_for("").rstrip("/"), ec.generate_private_key(ec.SECP256R1())
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())) | {"kid": "one", "use": "sig"}
    httpserver.expect_request("/.well-known/openid-configuration").respond_with_json({"issuer": url, "jwks_uri": f"{url}/keys"})
    httpserver.expect_request("/keys").respond_with_json({"keys": [public]})
    # Of an issuer of this address another test may have left keys.
    issuer_at.cache_clear()
    settings.AUTH_SERVICE_URL, settings.JWT_AUDIENCE = url, AUDIENCE
    settings.OIDC_MAPPED = Mapped(table={"makers": ("acme:developer",)}, roles_claim="roles")

    def signed(seconds: float, **claims: Any) -> str:
        told = {"iss": url, "aud": AUDIENCE, "sub": "ada", "exp": int(time.time() + seconds), "groups": ["makers"]}
        return jwt.encode(told | claims, key, algorithm="ES256", headers={"kid": "one"})

    return signed


def ask(token: str, path: str = "/api/v1/whoami") -> Any:
    return Client().get(path, headers={"Authorization": f"Bearer {token}"})


def test_who_waits_with_a_token_is_told_nothing_after_its_end(token: Callable[..., str], assert_problem: Any) -> None:
    assert ask(token(60), "/api/v1/events?wait=1").status_code == 200
    ending = token(1.5 - LEEWAY_SECONDS)
    assert ask(ending).status_code == 200, "it is good for a moment still"
    assert_problem(ask(ending, "/api/v1/events?wait=3"), 401, "PERMISSION_DENIED")


@pytest.mark.parametrize(
    "grant", ["acme:admin", "acme:superuser", "rival:tenant_admin", "acme:", ":developer", "acme:developer:admin", "*"]
)
def test_no_claim_gives_more_than_a_role_of_a_tenant(token: Callable[..., str], rival: Tenant, grant: str) -> None:
    """A role nobody knows gives nothing; one in a second tenant has to be chosen between."""
    asked = ask(token(60, groups=[], roles=[grant]))
    if grant == "rival:tenant_admin":
        assert asked.json()["tenant"] == "rival"
        assert "admin" not in asked.json()["scopes"]
        both = ask(token(60, roles=[grant]))
        assert both.status_code == 401, "nobody guesses in whose name it acts"
    else:
        assert asked.status_code == 401


def test_a_token_is_counted_against_its_tenant(token: Callable[..., str], assert_problem: Any) -> None:
    buckets.clear()
    Tenant.objects.update(requests_per_minute=1)
    assert ask(token(60)).status_code == 200
    assert_problem(ask(token(61, sub="another")), 429, "RATE_LIMITED")
    buckets.clear()
