"""What the database computes itself, so that a million failures are added up where they lie.

Django's own `TruncHour` and differences of instants call back into Python for every row on SQLite, which takes longer
than everything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models import BigIntegerField, Func
from django.db.models.sql.compiler import SQLCompiler


@contextmanager
def from_the_index() -> Iterator[None]:
    """Let PostgreSQL read from an index all that stands in it, however much of the table that is, while the block lasts.

    By itself it takes each page of an index for a turn of a disk (`random_page_cost` 4) and reads the whole table, whose rows are
    wide, for columns that stand in the index, which takes two to four times as long. Inside another transaction it holds until that ends.
    """
    if connection.vendor != "postgresql":
        # SQLite chooses the index anyway, and would not let anybody write in the meantime.
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL random_page_cost = 1.1")
        yield


class Hour(Func):
    """The hour of an instant, counted since 1970."""

    output_field = BigIntegerField()

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="floor(date_part('epoch', %(expressions)s) / 3600)::bigint", **context)

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="CAST(strftime('%%%%s', %(expressions)s) AS INTEGER) / 3600", **context)


class Milliseconds(Func):
    """An instant in Unix milliseconds; of two the difference says how long it was between them."""

    output_field = BigIntegerField()

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(date_part('epoch', %(expressions)s) * 1000)::bigint", **context)

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        template = "CAST(ROUND((julianday(%(expressions)s) - 2440587.5) * 86400000) AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **context)
