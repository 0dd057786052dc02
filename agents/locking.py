"""Locks rows so that several who take from one table take different ones, where the database has more than one writer."""

from __future__ import annotations

from typing import TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def skipping_locked(rows: QuerySet[M]) -> QuerySet[M]:
    """Return the rows locked for this transaction, those left out that somebody else has. SQLite's one writer needs no lock."""
    return rows.select_for_update(skip_locked=True, of=("self",)) if connection.vendor == "postgresql" else rows
