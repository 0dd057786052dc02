"""Serves Django under ASGI with one change of threads a request, on threads that stay.

Django's own handler changes threads for every hook of a synchronous middleware, and gives each request a thread that
ends with it, and the database connection with the thread. Here middleware and view run in one go on a thread that then
takes the next request, so that a connection serves many (CONN_MAX_AGE).
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable
from concurrent import futures
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed, RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.exception import convert_exception_to_response
from django.core.signals import request_started
from django.db import connections
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix
from django.utils.decorators import sync_and_async_middleware
from django.utils.module_loading import import_string
from servestatic.middleware import ServeStaticMiddleware

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

MOST_IDLE_THREADS = 16
"""Each keeps a database connection. More requests than that at a time are served, by threads that end with them."""

STATIC_FILES = "aos_site.http.serving.static_files"

Inbox = SimpleQueue[tuple[Future[Any], Callable[[], Any]]]


class StayingThreads(Executor):
    """As many threads as there are calls; the one that was busy last takes the next call, and few stay without one."""

    def __init__(self, most_idle: int) -> None:
        self._most_idle = most_idle
        self._idle: list[Inbox] = []

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        self._inbox().put((future, lambda: call(*args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the idle threads end now and the busy ones when they are done."""
        self._most_idle = 0
        leaving = [self.submit(bool) for _ in range(len(self._idle))]
        if wait:
            futures.wait(leaving)

    def _inbox(self) -> Inbox:
        try:
            return self._idle.pop()
        except IndexError:
            inbox = Inbox()
            # What a server does not wait for when it ends need not hold it up.
            Thread(target=self._work, args=(inbox,), name="aos-request", daemon=True).start()
            return inbox

    def _work(self, inbox: Inbox) -> None:
        stays = True
        while stays:
            future, call = inbox.get()
            tell = _outcome(future, call)
            stays = len(self._idle) < self._most_idle
            if stays:
                # Before the caller hears of it, so that its next call finds this thread.
                self._idle.append(inbox)
            else:
                connections.close_all()
            tell()
            del future, call, tell


def _outcome(future: Future[Any], call: Callable[[], Any]) -> Callable[[], None]:
    """Make a call; return what tells its result or error to who waits for it."""
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - handed on to who asked for the call
        failure = error
        return lambda: future.set_exception(failure)
    return lambda: future.set_result(result)


class ThreadedHandler(ASGIHandler):
    """Answers each request on one thread, and streams on the loop what is to be streamed."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = StayingThreads(MOST_IDLE_THREADS)

    def close(self) -> None:
        """End the threads, and with them the connections they keep."""
        self._threads.shutdown()

    def load_middleware(self, is_async: bool = False) -> None:
        """Load the synchronous chain, whatever the server is."""
        super().load_middleware(is_async=False)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        response = await self._on_a_thread(self._answer, scope, body)
        if response.streaming:
            await self._stream(response, receive, send)
        else:
            await self.send_response(response, send)

    async def _on_a_thread(self, call: Callable[..., T], *args: Any) -> T:
        run = contextvars.copy_context().run
        return await asyncio.get_running_loop().run_in_executor(self._threads, run, call, *args)

    def _answer(self, scope: dict[str, Any], body: Any) -> HttpResponseBase:
        with body:
            set_script_prefix(get_script_prefix(scope))
            request_started.send(sender=type(self), scope=scope)
            request, refused = self.create_request(scope, body)
            response = refused if request is None else self.get_response(request)
            assert response is not None, "what is no request is refused"
            if not response.streaming:
                response.close()
            return response

    async def _stream(self, response: HttpResponseBase, receive: Any, send: Any) -> None:
        """Send a stream until it ends or who reads it has hung up."""
        sending = asyncio.create_task(self.send_response(response, send))
        listening = asyncio.create_task(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait((sending, listening), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            listening.cancel()
            sent, _ = await asyncio.gather(sending, listening, return_exceptions=True)
            if isinstance(sent, Exception):
                # Its head is sent, so nobody can be told any more: who reads comes back and goes on.
                log.error("http.stream.broke", exc_info=sent)
            await self._on_a_thread(response.close)


class StaticHandler(ASGIHandler):
    """Answers with files, on the loop: what stands outside of them in the chain and no more, so that what is inside may be synchronous."""

    def load_middleware(self, is_async: bool = True) -> None:
        names = settings.MIDDLEWARE
        outermost = names[: names.index(STATIC_FILES) + 1] if STATIC_FILES in names else []
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        handler: Any = convert_exception_to_response(self._get_response_async)  # type: ignore[attr-defined] # Django's own, without stubs
        for name in reversed(outermost):
            handler = convert_exception_to_response(import_string(name)(handler))
        self._middleware_chain = handler


@sync_and_async_middleware
def static_files(get_response: Any) -> Any:
    """Serve static files where the chain is asynchronous; another has none to serve, and is spared the way through a loop."""
    if not iscoroutinefunction(get_response):
        raise MiddlewareNotUsed
    return ServeStaticMiddleware(get_response)
