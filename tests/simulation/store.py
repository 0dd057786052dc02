"""The database under a simulation: set up once, put back to how it was before every seed."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from django.db import connection, connections
from django.db.backends.signals import connection_created

from agents.models import Agent, Tenant
from catalog.services import seed_catalog
from skills import plugins
from skills.registry import registry
from tests.integration.workshop import Workshop, as_person

SKILLS = "tests.simulation.skills"


@contextmanager
def own_database() -> Iterator[None]:
    """Make a SQLite file of this process's own, migrated, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="aos-simulation-") as folder:
        configured = connection.settings_dict["NAME"]
        connection.settings_dict["TEST"]["NAME"] = str(Path(folder) / "simulation.sqlite3")
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            yield
        finally:
            connections.close_all()
            connection.creation.destroy_test_db(configured, verbosity=0)


@contextmanager
def registered_skills() -> Iterator[None]:
    """Let the registry hold the skills of the simulation and the built-in ones."""
    with mock.patch.multiple(registry, _skills={}, _newest={}, _metadata={}):
        plugins.load(registry, with_plugins=False, modules=[SKILLS])
        yield


class Store:
    """The database between seeds."""

    def __init__(self) -> None:
        self.now_ms: Callable[[], int] = lambda: 0
        seed_catalog()
        self.tenant = Tenant.objects.create(slug="acme", name="Acme", max_queued_runs=100_000)
        self._template = _copy_of_sqlite() if connection.vendor == "sqlite" else None

    def workshop(self, agent: Agent) -> Workshop:
        return Workshop(self.tenant, agent, as_person(self.tenant, "alice"), as_person(self.tenant, "bob"))

    def reset(self) -> None:
        """Put everything back to how it was before the first seed, the counters of ids included."""
        if self._template is not None:
            connection.ensure_connection()
            self._template.backup(connection.connection)
        else:
            _truncate()

    def close(self) -> None:
        if self._template is not None:
            self._template.close()


def _copy_of_sqlite() -> sqlite3.Connection:
    template = sqlite3.connect(":memory:")
    connection.connection.backup(template)
    return template


def _truncate() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = current_schema()"
            " AND (tablename LIKE 'runs_%' OR tablename LIKE 'agents_ledger%' OR tablename IN ('agents_agent', 'catalog_failurematch'))"
        )
        (tables,) = cursor.fetchone()
        cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


@contextmanager
def opened_store() -> Iterator[Store]:
    """Yield the store, with skills in the registry and a database that does not wait for its disk."""
    with registered_skills(), closing(Store()) as store, quick_sqlite(lambda: store.now_ms()):
        yield store


@contextmanager
def quick_sqlite(now_ms: Callable[[], int]) -> Iterator[None]:
    """Let SQLite tell virtual time and not wait for its disk, on connections opened meanwhile too."""

    def prepare(connection: Any, **_: Any) -> None:
        if connection.vendor == "sqlite":
            connection.connection.create_function("aos_now_ms", 0, now_ms)
            connection.connection.executescript("PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;")

    connection.ensure_connection()
    prepare(connection)
    connection_created.connect(prepare)
    try:
        yield
    finally:
        connection_created.disconnect(prepare)
        connection.close()
