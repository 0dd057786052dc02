"""Bearers of the issuer's tokens at the API: verified by its keys, let in by their role, and everybody else like a bad key."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.contrib.auth.models import User
from django.test import Client

from agents.access.standing_rights import still_may
from agents.actors import is_same_actor, provider_id
from agents.audit import entries_of
from agents.models import Role, Tenant
from agents.roles import ROLE_SCOPES
from agents.sign_in import issuer
from agents.sign_in.jwt_bearers import bearer_of
from agents.tenancy import SCOPES, Principal, create_key, is_still_valid
from ops.identity_provider.signing import write_key
from tests.conftest import PROJECT

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def ask(token: str, **headers: str) -> Any:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client().get("/api/v1/agents", headers={"Authorization": f"Bearer {token}", **told})


def told_to(response: Any) -> Any:
    body = response.json()
    return response.status_code, {name: value for name, value in body.items() if name != "trace_id"}, response["WWW-Authenticate"]


def post_agent(token: str, name: str = "scout") -> Any:
    return Client().post("/api/v1/agents", {"name": name}, content_type="application/json", headers={"Authorization": f"Bearer {token}"})


def test_it_lets_in_what_the_provider_issued(provider: Any, acme: Tenant) -> None:
    assert ask(provider.own_token()).status_code == 200


def test_it_says_in_the_audit_log_whether_a_person_or_a_program_acted(provider: Any, acme: Tenant) -> None:
    assert post_agent(provider.own_token()).status_code == 201
    assert post_agent(provider.forged(), "ranger").status_code == 201
    assert [entry.actor for entry in entries_of(acme, action="agent.create")] == ["person:ada", "service:console"]


def test_it_lets_nobody_in_who_was_closed_out_here(provider: Any, acme: Tenant) -> None:
    ada = User.objects.create_user("ada", is_active=False)
    account = SocialAccount.objects.create(user=ada, provider="oidc-of-another-issuer", uid="ada")
    bearer = bearer_of(provider.forged())
    principal = Principal(acme, bearer.actor, bearer.scopes, ends_at=bearer.ends_at)
    assert is_still_valid(principal, "agents:read") and still_may(acme, "person:ada", "agents:read")
    assert not is_same_actor(acme, "person:ada", "ada"), "the same subject of another issuer owns nothing of theirs"
    SocialAccount.objects.filter(pk=account.pk).update(provider=provider_id())
    assert ask(provider.forged()).status_code == 401
    assert not is_still_valid(principal, "agents:read") and not still_may(acme, "person:ada", "agents:read")


def test_it_gives_each_role_its_scopes_and_no_others(provider: Any, acme: Tenant) -> None:
    assert post_agent(provider.forged(groups=["watchers"])).status_code == 403
    assert ask(provider.forged(groups=["watchers"])).status_code == 200
    assert tuple(sorted(ROLE_SCOPES)) == tuple(sorted(Role.values))
    assert all(scopes <= set(SCOPES) and "admin" not in scopes for scopes in ROLE_SCOPES.values())


def unbelievable(provider: Any) -> dict[str, str]:
    pem = provider.keys()[-1].read_bytes()
    public = load_pem_private_key(pem, None).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    stranger, curve, now = (
        rsa.generate_private_key(public_exponent=65_537, key_size=2_048),
        ec.generate_private_key(ec.SECP256R1()),
        int(time.time()),
    )
    good = provider.forged()
    head, body, signature = good.split(".")
    return {
        "alg none": f"{_part({'alg': 'none', 'typ': 'JWT', 'kid': provider.kid()})}.{body}.",
        "HS256 with the public key as its secret": _hmac_signed(public, provider.kid(), body),
        "RS512 by the right key": provider.forged(algorithm="RS512"),
        "ES256 under the id of an RSA key": provider.forged(key=curve, algorithm="ES256"),
        "another key": provider.forged(key=stranger),
        "an unknown key id": provider.forged(headers={"kid": "unknown"}),
        "no key id": f"{_part({'alg': 'RS256'})}.{body}.{signature}",
        "a key id that is no text": f"{_part({'alg': 'RS256', 'kid': [1]})}.{body}.{signature}",
        "another audience": provider.forged(aud="someone-else"),
        "no audience": provider.forged(aud=None),
        "another issuer": provider.forged(iss="http://127.0.0.1:1"),
        "expired": provider.forged(exp=now - 60),
        "no expiry": provider.forged(exp=None),
        "not valid yet": provider.forged(nbf=now + 3_600),
        "no subject": provider.forged(sub=None),
        "an empty subject": provider.forged(sub=""),
        "a subject with a line break": provider.forged(sub="ada\nroot"),
        "no group": provider.forged(groups=[]),
        "a group without a role": provider.forged(groups=["strangers"]),
        "groups that are no list": provider.forged(groups={"devs": True}),
        "a tenant there is none of": provider.forged(groups=["lost"]),
        "two tenants and none chosen": provider.forged(groups=["bosses"]),
        "a changed claim": f"{head}.{_part({**json.loads(_decoded(body)), 'groups': ['bosses']})}.{signature}",
        "a cut signature": good[:-8],
        "no signature": f"{head}.{body}.",
        "two dots": "..",
        "not base64": "ä.ö.ü",
        "a header too deep to read": f"{_raw(b'[' * 5_000)}.{body}.{signature}",
        "a very long token": f"{good}{'a' * 100_000}",
    }


def _part(value: dict[str, Any]) -> str:
    return _raw(json.dumps(value).encode())


def _raw(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _hmac_signed(secret: bytes, kid: str, body: str) -> str:
    import hmac  # noqa: PLC0415 - by hand, because PyJWT refuses to take a public key for a secret

    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': kid})}.{body}"
    return f"{signed}.{_raw(hmac.digest(secret, signed.encode(), 'sha256'))}"


def test_it_gives_every_bad_token_the_401_of_a_bad_key(provider: Any, acme: Tenant) -> None:
    assert ask(provider.forged()).status_code == 200
    expected = told_to(ask("hello"))
    assert expected[0] == 401
    for name, token in unbelievable(provider).items():
        assert told_to(ask(token)) == expected, name


def test_it_takes_no_token_beside_a_key(provider: Any, acme: Tenant) -> None:
    _, key = create_key(acme, "tests", SCOPES)
    expected = told_to(ask("hello"))
    assert told_to(ask(provider.forged(), X_AOS_Key=key)) == expected
    assert told_to(ask(key, X_AOS_Key=provider.forged())) == expected
    assert told_to(Client().get("/api/v1/agents", headers={"X-AOS-Key": provider.forged()})) == expected


def test_it_takes_no_token_where_no_audience_is_set(provider: Any, acme: Tenant, settings: Any) -> None:
    settings.JWT_AUDIENCE = ""
    assert ask(provider.forged()).status_code == 401


def test_it_takes_no_token_of_a_tenant_that_was_closed(provider: Any, acme: Tenant) -> None:
    Tenant.objects.filter(pk=acme.pk).update(is_active=False)
    assert ask(provider.forged()).status_code == 401


def test_a_header_chooses_between_several_tenants(provider: Any, acme: Tenant) -> None:
    token = provider.forged(groups=["bosses"])
    assert post_agent(token).status_code == 401
    made = Client().post(
        "/api/v1/agents",
        {"name": "scout"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "X-AOS-Tenant": "acme"},
    )
    assert made.status_code == 201
    assert ask(token, X_AOS_Tenant="rival").json()["data"] == []
    assert ask(token, X_AOS_Tenant="nowhere").status_code == 401


def test_a_flood_of_unknown_key_ids_asks_the_issuer_once_a_minute(provider: Any, acme: Tenant) -> None:
    now = [1_000.0]
    asked = issuer.Issuer(provider.url, clock=lambda: now[0])
    asked.claims_of(provider.forged(), "aos-api")
    assert asked.fetches == 1
    flood = [provider.forged(headers={"kid": f"made-up-{n}"}) for n in range(20)] * 10

    def is_refused(token: str) -> bool:
        with pytest.raises(issuer.Unverified):
            asked.claims_of(token, "aos-api")
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(is_refused, flood)) == 200
        assert asked.fetches == 1, "within the minute of the first fetch nobody asks"
        now[0] += 61
        assert sum(pool.map(is_refused, flood)) == 200
        assert asked.fetches == 2
    asked.claims_of(provider.forged(), "aos-api")
    assert asked.fetches == 2


def test_a_flood_at_the_api_asks_the_issuer_no_oftener(provider: Any, acme: Tenant) -> None:
    assert ask(provider.forged()).status_code == 200
    token = provider.forged(headers={"kid": "made-up"})
    assert {ask(token).status_code for _ in range(200)} == {401}
    assert issuer.the_issuer().fetches <= 2


def test_it_takes_a_new_key_and_drops_one_taken_back(provider: Any, acme: Tenant) -> None:
    now = [1_000.0]
    asked = issuer.Issuer(provider.url, clock=lambda: now[0])
    old = provider.forged()
    asked.claims_of(old, "aos-api")
    before = provider.keys()[-1]
    write_key(before.with_name(f"{int(before.stem) + 1:04}.pem"))
    new = provider.forged()
    now[0] += 61
    assert asked.claims_of(new, "aos-api")["sub"] == "ada"
    assert asked.claims_of(old, "aos-api")["sub"] == "ada"
    before.unlink()
    now[0] += issuer.OLDEST_SECONDS + 1
    with pytest.raises(issuer.Unverified):
        asked.claims_of(old, "aos-api")
    assert asked.claims_of(new, "aos-api")["sub"] == "ada"


def test_it_refuses_while_the_issuer_is_away_and_goes_on_when_it_is_back(acme: Tenant, httpserver: Any, provider: Any) -> None:
    now = [1_000.0]
    url = httpserver.url_for("").rstrip("/")
    asked = issuer.Issuer(url, clock=lambda: now[0])
    httpserver.expect_request("/.well-known/openid-configuration").respond_with_data("down", status=503)
    with pytest.raises(issuer.Unverified):
        asked.claims_of(provider.forged(iss=url), "aos-api")
    httpserver.clear()
    httpserver.expect_request("/.well-known/openid-configuration").respond_with_json(
        {"issuer": url, "jwks_uri": f"{provider.url}/.well-known/jwks.json"}
    )
    with pytest.raises(issuer.Unverified):
        asked.claims_of(provider.forged(iss=url), "aos-api")
    now[0] += issuer.SECONDS_AFTER_FAILURE + 1
    assert asked.claims_of(provider.forged(iss=url), "aos-api")["sub"] == "ada"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"issuer": "https://somebody.example"}, id="another-issuer"),
        pytest.param({"jwks_uri": "http://192.0.2.1/keys"}, id="keys-without-tls"),
        pytest.param({"jwks_uri": "file:///etc/passwd"}, id="keys-of-a-file"),
        pytest.param({"padding": "a" * issuer.MOST_BYTES}, id="too-long"),
    ],
)
def test_it_believes_no_discovery_document_that_is_odd(httpserver: Any, answer: dict[str, str]) -> None:
    url = httpserver.url_for("").rstrip("/")
    document = {"issuer": url, "jwks_uri": f"{url}/keys", **answer}
    httpserver.expect_request("/.well-known/openid-configuration").respond_with_json(document)
    httpserver.expect_request("/keys").respond_with_json({"keys": []})
    with pytest.raises(issuer.Unverified):
        issuer.Issuer(url).document()


def test_a_key_of_ours_needs_nothing_that_checks_tokens() -> None:
    seen = "import django, sys; django.setup(); import agents.tenancy; sys.exit('agents.sign_in.jwt_bearers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", seen], cwd=PROJECT, check=False).returncode == 0
