"""Brings the test database back to what it was before any test, after one that committed: in the place of Django's flush.

Flush truncates each of some ninety tables and then sets up permissions anew, which takes longer than most tests. Here only the tables
that hold something are emptied. What migrations put there for good (content types, permissions, the shipped catalog and prices) stays,
and comes back where a test changed it: every test finds it, whichever ran before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.db import connections, transaction
from django.test import TransactionTestCase

MIGRATIONS = "django_migrations"

_tables: dict[str, list[str]] = {}
_shipped: dict[str, dict[str, list[Any]]] = {}


def remember(alias: str) -> None:
    """Take note of what a database holds before any test."""
    connection = connections[alias]
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    _tables[alias] = [name for name in names if name != MIGRATIONS]
    _shipped[alias] = {name: _rows(connection, name) for name in _with_rows(connection, _tables[alias])}


def empty(alias: str) -> None:
    """Remove what a test left behind, and put back what it took. A database nobody took note of is flushed."""
    connection = connections[alias]
    if alias not in _tables:
        call_command("flush", verbosity=0, interactive=False, database=alias, reset_sequences=False)
        return
    shipped = _shipped[alias]
    spoiled = [name for name, rows in shipped.items() if _rows(connection, name) != rows]
    left = [name for name in _with_rows(connection, _tables[alias]) if name not in shipped]
    if left or spoiled:
        with _unguarded(connection, spoiled):
            for name in [*left, *spoiled]:
                _tell(connection, f"DELETE FROM {name}")  # noqa: S608 - names of tables
            for name in spoiled:
                _put_back(connection, name, shipped[name])


def _with_rows(connection: Any, tables: list[str]) -> list[str]:
    asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables)  # noqa: S608 - names of tables
    return [name for (name,) in _ask(connection, asked)]


def _rows(connection: Any, table: str) -> list[Any]:
    return _ask(connection, f"SELECT * FROM {table} ORDER BY id")  # noqa: S608 - names of tables


def _put_back(connection: Any, table: str, rows: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)  # noqa: S608 - names of tables
    if connection.vendor == "postgresql":
        # Whoever truncated the table may have had it count from one again.
        counter = f"pg_get_serial_sequence('{table}', 'id')"
        _tell(connection, f"SELECT setval({counter}, GREATEST(nextval({counter}), (SELECT MAX(id) FROM {table})))")  # noqa: S608 - as above


def _ask(connection: Any, sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found: list[Any] = cursor.fetchall()
        return found


def _tell(connection: Any, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@contextmanager
def _unguarded(connection: Any, tables: list[str]) -> Iterator[None]:
    """Have neither constraints nor triggers of these tables stop the block, which is one transaction."""
    if connection.vendor == "postgresql":
        # Append-only tables refuse to be deleted from, by triggers; this is off for this transaction alone.
        with transaction.atomic(using=connection.alias):
            _tell(connection, "SET LOCAL session_replication_role = replica")
            yield
        return
    # Here a table that stays for good keeps its rows whoever deletes them, so its triggers go and come back.
    of_these = ", ".join(f"'{name}'" for name in tables)
    asked = f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ({of_these})"  # noqa: S608 - names of tables
    triggers = _ask(connection, asked)
    with connection.constraint_checks_disabled(), transaction.atomic(using=connection.alias):
        for name, _ in triggers:
            _tell(connection, f"DROP TRIGGER {name}")
        yield
        for _, made in triggers:
            _tell(connection, made)


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
