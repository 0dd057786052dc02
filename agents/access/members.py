"""Which people of a tenant may decide about a call that waits for a yes, by name."""

from __future__ import annotations

from django.db.models import QuerySet

from agents.models import Membership, Tenant
from agents.roles import ROLE_SCOPES
from agents.tenancy import scoped

APPROVING = "approvals:write"
"""The scope of who approves and rejects."""
APPROVING_ROLES = frozenset(role for role, scopes in ROLE_SCOPES.items() if APPROVING in scopes)
"""Whose they are: who decides by page decides by API."""


def deciders_of(tenant: Tenant) -> list[str]:
    """Return the names of the people of a tenant who may decide, in the order of the alphabet."""
    return sorted(_deciders(tenant).values_list("user__username", flat=True))


def may_decide(tenant: Tenant, name: str) -> bool:
    """Tell whether there is a person of this name in the tenant who may decide."""
    return "\x00" not in name and _deciders(tenant).filter(user__username=name).exists()


def _deciders(tenant: Tenant) -> QuerySet[Membership]:
    return scoped(Membership.objects.filter(role__in=APPROVING_ROLES, user__is_active=True), tenant)
