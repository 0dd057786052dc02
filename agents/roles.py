"""What each role may do through the API: one table. What a role is not given here it may not do."""

from __future__ import annotations

from collections.abc import Iterable

# What stands in no payload of a run. `runs:read` shows goals, inputs and outputs, which the console keeps from all but
# developers and tenant admins (`agents.console_base.PAYLOAD_ROLES`): whom a page tells nothing the API tells nothing either.
_KNOWLEDGE = ("agents:read", "skills:read", "catalog:read")

_APPROVALS = ("approvals:read", "approvals:write")

ROLE_SCOPES: dict[str, frozenset[str]] = {
    "viewer": frozenset(_KNOWLEDGE),
    "auditor": frozenset((*_KNOWLEDGE, "budgets:read", "audit:read")),
    # Who decides about a call sees what it would do.
    "approver": frozenset((*_KNOWLEDGE, *_APPROVALS)),
    "operator": frozenset((*_KNOWLEDGE, "catalog:write", "budgets:read")),
    "developer": frozenset(
        (*_KNOWLEDGE, "runs:read", "runs:write", "agents:write", "skills:execute", "budgets:read", "webhooks:read", "webhooks:write")
    ),
    "tenant_admin": frozenset(
        (
            *_KNOWLEDGE,
            *("runs:read", "runs:write", "agents:write", "skills:execute", *_APPROVALS),
            *("catalog:write", "budgets:read", "budgets:write", "audit:read", "webhooks:read", "webhooks:write"),
        )
    ),
}
"""The roles of a tenant, the one that may least first. `admin`, the scope that holds all others, belongs to none of them."""

ROLES = tuple(ROLE_SCOPES)

PLATFORM = "platform"
"""What an active superuser is in every tenant, whose rows they see and not what is in them. No membership says it, nor does the API."""
BREAK_GLASS = "break_glass"
"""What a superuser is besides in a tenant whose contents they have opened, with a reason and for a time (`agents.break_glass`)."""


def scopes_of(role: str) -> frozenset[str]:
    """Return the scopes of a role; none for one nobody knows."""
    return ROLE_SCOPES.get(role, frozenset())


def foremost(roles: Iterable[str]) -> str:
    """Return which of several roles in one tenant counts: the one that may most."""
    return max(roles, key=ROLES.index)
