"""Crowds at the door of a real server: keys that make one thing each, bodies that do not end, streams asked for all at once."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from agents.models import Agent, AuditEntry, Tenant
from agents.tenancy import SCOPES
from runs.events import streaming
from runs.models import Run, RunEvent, WebhookEndpoint
from tests.api.cast import Caller, make_caller
from tests.integration.workshop import wait_for
from tests.live_site import a_live_site

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
THREADS = 50
TRIES = 200
PLAN = {"steps": [{"step_id": "a", "skill": "json_transform", "params": {"input": {"x": 1}}}]}


@pytest.fixture
def server(transactional_db: None) -> Iterator[httpx.Client]:
    """Return a client of a server that shares the test's database."""
    with a_live_site(most_connections=THREADS) as client:
        yield client


@pytest.fixture
def alice(server: httpx.Client) -> Caller:
    made = make_caller(Tenant.objects.create(slug="acme", name="Acme", requests_per_minute=0), "alice", SCOPES)
    server.headers["Authorization"] = f"Bearer {made.key}"
    made.post("/api/v1/agents", {"name": "worker"})
    return made


def posted(server: httpx.Client, path: str, body: dict[str, Any], key: str) -> httpx.Response:
    """Post until it is answered: 409 says that the first with this key is still under way."""
    for _ in range(TRIES):
        answer = server.post(path, json=body, headers={"Idempotency-Key": key})
        if answer.status_code != 409:
            return answer
        assert int(answer.headers["Retry-After"]) > 0
        time.sleep(0.02)
    raise AssertionError(f"it was under way for ever: {answer.text}")


BODIES = {
    "/api/v1/runs": lambda key: {"agent": "worker", "plan": PLAN, "inputs": {"key": key}},
    "/api/v1/agents": lambda key: {"name": key},
    "/api/v1/webhooks": lambda key: {"url": f"https://hooks.example.com/{key}"},
}


# Runs keep their keys themselves; the others share one way, and fewer keys meet as often.
@pytest.mark.parametrize(("path", "count"), [("/api/v1/runs", 20), ("/api/v1/agents", 8), ("/api/v1/webhooks", 8)])
def test_a_crowd_with_the_same_keys_makes_one_thing_of_each(server: httpx.Client, alice: Caller, path: str, count: int) -> None:
    together = threading.Barrier(THREADS)

    def visit(number: int) -> list[httpx.Response]:
        # Each begins at another key, in groups, so that several are always at the same one.
        keys = [f"key-{(number % 5 + step) % count}" for step in range(count)]
        together.wait(30)
        return [posted(server, path, BODIES[path](key), key) for key in keys]

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [answer for all_of_one in pool.map(visit, range(THREADS)) for answer in all_of_one]
    assert {answer.status_code for answer in answers} <= {201, 202}, {answer.text for answer in answers if not answer.is_success}
    first = [answer for answer in answers if "Idempotency-Replayed" not in answer.headers]
    assert len(first) == count
    assert len({answer.headers["Location"] for answer in answers}) == count
    assert len(answers) == THREADS * count
    if path == "/api/v1/runs":
        assert Run.objects.count() == RunEvent.objects.count() == count
    elif path == "/api/v1/agents":
        assert Agent.objects.count() == count + 1
        assert AuditEntry.objects.filter(action="agent.create").count() == count + 1
    else:
        assert WebhookEndpoint.objects.count() == AuditEntry.objects.filter(action="webhook.create").count() == count
        assert sum(answer.json()["secret"] is not None for answer in answers) == count


def test_a_body_in_chunks_beside_a_length_is_refused_unread(server: httpx.Client, alice: Caller) -> None:
    lines = ("POST /api/v1/agents HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json")
    smuggled = "".join(f"{line}\r\n" for line in (*lines, "Transfer-Encoding: chunked", "Content-Length: 5", ""))
    with socket.create_connection((server.base_url.host, server.base_url.port or 80), timeout=10) as connection:
        # The rest never comes: an answer comes all the same.
        connection.sendall(smuggled.encode() + b"100000\r\n{")
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert b"application/problem+json" in answer


def test_streams_asked_for_at_the_same_moment_are_counted_too(server: httpx.Client, alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "MOST_OF_A_TENANT", 3)
    lines = ("GET /api/v1/events HTTP/1.1", "Host: 127.0.0.1", "Accept: text/event-stream", f"Authorization: Bearer {alice.key}", "")
    head = "".join(f"{line}\r\n" for line in lines).encode()
    opened = [socket.create_connection((server.base_url.host, server.base_url.port or 80), timeout=10) for _ in range(30)]
    for each in opened:
        each.sendall(head)
    for each in opened:
        assert each.recv(1) == b"H"
    assert streaming.open_streams() <= 3
    for each in opened:
        each.close()
    wait_for(lambda: streaming.open_streams() == 0, "the last stream to be forgotten")
    assert server.get("/api/v1/whoami").status_code == 200
