"""What this issuer tells about people and clients: what the seed file says at that moment."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.internal.private_keys import filter_keys
from django.contrib.auth.models import User
from django.http import HttpRequest

from ops.identity_provider import seeding


class AccountAdapter(DefaultAccountAdapter):
    """There are the people of the seed file, and no others."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class IssuerAdapter(DefaultOIDCAdapter):
    """Claims and keys."""

    def list_private_keys(self, **which: Any) -> Any:
        return filter_keys(seeding.keys(), **which)

    def get_user_sub(self, client: Any, user: Any) -> str:
        return str(seeding.person_of(user.username).get("sub", user.username))

    def get_user_by_sub(self, client: Any, sub: str) -> User | None:
        names = [person["username"] for person in seeding.read()["people"] if person.get("sub", person["username"]) == sub]
        return User.objects.filter(username__in=names, is_active=True).first()

    def get_claims(self, purpose: Any, user: Any, client: Any, scopes: Any, email: str | None = None, **kwargs: Any) -> dict[str, Any]:
        person = seeding.person_of(user.username)
        claims = {"sub": self.get_user_sub(client, user), "groups": person.get("groups", [])}
        if "email" in scopes and "email" in person:
            claims |= {"email": person["email"], "email_verified": person.get("email_verified", False)}
        if "profile" in scopes:
            claims |= {"preferred_username": user.username, "name": person.get("name", user.username)}
        return claims

    def populate_access_token(self, access_token: dict[str, Any], *, client: Any, scopes: Any, user: Any, **kwargs: Any) -> None:
        told = seeding.client_of(client.id) if user is None else seeding.person_of(user.username)
        access_token.setdefault("sub", client.id)
        access_token |= {"aud": seeding.read().get("audience", "aos"), "groups": told.get("groups", [])}
