"""What the settings of sign-in by an issuer may say. A value that makes no sense stops the start."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from agents.roles import ROLES
from agents.sign_in.addresses import is_safe


def issuer_url(text: str) -> str:
    """Return the address of an issuer, empty where there is none. Over plain HTTP nobody could tell who answers."""
    if text and (not is_safe(text) or not {"?", "#", "@"}.isdisjoint(text)):
        raise ImproperlyConfigured("AUTH_SERVICE_URL must be the https URL of an OpenID Connect issuer, or empty")
    return text


def roles_table(text: str) -> dict[str, tuple[str, ...]]:
    """Return {group: ("tenant:role", …)} as AOS_OIDC_ROLES writes it in JSON; one text may stand for a list of one."""
    try:
        table = json.loads(text) if text else {}
    except ValueError as error:
        raise ImproperlyConfigured(f"AOS_OIDC_ROLES is no JSON: {error}") from None
    if not isinstance(table, dict):
        raise ImproperlyConfigured('AOS_OIDC_ROLES must be a JSON object {"group": "tenant:role"}')
    return {group: tuple(_grant(group, each) for each in (value if isinstance(value, list) else [value])) for group, value in table.items()}


def _grant(group: str, value: Any) -> str:
    tenant, _, role = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not tenant or role not in ROLES:
        raise ImproperlyConfigured(f"AOS_OIDC_ROLES: group '{group}' must be given tenant:role; roles are {', '.join(ROLES)}")
    return f"{tenant}:{role}"
