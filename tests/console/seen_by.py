"""Who sees which page of the console, as data. A page that is missing here fails the build: somebody has to say who sees it."""

from __future__ import annotations

from agents.models import Role

EVERYBODY = frozenset(Role.values)
NOBODY: frozenset[str] = frozenset()
OVERSIGHT = frozenset({"tenant_admin", "auditor"})
COSTS = frozenset({"developer", "operator", "tenant_admin", "auditor"})
OPERATING = frozenset({"operator", "tenant_admin"})
DECIDING = frozenset({"operator", "approver", "tenant_admin"})
APPROVING = frozenset({"approver", "tenant_admin"})
OWNING = frozenset({"developer", "tenant_admin"})

# Rows: lists and their rows, by model.
MODELS = {
    "agents.Freeze": EVERYBODY,
    "agents.AuditEntry": OVERSIGHT,
    "agents.LedgerEntry": COSTS,
    "agents.LedgerScope": COSTS,
    "agents.Tenant": EVERYBODY,
    "auth.Group": NOBODY,
    "auth.User": NOBODY,
    "catalog.CatalogEntry": EVERYBODY,
    "catalog.Circuit": EVERYBODY,
    "catalog.FailureMatch": EVERYBODY,
    "runs.Charge": COSTS,
    "runs.Outbox": frozenset({"developer", "operator", "tenant_admin"}),
    "runs.Run": EVERYBODY,
    "skills.PriceRow": NOBODY,
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
    "console-budgets": COSTS,
    "console-bulk": OPERATING | OVERSIGHT,
    "console-bulk-new": OPERATING,
    "console-bulk-one": OPERATING | OVERSIGHT,
    "console-cost": COSTS,
    "console-dead-letters": EVERYBODY,
    "console-delivery": COSTS,
    "console-drift": EVERYBODY,
    "console-failure-group": EVERYBODY,
    "console-failures": EVERYBODY,
    "console-grant": APPROVING | OVERSIGHT,
    "console-grants": APPROVING | OVERSIGHT,
    "console-in-doubt": DECIDING,
    "console-in-doubt-one": DECIDING,
    "console-invariants": OPERATING,
    "console-members": OVERSIGHT,
    "console-question": DECIDING,
    "console-questions": DECIDING | OWNING,
    "console-recovery": EVERYBODY,
    "console-recovery-candidate": EVERYBODY,
    "console-runtime": OWNING,
    "console-simulator": OWNING,
    "console-skill": EVERYBODY,
    "console-skills": EVERYBODY,
    "console-webhook": COSTS,
    "console-webhooks": COSTS,
    "console-workers": OPERATING,
}

# Addresses that take a form alone; who may send it, and about what, their own tests show.
POSTED = frozenset({"console-cost-export", "console-dead-letter-requeue", "console-runs-export", "console-undo"})
