"""Two who do something in the same instant: the second begins while the first has not yet committed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from skills.refusal import Refusal
from tests.integration.workshop import wait_for


def meeting(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """Return what becomes of the second, which begins when the first is done and not yet committed: its answer, or the refusal."""

    def on_own_connection() -> Any:
        try:
            return second()
        except (Refusal, ValidationError, ImmediateHttpResponse) as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            first()
            coming = thread.submit(on_own_connection)
            wait_for(lambda: coming.done() or is_waited_for())
        return coming.result(60)


def is_waited_for() -> bool:
    """Tell whether somebody waits for what this transaction holds, as all do on SQLite."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))")
        return bool(cursor.fetchone()[0])
