"""The site behind a real server: bodies are refused before they are read, and those who wait hold up nobody."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from agents.models import Agent, Tenant
from agents.services import create_agent
from agents.tenancy import SCOPES
from runs.models import Run
from tests.api.cast import Caller, make_caller
from tests.live_site import a_live_site

pytestmark = pytest.mark.slow


@pytest.fixture
def server(transactional_db: None) -> Iterator[httpx.Client]:
    """Return a client of a server that shares the test's database."""
    with a_live_site(grace=5) as client:
        yield client


@pytest.fixture
def caller(server: httpx.Client) -> Caller:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    server.headers["Authorization"] = f"Bearer {(made := make_caller(tenant, 'alice', SCOPES)).key}"
    return made


def raw_exchange(server: httpx.Client, head: str, body: bytes = b"") -> bytes:
    """Send a request by hand and return all that comes until the server hangs up."""
    with socket.create_connection((server.base_url.host, server.base_url.port or 80), timeout=10) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + body)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_it_serves_an_agent_from_end_to_end(server: httpx.Client, caller: Caller) -> None:
    made = server.post("/api/v1/agents", json={"name": "scout"})
    assert made.status_code == 201
    assert server.get(made.headers["Location"]).json() == made.json()
    assert Agent.objects.get().tenant == caller.tenant


def test_it_refuses_a_huge_body_without_waiting_for_it(server: httpx.Client, caller: Caller) -> None:
    head = "POST /api/v1/runs HTTP/1.1\nHost: 127.0.0.1\nConnection: close\nContent-Type: application/json\nContent-Length: 5000000000\n\n"
    answer = raw_exchange(server, head, b"{")
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"application/problem+json" in answer
    assert b"CONTENT_TOO_LARGE" in answer


def test_it_refuses_a_body_of_unknown_length(server: httpx.Client, caller: Caller) -> None:
    head = "POST /api/v1/runs HTTP/1.1\nHost: 127.0.0.1\nConnection: close\nContent-Type: application/json\nTransfer-Encoding: chunked\n\n"
    answer = raw_exchange(server, head, b"2\r\n{}\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 411")
    assert b"application/problem+json" in answer


def test_it_refuses_two_keys_in_two_headers_of_one_name(server: httpx.Client, caller: Caller) -> None:
    header = server.headers["Authorization"]
    answer = raw_exchange(
        server, f"GET /api/v1/agents HTTP/1.1\nHost: 127.0.0.1\nConnection: close\nAuthorization: {header}\nAuthorization: {header}x\n\n"
    )
    assert answer.startswith(b"HTTP/1.1 401")


def test_it_answers_others_while_some_wait_for_events(server: httpx.Client, caller: Caller) -> None:
    agent = create_agent(tenant=caller.tenant, name="worker")
    run = Run.objects.create(tenant=caller.tenant, agent=agent)
    with ThreadPoolExecutor(12) as pool:
        waiting = [pool.submit(server.get, f"/api/v1/runs/{run.public_id}/events?after=9&wait=60") for _ in range(10)]
        time.sleep(0.3)
        assert server.get("/healthz").status_code == 200
        assert server.get("/api/v1/agents").status_code == 200
        assert not any(answer.done() for answer in waiting)
        Run.objects.update(status="succeeded")
        assert {answer.result().status_code for answer in waiting} == {200}


def test_it_serves_the_documentation_with_all_it_loads(server: httpx.Client) -> None:
    page = server.get("/api/docs/").text
    loaded = re.findall(r"(?:src|href)=\"([^\"]+)\"", page)
    assert len(loaded) >= 4
    for address in loaded:
        answer = server.get(address)
        assert answer.status_code == 200, address
