"""The price table of this process, read from the rows: loaded at start, again when it is old, asked by skills without I/O."""

from __future__ import annotations

import time

from django.db.models import Count, Max

from skills.adapters.price_table import DatedPrice, PriceTable, clauses_of, shipped_table, tiers_of
from skills.adapters.prices import put_in_force
from skills.models import PriceOrigin, PriceRow

REFRESH_SECONDS = 5.0
"""How long a new price may take to reach a process that asks for it."""

_read_at: float | None = None
_seen: tuple[int | None, int] | None = None


def load() -> PriceTable:
    """Read the rows that are not withdrawn; one query, on a thread that may use the ORM. Where there is none of ours yet,
    the table AOS comes with stands for them."""
    rows = [dated(row) for row in PriceRow.objects.filter(withdrawn_at=None).order_by("id")]
    if any(not row.by_operator for row in rows):
        return PriceTable(rows)
    return PriceTable((*shipped_table().rows, *rows)) if rows else shipped_table()


def refresh() -> None:
    """Let the rows as they are now be in force in this process."""
    global _read_at, _seen
    began = time.monotonic()
    # Rows are added and withdrawn, never changed: these two numbers tell whether there is anything to read.
    found = PriceRow.objects.aggregate(last=Max("id"), withdrawn=Count("withdrawn_at"))
    if (now := (found["last"], found["withdrawn"])) != _seen:
        put_in_force(load())
        _seen = now
    _read_at = began


def refresh_if_old(max_age_seconds: float = REFRESH_SECONDS) -> None:
    """Read the rows again where that was never done, or longer ago than this."""
    if _read_at is None or time.monotonic() - _read_at >= max_age_seconds:
        refresh()


def forget() -> None:
    """Let the table AOS comes with be in force again, until the rows are read again."""
    global _read_at, _seen
    put_in_force(None)
    _read_at = _seen = None


def dated(row: PriceRow) -> DatedPrice:
    """Return a row as the value the table is made of."""
    return DatedPrice(
        provider=row.provider,
        model=row.model,
        match=clauses_of(row.match),
        valid_from=row.valid_from,
        version=row.version,
        tiers=tiers_of(row.tiers),
        per_call_micro_usd=row.per_call_micro_usd,
        by_operator=row.origin == PriceOrigin.OPERATOR,
    )
