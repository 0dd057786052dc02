"""The one thread of a worker that talks to the database: Django's own connection, kept open, used by nobody else.

The event loop hands it functions; raw SQL and ORM both work there. Threads must not exist before django-q2 forks,
so this is made when a drain begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

T = TypeVar("T")


class DatabaseThread:
    """Runs functions one after the other on its own thread and connection."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="aos-database")

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Run a function on the database thread. Cancelling the caller does not stop a function that has begun."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *args)

    def close(self) -> None:
        """Close the thread's connection and end the thread."""
        self._executor.submit(connections.close_all)
        self._executor.shutdown(wait=True)
