"""Which roles the claims of a token give in which tenants. Pure: what the settings say goes in, no row is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from agents.roles import ROLES, foremost

LONGEST_SUBJECT = 191
MOST_GROUPS = 1_000


class Mapped(NamedTuple):
    """How groups become roles: by a table (group → "tenant:role", …), by a claim that holds "tenant:role" itself, or by both."""

    table: Mapping[str, tuple[str, ...]]
    groups_claim: str = "groups"
    roles_claim: str = ""


def roles_in(claims: Mapping[str, Any], mapped: Mapped) -> dict[str, str]:
    """Return {tenant slug: role}. Groups nobody mapped and roles nobody knows give nothing."""
    found: dict[str, set[str]] = {}
    for grant in _grants(claims, mapped):
        tenant, _, role = grant.partition(":")
        if tenant and role in ROLES:
            found.setdefault(tenant, set()).add(role)
    return {tenant: foremost(roles) for tenant, roles in found.items()}


def _grants(claims: Mapping[str, Any], mapped: Mapped) -> Iterator[str]:
    for group in texts_in(claims, mapped.groups_claim):
        yield from mapped.table.get(group, ())
    yield from texts_in(claims, mapped.roles_claim)


def texts_in(claims: Mapping[str, Any], name: str) -> list[str]:
    """Return the texts of a claim: a list of them, or one. `realm_access.roles` is a claim within a claim."""
    value: Any = claims.get(name) if name else None
    if value is None and "." in name:
        value = claims
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    listed = value if isinstance(value, list) else [value]
    return [text for text in listed[:MOST_GROUPS] if isinstance(text, str)]


def subject_of(claims: Mapping[str, Any]) -> str | None:
    """Return who the token is about, None where that is nothing to know somebody by."""
    subject = claims.get("sub")
    fits = isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT and subject.isprintable()
    return subject if fits else None


def actor_of(claims: Mapping[str, Any], subject: str) -> str:
    """Return the name the audit log calls them by. A token a program got for itself names the program as its subject."""
    clients = {client for client in (claims.get("client_id"), claims.get("azp")) if isinstance(client, str)}
    is_service = subject in clients or subject.removesuffix("@clients") in clients
    return f"{'service' if is_service else 'person'}:{subject}"
