"""Rows of the catalog, private to this app: what is known about failures, and what is learned from them."""

from __future__ import annotations

from catalog.models.entries import CatalogEntry, EntryVersion, FailureMatch
from catalog.models.learning import (
    CandidateState,
    Circuit,
    DriftAlert,
    FailureGroup,
    FailureSum,
    PolicyState,
    RecoveryCandidate,
    RecoveryDecision,
)

__all__ = [
    "CandidateState",
    "CatalogEntry",
    "Circuit",
    "DriftAlert",
    "EntryVersion",
    "FailureGroup",
    "FailureMatch",
    "FailureSum",
    "PolicyState",
    "RecoveryCandidate",
    "RecoveryDecision",
]
