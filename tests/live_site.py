"""The site behind a real server in this process, on the test's own database."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn
from django.conf import settings
from django.db import connections

from aos_site.asgi import application
from runs.events import streaming
from tests.integration.workshop import wait_for


@contextmanager
def a_live_site(app: Any = application, *, port: int = 0, most_connections: int = 100, grace: int = 2) -> Iterator[httpx.Client]:
    """Yield a client of the site; what was served on threads leaves no connection behind."""
    listening = socket.create_server(("127.0.0.1", port), backlog=2_000)
    alive = settings.WEB_IDLE_SECONDS
    config = uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=grace, timeout_keep_alive=alive)
    serving = uvicorn.Server(config)
    thread = threading.Thread(target=serving.run, args=([listening],))
    thread.start()
    limits = httpx.Limits(max_connections=most_connections)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=60, limits=limits) as client:
            wait_for(lambda: serving.started, "the server")
            yield client
    finally:
        # Also where the block failed: no process ends while this thread serves.
        serving.should_exit = True
        thread.join(timeout=20)
        listening.close()
        _let_readers_go()


def _let_readers_go() -> None:
    """Have each thread that reads for streams close its connection: PostgreSQL drops no database somebody is connected to."""
    together = threading.Barrier(streaming.READERS)

    def leave() -> None:
        together.wait(10)
        connections.close_all()

    for left in [streaming._readers.submit(leave) for _ in range(streaming.READERS)]:
        left.result()
