"""Who sees which page of the console, as data. A page that is missing here fails the build: somebody has to say who sees it."""

from __future__ import annotations

from agents.models import Role

PLATFORM = frozenset({"platform"})
"""The superuser `root` of the cast, who is a member of no tenant: sees rows of all tenants, and not what is in them."""
EVERYBODY = frozenset(Role.values) | PLATFORM
CAUSES = frozenset(Role.values) - {"viewer"}
"""Who is told why calls failed and where they went, on whichever page."""
PAYLOADS = frozenset({"developer", "tenant_admin"})
OVERSIGHT = frozenset({"tenant_admin", "auditor"}) | PLATFORM
COSTS = frozenset({"developer", "operator", "tenant_admin", "auditor"})
SUMS = COSTS | PLATFORM
OPERATING = frozenset({"operator", "tenant_admin"})
HEALTH = OPERATING | PLATFORM
ANSWERING = frozenset({"operator", "approver", "tenant_admin"})
DECIDING = ANSWERING | PLATFORM
APPROVING = frozenset({"approver", "tenant_admin"})
OWNING = frozenset({"developer", "tenant_admin"})


def role_of(person: str) -> str:
    """Return what somebody of the cast is: people are called as their role, but for `root`."""
    return "platform" if person == "root" else person


# Rows: lists and their rows, by model.
MODELS = {
    "agents.Freeze": EVERYBODY,
    "agents.AuditEntry": OVERSIGHT,
    "agents.LedgerEntry": COSTS,
    "agents.LedgerScope": SUMS,
    "agents.Tenant": EVERYBODY,
    "auth.Group": PLATFORM,
    "auth.User": PLATFORM,
    "catalog.CatalogEntry": EVERYBODY,
    "catalog.Circuit": EVERYBODY,
    "catalog.FailureMatch": EVERYBODY,
    "runs.Charge": COSTS,
    "runs.Outbox": HEALTH | PAYLOADS,
    "runs.Run": EVERYBODY,
    "skills.PriceRow": PLATFORM,
}

# Pages of our own, by the name of their route.
PAGES = {
    "console-access": OVERSIGHT,
    "console-agent": EVERYBODY,
    "console-agent-edit": OWNING,
    "console-agent-versions": EVERYBODY,
    "console-agents": EVERYBODY,
    "console-approval": APPROVING,
    "console-approval-edit": APPROVING,
    "console-approvals": APPROVING,
    "console-approvals-together": APPROVING,
    "console-break-glass": OVERSIGHT,
    "console-budgets": SUMS,
    "console-bulk": OPERATING | OVERSIGHT,
    "console-bulk-new": OPERATING,
    "console-bulk-one": OPERATING | OVERSIGHT,
    "console-cost": SUMS,
    "console-dead-letters": EVERYBODY,
    "console-delivery": SUMS,
    "console-drift": EVERYBODY,
    "console-failure-group": EVERYBODY,
    "console-failures": EVERYBODY,
    "console-grant": APPROVING | OVERSIGHT - PLATFORM,
    "console-grants": APPROVING | OVERSIGHT - PLATFORM,
    "console-in-doubt": DECIDING,
    "console-in-doubt-one": DECIDING,
    "console-invariants": HEALTH,
    "console-members": OVERSIGHT,
    "console-question": ANSWERING,
    "console-questions": ANSWERING | OWNING,
    "console-recovery": EVERYBODY,
    "console-recovery-candidate": EVERYBODY,
    "console-runtime": OWNING,
    "console-simulator": OWNING,
    "console-skill": EVERYBODY,
    "console-skills": EVERYBODY,
    "console-webhook": SUMS,
    "console-webhooks": SUMS,
    "console-workers": HEALTH,
}

# Addresses that take a form alone; who may send it, and about what, their own tests show.
POSTED = frozenset({"console-cost-export", "console-dead-letter-requeue", "console-runs-export", "console-undo"})
