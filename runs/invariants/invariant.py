"""An invariant: what must be true at any instant, and the query for what breaks it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Invariant:
    """Something that must be true of all runs, and the query for what breaks it: one column, one row per breach."""

    name: str
    says: str
    query: str
