"""Rows of agents, private to this app: who acts, with which means, on whose money."""

from __future__ import annotations

from agents.models.access import ApiKey, ServiceAccount, StoredAnswer
from agents.models.agents import Agent, AgentStatus, AgentVersion
from agents.models.audit import PLATFORM, AuditChain, AuditEntry
from agents.models.glass import BreakGlass
from agents.models.limits import Freeze, FreezeKind, RateWindow
from agents.models.money import Budget, BudgetPeriod, EntryKind, LedgerEntry, LedgerLot, LedgerScope, ScopeKind
from agents.models.tenants import Membership, PersonName, Role, Tenant, refuse_unknown_zone

__all__ = [
    "PLATFORM",
    "Agent",
    "AgentStatus",
    "AgentVersion",
    "ApiKey",
    "AuditChain",
    "AuditEntry",
    "BreakGlass",
    "Budget",
    "BudgetPeriod",
    "EntryKind",
    "Freeze",
    "FreezeKind",
    "LedgerEntry",
    "LedgerLot",
    "LedgerScope",
    "Membership",
    "PersonName",
    "RateWindow",
    "Role",
    "ScopeKind",
    "ServiceAccount",
    "StoredAnswer",
    "Tenant",
    "refuse_unknown_zone",
]
