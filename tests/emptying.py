"""Empties the test database after a test that committed: only the tables that hold something, in the place of Django's flush.

Flush truncates each of some ninety tables and then sets up permissions anew, which takes longer than most tests. What a migration
or a release puts there for good stays: content types, permissions, and prices as long as no test changed them.
"""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.db import connections, transaction
from django.test import TransactionTestCase

KEPT = frozenset({"django_migrations", "django_content_type", "auth_permission"})
PRICES = "skills_pricerow"
PRICES_NOW = f"SELECT COUNT(*), COALESCE(MAX(id), 0), COUNT(withdrawn_at) FROM {PRICES}"  # noqa: S608 - a name of ours

_tables: dict[str, list[str]] = {}
_prices: dict[str, Any] = {}


def remember(alias: str) -> None:
    """Take note of what a database holds before any test."""
    connection = connections[alias]
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    _tables[alias] = [name for name in names if name not in KEPT]
    _prices[alias] = _ask(connection, PRICES_NOW)[0]


def empty(alias: str) -> None:
    """Remove what a test left behind. A database nobody took note of is flushed."""
    connection = connections[alias]
    if alias not in _tables:
        call_command("flush", verbosity=0, interactive=False, database=alias, reset_sequences=False)
        return
    prices_are_as_shipped = _ask(connection, PRICES_NOW)[0] == _prices[alias]
    held = [name for name in _with_rows(connection, _tables[alias]) if not (name == PRICES and prices_are_as_shipped)]
    if PRICES in held:
        call_command("flush", verbosity=0, interactive=False, database=alias, reset_sequences=False)
        remember(alias)
    elif held:
        _delete(connection, held)


def _with_rows(connection: Any, tables: list[str]) -> list[str]:
    asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables)  # noqa: S608 - names of tables
    return [name for (name,) in _ask(connection, asked)]


def _ask(connection: Any, sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found: list[Any] = cursor.fetchall()
        return found


def _delete(connection: Any, tables: list[str]) -> None:
    if connection.vendor == "postgresql":
        # Append-only tables refuse to be deleted from, by triggers; this is off for this transaction alone.
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for name in tables:
                cursor.execute(f"DELETE FROM {name}")  # noqa: S608 - names of tables
        return
    # With Django's own order and its constraints off, as its flush does it.
    with connection.constraint_checks_disabled():
        connection.ops.execute_sql_flush([f"DELETE FROM {name}" for name in tables])  # noqa: S608 - names of tables


def _teardown(case: Any) -> None:
    for alias in case._databases_names(include_mirrors=False):
        empty(alias)


def take_the_place_of_flush() -> None:
    """Have tests that commit emptied by this from now on."""
    setattr(TransactionTestCase, "_fixture_teardown", _teardown)  # noqa: B010 - Django's own hook, which its type hints leave out


def see_off(alias: str) -> None:
    """End the sessions of processes that were killed by a test: their server sides notice late, and nobody drops a database in use."""
    connection = connections[alias]
    if connection.vendor == "postgresql":
        own = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        _ask(connection, own)
