"""Adds charges and alerts up as they grow old, so that nobody who asks for sums has to read millions of rows.

    sums of the rows up to the mark  +  the rows after it  =  all of them, at any instant

Rows are numbered when they are inserted and seen when they are committed, so a lower number may come after a higher one.
The mark therefore moves only to where the rows ended a while ago: whoever was writing then has long committed.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection, transaction

from agents.clock import ask_time
from runs.models import TallyMark

SETTLED_MS = 120_000
"""How long after its number a row is surely seen: many times what any transaction of a worker may take."""
AT_ONCE = 500_000
"""How many rows one transaction adds up."""


class Tally(NamedTuple):
    """Rows that are added up: the name of their mark, their table, and the statement that adds those of a stretch."""

    name: str
    table: str
    add: str


_COUNTED = ("cost_micro_usd", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
_KIND = "tenant_id, day, agent_public_id, skill, model, pricing_status, waste"
TALLIES = (
    Tally(
        "charges",
        "runs_charge",
        f"""
        INSERT INTO runs_chargesum ({_KIND}, calls, {", ".join(_COUNTED)})
        SELECT {_KIND}, count(*), {", ".join(f"sum({name})" for name in _COUNTED)}
        FROM runs_charge WHERE id > %s AND id <= %s GROUP BY {_KIND}
        ON CONFLICT ({_KIND}) DO UPDATE SET calls = runs_chargesum.calls + excluded.calls,
            {", ".join(f"{name} = runs_chargesum.{name} + excluded.{name}" for name in _COUNTED)}
        """,
    ),
    Tally(
        "alerts",
        "runs_budgetalert",
        """
        INSERT INTO runs_alertsum (scope_kind, alerts)
        SELECT scope_kind, count(*) FROM runs_budgetalert WHERE id > %s AND id <= %s GROUP BY scope_kind
        ON CONFLICT (scope_kind) DO UPDATE SET alerts = runs_alertsum.alerts + excluded.alerts
        """,
    ),
)


def add_up() -> int:
    """Move every mark as far as it may go; return how many rows were added up."""
    return sum(_add_up(tally) for tally in TALLIES)


def _add_up(tally: Tally) -> int:
    added = 0
    while moved := _move(tally):
        added += moved
    return added


def _move(tally: Tally) -> int:
    """Move a mark one stretch on; return by how many numbers."""
    TallyMark.objects.get_or_create(name=tally.name)
    with transaction.atomic(), connection.cursor() as cursor:
        # Whoever else moves it waits here, and then finds it moved.
        mark = TallyMark.objects.select_for_update().get(name=tally.name)
        begun, now_ms = mark.up_to, ask_time()
        if mark.noted > begun and now_ms - mark.noted_at_ms >= SETTLED_MS:
            mark.up_to = min(mark.noted, begun + AT_ONCE)
            cursor.execute(tally.add, (begun, mark.up_to))
        if mark.up_to == mark.noted:
            cursor.execute(f"SELECT COALESCE(max(id), 0) FROM {tally.table}")
            mark.noted, mark.noted_at_ms = cursor.fetchone()[0], now_ms
        mark.save()
    return mark.up_to - begun
