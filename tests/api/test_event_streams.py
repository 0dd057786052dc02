"""Events as a stream over a real socket: nothing lost or repeated over a break, and nothing left behind by who hangs up."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import httpx
import pytest

from agents.models import Tenant
from agents.tenancy import SCOPES, revoke_key
from runs.events import feed, streaming
from runs.models import Kept, Outbox, Run, RunEvent
from tests.api.cast import Caller, make_caller
from tests.integration.workshop import a_worker, over, wait_for
from tests.live_site import a_live_site

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
STREAM = {"Accept": "text/event-stream"}
PLAN = {"steps": [{"step_id": f"s{number}", "skill": "json_transform", "params": {"input": {"x": number}}} for number in range(20)]}


@pytest.fixture
def server(transactional_db: None) -> Iterator[httpx.Client]:
    """Return a client of a server that shares the test's database, with the key of Alice."""
    with a_live_site() as client:
        yield client


@pytest.fixture
def alice(server: httpx.Client) -> Caller:
    made = make_caller(Tenant.objects.create(slug="acme", name="Acme"), "alice", SCOPES)
    server.headers["Authorization"] = f"Bearer {made.key}"
    made.post("/api/v1/agents", {"name": "worker"})
    return made


def frames(response: httpx.Response) -> Iterator[dict[str, str]]:
    """Yield the frames of a stream, as any reader of server-sent events would take them apart."""
    frame: dict[str, str] = {}
    for line in response.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            frame[name] = value
        elif frame:
            yield frame
            frame = {}


def submit(server: httpx.Client) -> str:
    accepted = server.post("/api/v1/runs", json={"agent": "worker", "plan": PLAN})
    assert accepted.status_code == 202, accepted.text
    run_id: str = accepted.json()["run_id"]
    return run_id


def test_a_stream_tells_all_of_a_run_and_ends_with_it(server: httpx.Client, alice: Caller) -> None:
    run_id = submit(server)
    with server.stream("GET", f"/api/v1/runs/{run_id}/events", headers=STREAM) as response, a_worker():
        assert response.headers["Content-Type"] == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Accel-Buffering"] == "no"
        retry, *told = frames(response)
    assert retry == {"retry": "3000"}
    *events, end = told
    assert [int(event["id"]) for event in events] == list(range(1, len(events) + 1))
    assert (end["event"], json.loads(end["data"])["status"]) == ("end", "succeeded")
    page = server.get(f"/api/v1/runs/{run_id}/events?limit=1000").json()["data"]
    assert [json.loads(event["data"]) for event in events] == page, "the same objects as in the page"


def test_it_goes_on_where_it_was_broken_off_and_loses_and_repeats_nothing(server: httpx.Client, alice: Caller) -> None:
    run_id = submit(server)
    path, seen, last, ended = f"/api/v1/runs/{run_id}/events", [], "", False
    with a_worker():
        while not ended:
            with server.stream("GET", path, headers=STREAM | ({"Last-Event-ID": last} if last else {})) as response:
                for count, frame in enumerate(frames(response)):
                    ended = frame.get("event") == "end"
                    if "id" in frame:
                        last = frame["id"]
                        seen.append(int(last))
                    if count == 3:
                        break  # hang up in the middle
    assert seen == list(range(1, Run.objects.get(public_id=run_id).last_seq + 1))


def test_the_feed_of_a_tenant_tells_what_happens_while_one_listens(server: httpx.Client, alice: Caller) -> None:
    with server.stream("GET", "/api/v1/events", headers=STREAM) as response:
        coming = frames(response)
        assert next(coming) == {"retry": "3000"}
        run_id = submit(server)
        with a_worker():
            event = next(coming)
    assert event["event"] == "run.succeeded"
    assert json.loads(event["data"])["data"]["run_id"] == run_id
    assert server.get(f"/api/v1/events?after={event['id']}").json()["data"] == []


def test_a_stream_ends_soon_after_its_key(server: httpx.Client, alice: Caller) -> None:
    assert alice.row is not None
    with server.stream("GET", "/api/v1/events", headers=STREAM) as response:
        coming = frames(response)
        next(coming)
        revoke_key(alice.row)
        began = time.monotonic()
        assert list(coming) == []
        assert time.monotonic() - began < 5


def test_where_retention_took_events_it_says_so_and_shows_the_run(server: httpx.Client, alice: Caller) -> None:
    run_id = submit(server)
    with a_worker():
        run = over(Run.objects.get(public_id=run_id))
    RunEvent.objects.filter(run_id=run.pk, seq__lt=10).delete()
    Run.objects.filter(pk=run.pk).update(kept=Kept.PARTS)
    with server.stream("GET", f"/api/v1/runs/{run_id}/events?after=3", headers=STREAM) as response:
        _, reset, first, *_ = frames(response)
    assert reset["event"] == "reset"
    told = json.loads(reset["data"])
    assert (told["run"]["run_id"], told["next_after"]) == (run_id, 9), "cut off here, one goes on with the first that is kept"
    assert first["id"] == "10"


def test_a_quiet_stream_says_that_it_lives(server: httpx.Client, alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    assert streaming.HEARTBEAT_SECONDS == 15
    monkeypatch.setattr(streaming, "HEARTBEAT_SECONDS", 0.1)
    with server.stream("GET", "/api/v1/events", headers=STREAM) as response:
        comments = (line for line in response.iter_lines() if line.startswith(":"))
        assert next(comments) == next(comments)


def test_the_feed_of_a_tenant_says_where_some_of_it_may_be_gone(server: httpx.Client, alice: Caller) -> None:
    Outbox.objects.create(tenant=alice.tenant, topic="budget.alert", data="{}")
    long_ago = feed.Place(second=1)
    with server.stream("GET", "/api/v1/events", headers=STREAM | {"Last-Event-ID": str(long_ago)}) as response:
        _, reset, first = islice(frames(response), 3)
    assert reset["event"] == "reset"
    # Whoever is cut off between the two misses nothing.
    assert server.get(f"/api/v1/events?after={json.loads(reset['data'])['next_after']}").json()["data"][0]["cursor"] == first["id"]


def test_a_stream_that_breaks_is_in_the_log(
    server: httpx.Client, alice: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(feed, "read_feed", broken)
    with pytest.raises(httpx.RemoteProtocolError), server.stream("GET", "/api/v1/events", headers=STREAM) as response:
        list(frames(response))
    assert "http.stream.broke" in caplog.messages
    wait_for(lambda: streaming.open_streams() == 0, "the stream to be forgotten")


def test_nobody_streams_what_is_not_theirs(server: httpx.Client, alice: Caller) -> None:
    run_id = submit(server)
    rival = make_caller(Tenant.objects.create(slug="rival", name="Rival"), "charlie", SCOPES)
    theirs = STREAM | {"Authorization": f"Bearer {rival.key}"}
    assert server.get(f"/api/v1/runs/{run_id}/events", headers=theirs).status_code == 404
    assert server.get("/api/v1/events", headers=STREAM | {"Authorization": "Bearer nonsense"}).status_code == 401
    Outbox.objects.create(tenant=alice.tenant, topic="budget.alert", data="{}")
    with server.stream("GET", "/api/v1/events", headers=theirs) as response:
        coming = frames(response)
        next(coming)
        Outbox.objects.create(tenant=rival.tenant, topic="drift.detected", data="{}")
        assert next(coming)["event"] == "drift.detected"


def test_readers_who_hang_up_a_thousand_times_leave_nothing_behind(server: httpx.Client, alice: Caller) -> None:
    before = threading.active_count()
    lines = ("GET /api/v1/events HTTP/1.1", "Host: 127.0.0.1", "Accept: text/event-stream", f"Authorization: Bearer {alice.key}")
    head = "".join(f"{line}\r\n" for line in (*lines, ""))
    for round_number in range(50):
        opened = [socket.create_connection((server.base_url.host, server.base_url.port or 80)) for _ in range(20)]
        for each in opened:
            each.sendall(head.encode())
        for each in opened[: 20 if round_number % 2 else 5]:
            assert each.recv(10), "it answers"
        for each in opened:
            each.close()
    wait_for(lambda: streaming.open_streams() == 0, "the last stream to be forgotten")
    assert server.get("/api/v1/whoami").status_code == 200
    assert threading.active_count() <= before + streaming.READERS + 20, "threads stay a few"


def test_there_are_so_many_streams_and_no_more(server: httpx.Client, alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "MOST_OF_A_TENANT", 1)
    with server.stream("GET", "/api/v1/events", headers=STREAM) as response:
        coming = frames(response)  # kept, or the stream would be closed with it
        next(coming)
        refused: Any = server.get("/api/v1/events", headers=STREAM)
        assert (refused.status_code, refused.json()["code"]) == (429, "CONCURRENCY_LIMITED")
        assert refused.headers["Retry-After"] == "3"
