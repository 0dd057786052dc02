"""Server-sent events: a durable feed read on and on, as frames of text, until it ends, who reads hangs up, or the key ends.

Nothing is kept for a stream but the place where it is: whoever comes back with `Last-Event-ID` goes on right there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import msgspec
from django.db import close_old_connections
from django.http import StreamingHttpResponse

from agents.second_wall import walls
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant

P = TypeVar("P")

MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
RETRY_MS = 3_000
HEARTBEAT_SECONDS = 15.0
ASK_SECONDS = 1.0
"""A key that ended, or lost its scope, is noticed within this time."""
LONGEST_SECONDS = 3_600.0
"""A stream ends then; who reads comes back by itself."""
MOST_STREAMS = 500
MOST_OF_A_TENANT = 100
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5
READERS = 8
"""How many streams read from the database at the same time, each on a connection that stays."""

_readers = ThreadPoolExecutor(READERS, thread_name_prefix="aos-feed")
_open: dict[int, int] = {}


class Batch(NamedTuple, Generic[P]):
    """What a look at a feed found: frames, the place to look from next, and whether that was all there will ever be."""

    frames: list[bytes]
    after: P
    ended: bool = False


def wants_stream(headers: Mapping[str, str]) -> bool:
    """Tell whether a request asks for a stream and not for a page."""
    return MEDIA_TYPE in headers.get("Accept", "")


def frame(event: str, data: Any, place: object = "") -> bytes:
    """Return one frame. JSON has no line breaks, so one line of data holds it; `place` is what a reader comes back with."""
    head = f"id: {place}\n" if place != "" else ""
    return f"{head}event: {event}\ndata: {msgspec.json.encode(data).decode()}\n\n".encode()


def answer(read: Callable[[P], Batch[P]], after: P, *, tenant: Tenant, is_live: Callable[[], bool]) -> StreamingHttpResponse:
    """Return a feed as a stream. `read` and `is_live` are called on a thread. Raises Refusal where too many are open."""
    if _is_full(tenant):
        raise Refusal("CONCURRENCY_LIMITED", "too many streams are open", retry_after_ms=RETRY_MS)
    content = _frames(_Look(tenant, is_live, read), after, tenant)
    return StreamingHttpResponse(content, content_type=MEDIA_TYPE, headers=HEADERS)


def _is_full(tenant: Tenant) -> bool:
    return sum(list(_open.values())) >= MOST_STREAMS or _open.get(tenant.pk, 0) >= MOST_OF_A_TENANT


class _Look(Generic[P]):
    """A look at a feed, on a thread that reads for streams; once a second it asks as well whether who reads may still do so."""

    def __init__(self, tenant: Tenant, is_live: Callable[[], bool], read: Callable[[P], Batch[P]]) -> None:
        self._tenant = tenant
        self._is_live = is_live
        self._read = read
        self._ask_at = 0.0

    def __call__(self, place: P) -> Batch[P]:
        close_old_connections()
        walls.open_to([self._tenant.pk])
        if time.monotonic() >= self._ask_at:
            self._ask_at = time.monotonic() + ASK_SECONDS
            if not self._is_live():
                return Batch([], place, ended=True)
        return self._read(place)


async def _frames(read: Callable[[P], Batch[P]], after: P, tenant: Tenant) -> AsyncIterator[bytes]:
    if _is_full(tenant):
        # Many asked at the same moment, and all of them found room: here they come one after the other.
        yield f"retry: {RETRY_MS}\n\n".encode()
        return
    _open[tenant.pk] = _open.get(tenant.pk, 0) + 1
    try:
        yield f"retry: {RETRY_MS}\n\n".encode()
        async for part in _followed(read, after):
            yield part
    finally:
        _open[tenant.pk] -= 1
        if not _open[tenant.pk]:
            del _open[tenant.pk]


async def _followed(read: Callable[[P], Batch[P]], after: P) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    until, pause, said_at = time.monotonic() + LONGEST_SECONDS, FIRST_PAUSE_S, time.monotonic()
    while time.monotonic() < until:
        batch = await loop.run_in_executor(_readers, read, after)
        after = batch.after
        if batch.frames:
            said_at, pause = time.monotonic(), FIRST_PAUSE_S
            yield b"".join(batch.frames)
        if batch.ended:
            return
        if time.monotonic() - said_at >= HEARTBEAT_SECONDS:
            said_at = time.monotonic()
            yield b": all is well\n\n"
        if not batch.frames:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE_S)


def open_streams() -> int:
    """Return how many streams this process serves now."""
    return sum(_open.values())


def frames_of(events: Iterable[tuple[object, str, Any]]) -> list[bytes]:
    """Return the frames of events, each a place, a name and what it says."""
    return [frame(name, data, place) for place, name, data in events]
