"""The clocks of the shell: Unix milliseconds for facts, the database's own clock for leases."""

from __future__ import annotations

import time
from datetime import UTC, datetime

POSTGRESQL_NOW_MS = "(extract(epoch from clock_timestamp()) * 1000)::bigint"
# SQLite is one host, so its clock is ours; julianday has the milliseconds strftime('%s') lacks.
SQLITE_NOW_MS = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


def now_ms() -> int:
    """Return this host's Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


def as_datetime(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1_000, UTC)


def database_now_ms(vendor: str) -> str:
    """Return the SQL expression for the database's own time in milliseconds."""
    return POSTGRESQL_NOW_MS if vendor == "postgresql" else SQLITE_NOW_MS
