"""How much is stored of each class of retention: rows and bytes as the database knows them without counting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection

from runs.housekeeping.retention import AUDIT, OPERATIONAL, STAGES

# Payload has no tables of its own: it lives in the journals, and in the goals of runs.
TABLES = {
    "event": ("runs_runevent", "runs_stepsummary", "runs_signal", "runs_outbox"),
    "effect": ("catalog_failurematch", "runs_undoneeffect"),
    "run": ("runs_run",),
    AUDIT: (
        "runs_charge",
        "runs_chargesum",
        "runs_tallymark",
        "runs_budgetalert",
        "runs_grant",
        "runs_grantuse",
        "runs_knownhost",
        "runs_alertsum",
        "agents_budget",
        "agents_freeze",
        "agents_breakglass",
        "agents_auditchain",
        "agents_auditentry",
        "agents_agentversion",
        "agents_personname",
        "agents_ledgerscope",
        "agents_ledgerentry",
        "agents_ledgerlot",
        "catalog_entryversion",
        "catalog_recoverycandidate",
        "catalog_recoverydecision",
    ),
    OPERATIONAL: (
        "runs_session",
        "runs_losthold",
        "runs_storedsimulation",
        "runs_senttrace",
        "runs_webhookendpoint",
        "runs_webhookdelivery",
        "runs_heardanswer",
        "runs_deliverysum",
        "runs_approvalnote",
        "runs_decisionlink",
        "runs_bulkoperation",
        "agents_storedanswer",
        "agents_ratewindow",
        "catalog_circuit",
        "catalog_driftalert",
        "catalog_failuregroup",
        "catalog_failuresum",
        "django_q_ormq",
        "django_q_task",
        "django_session",
    ),
}
CLASSES = ("payload", *TABLES)


@dataclass(frozen=True)
class Stored:
    """What is stored of a class; None for what the database does not tell cheaply."""

    name: str
    rows: int | None
    bytes: int | None
    keeps_days: int | None
    oldest: datetime | None


def read_stored() -> list[Stored]:
    """Return every class with what its tables hold. The rows are the database's own estimate."""
    sizes = _postgresql_sizes() if connection.vendor == "postgresql" else _sqlite_sizes()
    oldest = {stage.name: stage.oldest_kept() for stage in STAGES}
    return [Stored(name, *_sum_of(name, sizes), settings.RETENTION_DAYS.get(name), oldest.get(name)) for name in CLASSES]


def database_bytes() -> int:
    """Return the size of the whole database."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
        else:
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return int(cursor.fetchone()[0])


def _sum_of(name: str, sizes: dict[str, tuple[int, int | None]]) -> tuple[int | None, int | None]:
    found = [sizes[table] for table in TABLES.get(name, ())]
    known = [size for _, size in found if size is not None]
    return sum(rows for rows, _ in found) if found else None, sum(known) if known else None


def _all_tables() -> list[str]:
    return [table for tables in TABLES.values() for table in tables]


def _postgresql_sizes() -> dict[str, tuple[int, int | None]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_live_tup, pg_total_relation_size(relid) FROM pg_stat_user_tables"
            " WHERE relname = ANY(%s) AND pg_table_is_visible(relid)",
            [_all_tables()],
        )
        return {table: (rows, size) for table, rows, size in cursor.fetchall()}


def _sqlite_sizes() -> dict[str, tuple[int, int | None]]:
    """Return rows by the numbers SQLite gives them, which have gaps where rows went: at most so many. Bytes of one table
    would mean reading all of its pages."""
    sizes: dict[str, tuple[int, int | None]] = {}
    with connection.cursor() as cursor:
        for table in _all_tables():
            lowest, highest = f"SELECT min(rowid) FROM {table}", f"SELECT max(rowid) FROM {table}"  # noqa: S608 - tables of this file
            cursor.execute(f"SELECT ({highest}) - ({lowest}) + 1")
            sizes[table] = (cursor.fetchone()[0] or 0, None)
    return sizes
