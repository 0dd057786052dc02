"""Locks rows so that several who take from one table take different ones, and words of which one at a time may make something.

Both where the database has more than one writer: SQLite's transactions come one after the other.
"""

from __future__ import annotations

from typing import TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def skipping_locked(rows: QuerySet[M]) -> QuerySet[M]:
    """Return the rows locked for this transaction, those left out that somebody else has."""
    return rows.select_for_update(skip_locked=True, of=("self",)) if connection.vendor == "postgresql" else rows


def alone_with(word: str) -> None:
    """Wait until nobody else has this word, and have it until the transaction ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (word,))
