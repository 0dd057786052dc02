"""The people and clients of the seed file, and the keys that sign.

    {"audience": "aos-api",
     "people": [{"username", "password", "sub"?, "name"?, "email"?, "email_verified"?, "groups"?}],
     "clients": [{"client_id", "secret", "redirect_uris"?, "groups"?}]}

A client's groups are those of the tokens it gets for itself.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from allauth.idp.oidc.models import Client, PrivateKey
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import call_command

from ops.identity_provider.signing import write_key


def seed() -> None:
    """Make database and key where there are none, and what the seed file names."""
    settings.STATE.mkdir(parents=True, exist_ok=True)
    if not list(settings.STATE.glob("*.pem")):
        write_key(settings.STATE / "0001.pem")
    call_command("migrate", verbosity=0)
    told = read()
    for person in told.get("people", []):
        user, _ = User.objects.get_or_create(username=person["username"], defaults={"email": person.get("email", "")})
        user.set_password(person["password"])
        user.save()
    for client in told.get("clients", []):
        _make_client(client)


def _make_client(told: dict[str, Any]) -> None:
    client = Client(id=told["client_id"], name=told["client_id"], secret=make_password(told["secret"]), skip_consent=True)
    client.set_scopes(["openid", "profile", "email"])
    client.set_redirect_uris(told.get("redirect_uris", []))
    client.grant_types = "\n".join([Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.CLIENT_CREDENTIALS])
    client.save()


def read() -> dict[str, Any]:
    """Return the seed file as it is now."""
    told: dict[str, Any] = json.loads(settings.SEED.read_text(encoding="utf-8"))
    return told


def person_of(username: str) -> dict[str, Any]:
    return next((person for person in read().get("people", []) if person["username"] == username), {})


def client_of(client_id: str) -> dict[str, Any]:
    return next((client for client in read().get("clients", []) if client["client_id"] == client_id), {})


def keys() -> list[PrivateKey]:
    """Return the keys there are, each as issued a second after the one before it."""
    files = sorted(settings.STATE.glob("*.pem"))
    return [PrivateKey(pem=file.read_text(), issued_at=datetime.fromtimestamp(n, UTC)) for n, file in enumerate(files, start=1)]
