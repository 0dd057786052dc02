"""The site under ASGI: one thread a request, threads and connections that stay, streams that end with who reads them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent import futures
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from aos_site.asgi import application
from aos_site.http.serving import StayingThreads, ThreadedHandler
from tests.conftest import PROJECT
from tests.processes import eventually

AT_A_TIME = 6
used: list[tuple[int, Any]] = []
ended = threading.Event()


def note(request: HttpRequest) -> HttpResponse:
    connection.ensure_connection()
    used.append((threading.get_ident(), connection.connection))
    return HttpResponse("noted")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    async def beats() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"beat\n"
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    return StreamingHttpResponse(beats())


urlpatterns = [path("note", note), path("stream", stream)]


@pytest.fixture
def threads() -> Iterator[StayingThreads]:
    kept = StayingThreads(2)
    yield kept
    kept.shutdown()


@pytest.fixture
def handler(settings: Any) -> Iterator[ThreadedHandler]:
    """Return a handler of the views above and nothing around them."""
    settings.ROOT_URLCONF, settings.MIDDLEWARE = __name__, []
    used.clear()
    ended.clear()
    made = ThreadedHandler()
    yield made
    made.close()


def scope(to: str, **more: Any) -> dict[str, Any]:
    asked = {"type": "http", "method": "GET", "path": to, "query_string": b"", "headers": [(b"host", b"testserver")]}
    return {**asked, "root_path": "", "scheme": "http", **more}


async def ask(application: Callable[..., Awaitable[None]], asked: dict[str, Any], hang_up: asyncio.Event | None = None) -> list[Any]:
    """Send a request without a body; return the messages of the answer. Who hangs up does so when the event is set."""
    received, sent = iter([{"type": "http.request", "body": b"", "more_body": False}]), list[Any]()

    async def receive() -> dict[str, Any]:
        for message in received:
            return message
        await (hang_up or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if hang_up is not None and message.get("body"):
            hang_up.set()

    await asyncio.wait_for(application(asked, receive, send), 20)
    return sent


def test_it_gives_the_next_call_the_thread_that_was_busy_last(threads: StayingThreads) -> None:
    free = [threading.Event(), threading.Event()]

    def busy_until(event: threading.Event) -> int:
        event.wait(20)
        return threading.get_ident()

    calls = [threads.submit(busy_until, event) for event in free]
    for event, call in zip(free, calls, strict=True):
        event.set()
        last = call.result(20)
    assert {threads.submit(threading.get_ident).result(20) for _ in range(5)} == {last}


def test_it_takes_as_many_calls_at_a_time_as_there_are_and_keeps_few_threads(threads: StayingThreads) -> None:
    meet, before = threading.Barrier(AT_A_TIME + 1), {*threading.enumerate()}
    calls = [threads.submit(meet.wait, 20) for _ in range(AT_A_TIME)]
    meet.wait(20)
    futures.wait(calls)
    # Others that were there may end meanwhile.
    eventually(lambda: len({*threading.enumerate()} - before) == 2, "only two idle threads")


def test_it_hands_on_what_a_call_raises_and_goes_on(threads: StayingThreads) -> None:
    with pytest.raises(ZeroDivisionError):
        threads.submit(lambda: 1 // 0).result(20)
    assert threads.submit(int).result(20) == 0


@pytest.mark.django_db(transaction=True)
def test_it_closes_the_connection_of_a_thread_that_ends(threads: StayingThreads) -> None:
    def connect() -> Any:
        connection.ensure_connection()
        return connections["default"]

    own = threads.submit(connect).result(20)
    assert own.connection is not None
    threads.shutdown()
    assert own.connection is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("seconds", "connections_used"), [(60, 1), (0, 3)], ids=["kept", "not kept"])
def test_it_serves_many_requests_by_one_connection_where_it_may_keep_it(
    handler: ThreadedHandler, monkeypatch: pytest.MonkeyPatch, seconds: int, connections_used: int
) -> None:
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", seconds)

    async def three_times() -> None:
        for _ in range(3):
            await ask(handler, scope("/note"))

    asyncio.run(three_times())
    assert len({thread for thread, _ in used}) == 1
    assert len({id(opened) for _, opened in used}) == connections_used


def test_it_runs_middleware_and_view_in_one_go(settings: Any) -> None:
    assert not iscoroutinefunction(vars(ThreadedHandler())["_middleware_chain"])
    assert any(middleware.endswith("static_files") for middleware in settings.MIDDLEWARE)


def test_it_ends_a_stream_whose_reader_has_hung_up(handler: ThreadedHandler) -> None:
    async def read_a_little() -> list[Any]:
        return await ask(handler, scope("/stream"), asyncio.Event())

    answer = asyncio.run(read_a_little())
    assert answer[0]["status"] == 200
    assert answer[1]["body"] == b"beat\n"
    assert ended.is_set()


def test_it_answers_nobody_who_hangs_up_before_the_body_has_come(handler: ThreadedHandler) -> None:
    async def hang_up() -> list[Any]:
        sent = list[Any]()

        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await handler(scope("/note"), receive, send)
        return sent

    assert asyncio.run(hang_up()) == []
    assert used == []


@pytest.mark.parametrize("prefix", ["", "/below"], ids=["at the root", "below a path"])
def test_it_serves_static_files_with_the_headers_of_the_site(prefix: str) -> None:
    start, *body = asyncio.run(ask(application, scope(f"{prefix}/static/aos/console.css", root_path=prefix)))
    headers = {name.lower(): value for name, value in start["headers"]}
    assert start["status"] == 200
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert b"".join(message.get("body", b"") for message in body)


READ = """
import {module}
from django.conf import settings

database = settings.DATABASES["default"]
assert "pool" not in database["OPTIONS"]
print(database["CONN_MAX_AGE"], database["OPTIONS"]["prepare_threshold"])
"""
ELSEWHERE = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}


@pytest.mark.parametrize(
    ("module", "environment", "told"),
    [
        ("aos_site.asgi", ELSEWHERE, "60 5"),
        ("aos_site.settings", ELSEWHERE, "0 5"),
        ("aos_site.settings", ELSEWHERE | {"AOS_PREPARED_STATEMENTS": "false"}, "0 None"),
    ],
    ids=["web", "worker or command", "behind an old pooler"],
)
def test_it_keeps_connections_in_the_web_process_alone_and_a_pool_nowhere(module: str, environment: dict[str, str], told: str) -> None:
    given = {**os.environ, "DJANGO_SETTINGS_MODULE": "aos_site.settings", "AOS_PLUGINS": "false", **environment}
    done = subprocess.run(
        [sys.executable, "-c", READ.format(module=module)], cwd=PROJECT, env=given, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == told, done.stderr


def test_it_serves_http_alone() -> None:
    with pytest.raises(ValueError, match="serves HTTP, not lifespan"):
        asyncio.run(ask(application, scope("/", type="lifespan")))
