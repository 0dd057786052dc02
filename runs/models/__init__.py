"""Rows of runs, private to this app: what happens, and what is kept of it."""

from __future__ import annotations

from runs.models.approvals import ApprovalNote, DecisionLink, Grant, GrantUse, KnownHost, NoteKind
from runs.models.bulk import BulkOperation, BulkState
from runs.models.charges import AlertSum, BudgetAlert, Charge, ChargeSum, PricingStatus, TallyMark, Waste
from runs.models.effects import UndoneEffect
from runs.models.messages import Outbox, Signal
from runs.models.runs import IN_VAIN, TERMINAL_STATUSES, EpochMs, Kept, Run, RunEvent, RunStatus, StepSummary
from runs.models.simulation import LearningMark, SkillHistory, StoredSimulation
from runs.models.tracing import SentTrace, TraceMark
from runs.models.webhooks import DeliveryState, DeliverySum, HeardAnswer, WebhookDelivery, WebhookEndpoint
from runs.models.workers import LostHold, Session, SessionState, TenantQueue

__all__ = [
    "IN_VAIN",
    "TERMINAL_STATUSES",
    "AlertSum",
    "ApprovalNote",
    "BudgetAlert",
    "BulkOperation",
    "BulkState",
    "Charge",
    "ChargeSum",
    "DecisionLink",
    "DeliveryState",
    "DeliverySum",
    "EpochMs",
    "Grant",
    "GrantUse",
    "HeardAnswer",
    "Kept",
    "KnownHost",
    "LearningMark",
    "LostHold",
    "NoteKind",
    "Outbox",
    "PricingStatus",
    "Run",
    "RunEvent",
    "RunStatus",
    "SentTrace",
    "Session",
    "SessionState",
    "Signal",
    "SkillHistory",
    "StepSummary",
    "StoredSimulation",
    "TallyMark",
    "TenantQueue",
    "TraceMark",
    "UndoneEffect",
    "Waste",
    "WebhookDelivery",
    "WebhookEndpoint",
]
