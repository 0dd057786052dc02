"""Expressions the database computes itself, so that a million failures are added up where they lie.

Django's own `TruncHour` and differences of instants call back into Python for every row on SQLite, which takes longer
than everything else.
"""

from __future__ import annotations

from typing import Any

from django.db.models import BigIntegerField, CharField, Func
from django.db.models.sql.compiler import SQLCompiler


class Hour(Func):
    """The hour of an instant in UTC, as `2026-11-28 13`."""

    output_field = CharField()

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24')", **context)

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        # SQLite holds instants as text in UTC: `2026-11-28 13:14:15.678`.
        return self.as_sql(compiler, connection, template="substr(%(expressions)s, 1, 13)", **context)


class Milliseconds(Func):
    """An instant in Unix milliseconds; of two the difference says how long it was between them."""

    output_field = BigIntegerField()

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(EXTRACT(EPOCH FROM %(expressions)s) * 1000)::bigint", **context)

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        template = "CAST(ROUND((julianday(%(expressions)s) - 2440587.5) * 86400000) AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **context)
