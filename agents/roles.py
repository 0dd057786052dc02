"""What each role may do: its scopes at the API, and for each thing of the console, whose it is. What is not given here nobody may."""

from __future__ import annotations

from collections.abc import Iterable

# What stands in no payload of a run. `runs:read` shows goals, inputs and outputs, which the console keeps from all but
# developers and tenant admins (`PAYLOAD_ROLES`): whom a page tells nothing the API tells nothing either.
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
"""What a superuser is besides in a tenant whose contents they have opened, with a reason and for a time (`agents.access.break_glass`)."""


Roles = frozenset[str]
"""Who may do a thing: a page names the roles it is for."""

_MEMBERS: Roles = frozenset(ROLE_SCOPES)
EVERY_ROLE: Roles = _MEMBERS | {PLATFORM}
NO_ROLE: Roles = frozenset()
# Who reads goals, inputs, outputs and messages; for all others they are left out of the page, not masked on it.
PAYLOAD_ROLES: Roles = frozenset({"developer", "tenant_admin", BREAK_GLASS})
# Who sees of inputs and results what kind they are and how large, besides.
MASK_ROLES: Roles = frozenset({"operator", "auditor"})
# What one run, step or call costs; and what many cost together.
COST_ROLES: Roles = frozenset({"developer", "operator", "tenant_admin", "auditor"})
SUM_ROLES: Roles = COST_ROLES | {PLATFORM}
OPERATING_ROLES: Roles = frozenset({"operator", "tenant_admin"})
# Who sees how the installation does its work: workers, what is broken, what is to be told.
HEALTH_ROLES: Roles = OPERATING_ROLES | {PLATFORM}
ANSWERING_ROLES: Roles = frozenset({"operator", "approver", "tenant_admin"})
# Who says what becomes of a call in doubt, and of a recovery that is suggested.
DECIDING_ROLES: Roles = ANSWERING_ROLES | {PLATFORM}
# The cause of a failure is what it said without what varies; whoever sees no payload, not even masked, does not see that either,
# nor where a call went.
CAUSE_ROLES: Roles = _MEMBERS - {"viewer"} | {BREAK_GLASS}
OWNING_ROLES: Roles = frozenset({"developer", "tenant_admin"})
BUDGET_ROLES: Roles = frozenset({"tenant_admin"})
OVERSIGHT_ROLES: Roles = frozenset({"tenant_admin", "auditor", PLATFORM})


def scopes_of(role: str) -> frozenset[str]:
    """Return the scopes of a role; none for one nobody knows."""
    return ROLE_SCOPES.get(role, frozenset())


def foremost(roles: Iterable[str]) -> str:
    """Return which of several roles in one tenant counts: the one that may most."""
    return max(roles, key=ROLES.index)
