"""The second wall between tenants: which of them the database shows to this thread's connection (docs/reference/tenancy.md).

`tenancy.scoped` is the first wall. Behind it PostgreSQL itself compares each row with a setting of the connection, for a role that
does not own the tables: ids of tenants, or `*`. Where nothing is set there are no rows. What the policies say is in
`row_policies.py`; here is who says for whom a request may see. Without AOS_ROW_SECURITY, and on SQLite, all of this does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import Error, connection
from psycopg.pq import TransactionStatus

SETTING = "aos.tenants"
EVERYTHING = "*"
NOTHING = ""

_READ = f"SELECT current_setting('{SETTING}', true)"
_WRITE = f"SELECT set_config('{SETTING}', %s, false)"
_BLIND = """
    SELECT current_user FROM pg_class WHERE oid = to_regclass('agents_tenant') AND row_security_active(oid)
        AND coalesce(current_setting(%s, true), '') = ''
"""


def is_up() -> bool:
    """Tell whether this process lives behind the wall."""
    return settings.ROW_SECURITY and connection.vendor == "postgresql"


def blind_role() -> str | None:
    """Return the role of this connection where it sees no tenant, else None: one that owns no table, and for whom nobody has said.

    To such a role every table looks empty. A request says for whom it asks, where AOS_ROW_SECURITY is on; workers and commands never do.
    """
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(_BLIND, (SETTING,))
        found = cursor.fetchone()
    return None if found is None else str(found[0])


def open_to(tenants: Iterable[int] | str) -> None:
    """Let the rest of this request see the rows of these tenants, or EVERYTHING; of all others nothing, whatever it was before."""
    if is_up():
        _tell(tenants if isinstance(tenants, str) else ",".join(map(str, tenants)))


@contextmanager
def opened_to(tenants: Iterable[int] | str) -> Iterator[None]:
    """See the rows of these tenants inside the block, and afterwards what one saw before."""
    if not is_up():
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        before = cursor.fetchone()[0] or NOTHING
    open_to(tenants)
    try:
        yield
    finally:
        # A transaction that failed takes back what was set inside it, and answers no statement before it has ended.
        if connection.connection is not None and connection.connection.info.transaction_status != TransactionStatus.INERROR:
            _tell(before)


def forget(**told: Any) -> None:
    """Close the wall, as each request begins: what the last one on this connection was let see is not this one's to see.

    Django asks a connection that stays whether it still lives before each request. This is such a question, so it costs nothing more.
    """
    if not is_up() or connection.connection is None:
        return
    try:
        with connection.wrap_database_errors:
            # Not through Django's cursor, which would ask first.
            connection.connection.execute(_WRITE, (NOTHING,))
    except Error:
        # A new one has nothing set.
        connection.close()
    else:
        connection.health_check_done = True  # type: ignore[attr-defined] # the stubs lack it


def close_new(*, connection: Any, **told: Any) -> None:
    """Close the wall on a connection as it is made: a pool or a pooler may hand on one that somebody else has left open."""
    if settings.ROW_SECURITY and connection.vendor == "postgresql":
        connection.connection.execute(_WRITE, (NOTHING,))


def _tell(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, (text,))
