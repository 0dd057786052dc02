"""Events come one by one to the last, over connections that break, frames that are cut anywhere, and servers without streams."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aos_sdk import AOS, APIConnectionError, AsyncAOS, NotFoundError, Record
from aos_sdk._events import FrameReader

from tests.sdk.python.conftest import KEY
from tests.sdk.python.wire import EVENTS_HEAD, Wire, json_answer

QUICK = b"retry: 10\n\n"


def event(seq: int, kind: str = "step_succeeded") -> bytes:
    return f"id: {seq}\nevent: {kind}\ndata: {json.dumps({'seq': seq, 'kind': kind, 'at_ms': seq, 'data': {}})}\n\n".encode()


END = b"event: end\ndata: {}\n\n"


def followed(wire: Wire, kind: str, **options: Any) -> list[Record]:
    """Return all events of a run, as a client of this kind follows them."""

    async def awaited() -> list[Record]:
        async with AsyncAOS(KEY, wire.url) as client:
            return [each async for each in client.runs.events("run_1", **options)]

    if kind == "async":
        return asyncio.run(awaited())
    with AOS(KEY, wire.url) as client:
        return list(client.runs.events("run_1", **options))


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_it_goes_on_where_the_connection_broke(kind: str, quick: None) -> None:
    script = [
        EVENTS_HEAD + QUICK + event(1) + event(2) + b"id: 3\nevent: st",
        b"",
        b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        EVENTS_HEAD + QUICK + event(3) + event(4) + END,
    ]
    with Wire(list(script)).serving() as wire:
        found = followed(wire, kind)
        asked = [request.split()[1] for request in wire.requests]
    assert [each.seq for each in found] == [1, 2, 3, 4]
    assert "after=" not in asked[0]
    assert all("after=2" in each for each in asked[1:])
    assert "accept: text/event-stream" in wire.requests[0].lower()


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_it_tells_when_events_are_gone(kind: str) -> None:
    reset = b'event: reset\ndata: {"next_after": 40}\n\n'
    with Wire([EVENTS_HEAD + QUICK + reset, EVENTS_HEAD + event(41) + END]).serving() as wire:
        found = followed(wire, kind, after=3)
    assert [(each.kind, each.get("seq")) for each in found] == [("reset", None), ("step_succeeded", 41)]
    assert "after=3" in wire.requests[0]
    assert "after=40" in wire.requests[1]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_it_reads_pages_where_there_are_no_streams(kind: str) -> None:
    pages = [
        {"data": [{"seq": 1, "kind": "run_accepted", "at_ms": 1, "data": {}}], "next_after": 1, "terminal": False},
        {"data": [], "next_after": 1, "terminal": False},
        {"data": [{"seq": 2, "kind": "step_succeeded", "at_ms": 1, "data": {}}], "next_after": 2, "terminal": True},
    ]
    with Wire([json_answer(json.dumps(page).encode()) for page in pages]).serving() as wire:
        assert [each.seq for each in followed(wire, kind)] == [1, 2]
    assert "after=1" in wire.requests[2]


def test_it_gives_up_when_the_stream_breaks_again_and_again(quick: None) -> None:
    with Wire([EVENTS_HEAD + QUICK]).serving() as wire, pytest.raises(APIConnectionError, match="ended before"):
        followed(wire, "sync", reconnects=2)
    assert len(wire.requests) == 3


def test_what_is_refused_is_told_at_once() -> None:
    refused = json_answer(b'{"code": "NOT_FOUND", "detail": "there is no such run"}', "404 Not Found")
    with Wire([refused]).serving() as wire, pytest.raises(NotFoundError, match="no such run"):
        followed(wire, "sync")
    assert len(wire.requests) == 1


def test_it_stops_when_nobody_reads_on() -> None:
    with Wire([EVENTS_HEAD + event(1) + event(2) + END]).serving() as wire, AOS(KEY, wire.url) as client:
        with client.runs.events("run_1") as events:
            assert next(events).seq == 1
            assert events.after == "1"
        assert list(events) == []


def test_the_feed_goes_on_by_its_cursor() -> None:
    first = b'id: 0-7-99\nevent: run.succeeded\ndata: {"cursor": "0-7-99", "type": "run.succeeded", "data": {"run_id": "run_1"}}\n\n'
    with Wire([EVENTS_HEAD + QUICK + first, EVENTS_HEAD + QUICK + first]).serving() as wire, AOS(KEY, wire.url) as client:
        events = client.events.follow(after="0-6-98", types=["run.succeeded", "run.failed"])
        assert [next(events).type, next(events).data.run_id] == ["run.succeeded", "run_1"]
        events.close()
    assert "after=0-6-98" in wire.requests[0]
    assert "types=run.succeeded%2Crun.failed" in wire.requests[0]
    assert "after=0-7-99" in wire.requests[1]


def test_frames_may_be_cut_anywhere() -> None:
    said = ': hello\r\nretry: 250\r\n\r\nid: 1\r\nevent: a\r\ndata: {"x":\rdata: "ü\u2028"}\n\ndata:no space\n\nid: 2\n\n'.encode()
    whole = list(FrameReader().feed(said))
    assert [(each.event, each.data, each.id) for each in whole] == [("a", '{"x":\n"ü\u2028"}', "1"), ("message", "no space", "1")]
    for size in (1, 2, 3, 7):
        reader = FrameReader()
        parts = [said[at : at + size] for at in range(0, len(said), size)]
        assert [frame for part in parts for frame in reader.feed(part)] == whole
        assert reader.retry_ms == 250
        assert reader.heard
