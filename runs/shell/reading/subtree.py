"""What runs have spent together with all those they called, however deep, each counted once."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection


def spent_with_called(run_ids: Sequence[int]) -> dict[int, int]:
    """Return what each of these runs (row ids) and those below it have spent by now. A rerun is no called run."""
    if not run_ids:
        return {}
    sql = f"""
        WITH RECURSIVE below (top, id) AS (
            SELECT id, id FROM runs_run WHERE id IN ({", ".join(["%s"] * len(run_ids))})
            UNION
            SELECT b.top, r.id FROM below b JOIN runs_run r ON r.parent_id = b.id WHERE r.relation = 'child'
        )
        SELECT b.top, sum(r.spent_micro_usd) FROM below b JOIN runs_run r ON r.id = b.id GROUP BY b.top
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, list(run_ids))
        return {top: int(spent) for top, spent in cursor.fetchall()}
