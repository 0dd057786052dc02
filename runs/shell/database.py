"""The one thread of a worker that talks to the database: Django's own connection, kept open, used by nobody else.

The event loop hands it functions; raw SQL and ORM both work there. Threads must not exist before django-q2 forks,
so this is made when a drain begins.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from django.db import connections

T = TypeVar("T")
Done = Callable[[Any, BaseException | None], None]
"""Told what a function returned, or what it raised."""


class DatabaseThread:
    """Runs functions one after the other on its own thread and connection."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Callable[..., Any], tuple[object, ...], asyncio.AbstractEventLoop, Done] | None]
        self._calls = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="aos-database")
        self._thread.start()

    def post(self, function: Callable[..., Any], args: tuple[object, ...], done: Done) -> None:
        """Run a function on the database thread and tell its end to `done`, in the loop that runs now."""
        self._calls.put((function, args, asyncio.get_running_loop(), done))

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Run a function on the database thread. Cancelling the caller does not stop a function that has begun."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.post(function, args, partial(_settle, answer))
        return await answer

    def close(self) -> None:
        """Close the thread's connection and end the thread."""
        self._calls.put(None)
        self._thread.join()

    def _work(self) -> None:
        try:
            while (call := self._calls.get()) is not None:
                function, args, loop, done = call
                _report(loop, done, *_outcome(function, args))
        finally:
            connections.close_all()


def _outcome(function: Callable[..., Any], args: tuple[object, ...]) -> tuple[Any, BaseException | None]:
    try:
        return function(*args), None
    except BaseException as error:  # noqa: BLE001 - told to who waits for the answer
        return None, error


def _report(loop: asyncio.AbstractEventLoop, done: Done, result: Any, error: BaseException | None) -> None:
    # A loop that was closed meanwhile has nobody left who waits.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(done, result, error)


def _settle(answer: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if answer.cancelled():
        return
    if error is None:
        answer.set_result(result)
    else:
        answer.set_exception(error)
