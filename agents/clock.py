"""The clock of the database, which is the same for all who write to it: SQL for its Unix milliseconds."""

from __future__ import annotations

from django.db import connection

POSTGRESQL_NOW_MS = "(extract(epoch from clock_timestamp()) * 1000)::bigint"
# SQLite is one host, so its clock is ours; julianday has the milliseconds strftime('%s') lacks.
SQLITE_NOW_MS = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


def database_now_ms(vendor: str) -> str:
    """Return the SQL expression for the time of such a database in milliseconds."""
    return POSTGRESQL_NOW_MS if vendor == "postgresql" else SQLITE_NOW_MS


def ask_time(expression: str = "") -> int:
    """Return the time by the connected database's clock, or by another expression for it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {expression or database_now_ms(connection.vendor)}")
        return int(cursor.fetchone()[0])
