"""Events as they happen: read from a stream that is taken up again where it broke, until the last one."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx

from aos_sdk._errors import AOSError, APIConnectionError, ServerError
from aos_sdk._record import Record
from aos_sdk._request import Request, at, given
from aos_sdk._retry import backoff_seconds

WAIT_SECONDS = 20
RECONNECT_SECONDS = 0.5
LONGEST_RECONNECT_SECONDS = 30.0
BROKEN = (httpx.RequestError, httpx.StreamError, APIConnectionError, ServerError)


class Frame(NamedTuple):
    """One frame of an event stream."""

    event: str
    data: str
    id: str | None


class FrameReader:
    """Turns the bytes of an event stream into frames. Bytes may be cut anywhere."""

    def __init__(self) -> None:
        self._rest = b""
        self._event = ""
        self._data: list[str] = []
        self._id: str | None = None
        self.retry_ms: int | None = None
        self.heard = False
        """Something complete came: an event, or the sign that the other side lives."""

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """Yield the frames that are complete with these bytes."""
        # Only the three line ends of the format count: str.splitlines would also cut at characters that JSON may hold.
        pending = self._rest + chunk
        # A carriage return at the very end may be half of a line end.
        held = b"\r" if pending.endswith(b"\r") else b""
        lines = pending[: len(pending) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + held
        for line in lines:
            frame = self._line(line.decode("utf-8", "replace"))
            if frame is not None:
                yield frame

    def _line(self, line: str) -> Frame | None:
        if not line:
            return self._dispatched()
        if line.startswith(":"):
            self.heard = True
            return None
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isdigit():
            self.retry_ms = int(value)
        return None

    def _dispatched(self) -> Frame | None:
        event, data, known = self._event or "message", self._data, self._id
        self._event, self._data = "", []
        if not data and event == "message":
            return None
        self.heard = True
        return Frame(event, "\n".join(data), known)


@dataclass(frozen=True)
class EventCall:
    """Which events to follow."""

    kind: type[Record]
    parts: tuple[Any, ...]
    after: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    reconnects: int = 10
    """How often in a row the stream may break without anything having come."""


class Following:
    """Where one stands in a stream: what was seen last, and what to do when it breaks."""

    def __init__(self, call: EventCall) -> None:
        self._call = call
        self.after = call.after
        self.done = False
        self._opened = False
        self._failures = 0
        self._frames = FrameReader()
        self._rest = RECONNECT_SECONDS

    def request(self) -> Request[Any]:
        """Return the request that goes on after what was seen last."""
        query = given({**self._call.query, "after": self.after, "wait": WAIT_SECONDS})
        return Request("GET", at(*self._call.parts), _unchanged, query=query, allowance=float(WAIT_SECONDS))

    def opened(self, response: httpx.Response) -> bool:
        """Note that a connection stands; tell whether it is a stream (else it is a page)."""
        self._opened = True
        self._frames = FrameReader()
        return str(response.headers.get("Content-Type", "")).startswith("text/event-stream")

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """Yield the events these bytes complete."""
        for frame in self._frames.feed(chunk):
            if frame.event == "end":
                self.done = True
                return
            yield self._event(frame)
        if self._frames.heard:
            self._failures = 0

    def _event(self, frame: Frame) -> Record:
        told = json.loads(frame.data) if frame.data else {}
        if frame.event == "reset":
            # What was asked for is too old to be there: the stream goes on from here, and the reader is told.
            self.after = told.get("next_after", frame.id)
            return self._call.kind({"kind": "reset", "data": told})
        self.after = self.after if frame.id is None else frame.id
        return self._call.kind(told if isinstance(told, dict) else {"kind": frame.event, "data": told})

    def page(self, body: Any) -> Iterator[Record]:
        """Yield the events of a page, where the server gives pages only."""
        self._failures = 0
        if body.get("reset"):
            yield self._call.kind({"kind": "reset", "data": {"next_after": body.get("next_after")}})
        for each in body.get("data", ()):
            self.after = each.get("seq", each.get("cursor", self.after))
            yield self._call.kind(each)
        self.after = body.get("next_after", self.after)
        self.done = bool(body.get("terminal"))
        self._rest = 0.0 if body.get("data") else 0.2

    def cut(self) -> None:
        """Note that the stream ended without having said so."""
        self._failed(APIConnectionError("the event stream ended before its last event"))

    def broke(self, error: Exception) -> None:
        """Note that the stream broke. Raises the error where it never stood, or breaks again and again."""
        if not self._opened and isinstance(error, AOSError):
            raise error
        wrapped = error if isinstance(error, AOSError) else APIConnectionError(f"the event stream broke: {error}")
        self._failed(wrapped)

    def _failed(self, error: AOSError) -> None:
        self._failures += 1
        if self._failures > self._call.reconnects:
            raise error
        hint = RECONNECT_SECONDS if self._frames.retry_ms is None else self._frames.retry_ms / 1_000
        self._rest = min(LONGEST_RECONNECT_SECONDS, hint if self._failures == 1 else max(hint, backoff_seconds(self._failures)))

    def rest(self) -> float:
        """Return how long to wait before the next request."""
        return self._rest


def _unchanged(body: Any) -> Any:
    return body


class EventStream:
    """Events one after the other: `for event in client.runs.events(run_id): …`. `after` is where it stands."""

    def __init__(self, call: EventCall, connect: Callable[[Request[Any]], httpx.Response]) -> None:
        self._following = Following(call)
        self._connect = connect
        self._events = self._read()

    @property
    def after(self) -> Any:
        """The position of the last event seen: what to give as `after` to go on later."""
        return self._following.after

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._events)

    def __enter__(self) -> EventStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop following; whatever is followed goes on."""
        self._events.close()

    def _read(self) -> Any:
        following = self._following
        while not following.done:
            try:
                yield from self._one_connection()
            except BROKEN as error:
                following.broke(error)
            if not following.done:
                time.sleep(following.rest())

    def _one_connection(self) -> Iterator[Record]:
        response = self._connect(self._following.request())
        try:
            if not self._following.opened(response):
                response.read()
                yield from self._following.page(response.json())
                return
            for chunk in response.iter_bytes():
                yield from self._following.feed(chunk)
                if self._following.done:
                    return
        finally:
            response.close()
        self._following.cut()


class AsyncEventStream:
    """Events one after the other: `async for event in client.runs.events(run_id): …`. `after` is where it stands."""

    def __init__(self, call: EventCall, connect: Callable[[Request[Any]], Awaitable[httpx.Response]]) -> None:
        self._following = Following(call)
        self._connect = connect
        self._events = self._read()

    @property
    def after(self) -> Any:
        """The position of the last event seen: what to give as `after` to go on later."""
        return self._following.after

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        return await self._events.__anext__()

    async def __aenter__(self) -> AsyncEventStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop following; whatever is followed goes on."""
        await self._events.aclose()

    async def _read(self) -> Any:
        following = self._following
        while not following.done:
            try:
                async for event in self._one_connection():
                    yield event
            except BROKEN as error:
                following.broke(error)
            if not following.done:
                await asyncio.sleep(following.rest())

    async def _one_connection(self) -> AsyncIterator[Record]:
        response = await self._connect(self._following.request())
        try:
            if not self._following.opened(response):
                await response.aread()
                for event in self._following.page(response.json()):
                    yield event
                return
            async for chunk in response.aiter_bytes():
                for event in self._following.feed(chunk):
                    yield event
                if self._following.done:
                    return
        finally:
            await response.aclose()
        self._following.cut()
