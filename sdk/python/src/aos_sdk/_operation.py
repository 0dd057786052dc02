"""Operations defined once: a method builds a request, and the client it hangs on decides whether one waits for it or awaits it."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass, replace
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

import httpx

from aos_sdk._events import AsyncEventStream, EventCall, EventStream
from aos_sdk._pages import AsyncPages, Page, Pages
from aos_sdk._request import Request
from aos_sdk._transport import Sleep
from aos_sdk.types import KEYED_OPERATIONS

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M")


class Sync:
    """Methods wait for their answer."""


class Async:
    """Methods are awaited."""


class Raw:
    """Methods wait for the whole HTTP answer."""


class AsyncRaw:
    """Methods are awaited and give the whole HTTP answer."""


@dataclass(frozen=True)
class RawResponse(Generic[T]):
    """An HTTP answer, with the value it holds."""

    http_response: httpx.Response
    value: T

    @property
    def status_code(self) -> int:
        return self.http_response.status_code

    @property
    def headers(self) -> httpx.Headers:
        return self.http_response.headers

    @property
    def request_id(self) -> str | None:
        """The id under which the server's logs know the request."""
        found: str | None = self.http_response.headers.get("X-Request-Id")
        return found

    def parse(self) -> T:
        """Return the value as the method without `with_raw_response` does."""
        return self.value


Procedure = Generator["Request[Any] | Sleep", Any, T]
"""Several requests with rests between them; each wish is answered with what the request gives."""


class Client(Protocol):
    """What executes requests."""

    def _perform(self, request: Request[Any]) -> Any: ...
    def _conduct(self, procedure: Procedure[Any]) -> Any: ...
    def _pages(self, request: Request[Any]) -> Any: ...
    def _stream(self, call: EventCall) -> Any: ...


class Group(Generic[M]):
    """Operations that belong together, hung on a client."""

    def __init__(self, client: Client) -> None:
        self._client = client


class _Method(Generic[P, T]):
    """A descriptor that stands for a method; `operation_id` is the API's name of what it calls."""

    executed_by = ""

    def __init__(self, operation_id: str, build: Callable[..., Any]) -> None:
        self.operation_id = operation_id
        self.build = build
        self.__doc__ = build.__doc__

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.name = name

    def _bound(self, group: Group[Any]) -> Callable[..., Any]:
        execute = getattr(group._client, self.executed_by)

        @functools.wraps(self.build)
        def method(*args: Any, **kwargs: Any) -> Any:
            return execute(self.made(group, *args, **kwargs))

        return method

    def made(self, group: Group[Any] | None, *args: Any, **kwargs: Any) -> Any:
        """Return what the method asks its client to execute."""
        wanted = self.build(group, *args, **kwargs)
        if isinstance(wanted, Request) and wanted.creates:
            # Without the server's memory for the key, a second one would make a second thing.
            return replace(wanted, repeatable=self.operation_id in KEYED_OPERATIONS)
        return wanted


class Operation(_Method[P, T]):
    """A method that sends one request."""

    executed_by = "_perform"

    @overload
    def __get__(self, group: None, owner: Any = None) -> Operation[P, T]: ...
    @overload
    def __get__(self, group: Group[Sync], owner: Any = None) -> Callable[P, T]: ...
    @overload
    def __get__(self, group: Group[Async], owner: Any = None) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def __get__(self, group: Group[Raw], owner: Any = None) -> Callable[P, RawResponse[T]]: ...
    @overload
    def __get__(self, group: Group[AsyncRaw], owner: Any = None) -> Callable[P, Coroutine[Any, Any, RawResponse[T]]]: ...
    def __get__(self, group: Group[Any] | None, owner: Any = None) -> Any:
        return self if group is None else self._bound(group)


class PagedOperation(_Method[P, T]):
    """A method whose answer comes in pages."""

    executed_by = "_pages"

    @overload
    def __get__(self, group: None, owner: Any = None) -> PagedOperation[P, T]: ...
    @overload
    def __get__(self, group: Group[Sync], owner: Any = None) -> Callable[P, Pages[T]]: ...
    @overload
    def __get__(self, group: Group[Async], owner: Any = None) -> Callable[P, AsyncPages[T]]: ...
    @overload
    def __get__(self, group: Group[Raw], owner: Any = None) -> Callable[P, RawResponse[Page[T]]]: ...
    @overload
    def __get__(self, group: Group[AsyncRaw], owner: Any = None) -> Callable[P, Coroutine[Any, Any, RawResponse[Page[T]]]]: ...
    def __get__(self, group: Group[Any] | None, owner: Any = None) -> Any:
        return self if group is None else self._bound(group)


class ProcedureMethod(_Method[P, T]):
    """A method that sends several requests."""

    executed_by = "_conduct"

    @overload
    def __get__(self, group: None, owner: Any = None) -> ProcedureMethod[P, T]: ...
    @overload
    def __get__(self, group: Group[Sync] | Group[Raw], owner: Any = None) -> Callable[P, T]: ...
    @overload
    def __get__(self, group: Group[Async] | Group[AsyncRaw], owner: Any = None) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, group: Group[Any] | None, owner: Any = None) -> Any:
        return self if group is None else self._bound(group)


class StreamOperation(_Method[P, T]):
    """A method whose answer is a stream of events."""

    executed_by = "_stream"

    @overload
    def __get__(self, group: None, owner: Any = None) -> StreamOperation[P, T]: ...
    @overload
    def __get__(self, group: Group[Sync] | Group[Raw], owner: Any = None) -> Callable[P, EventStream]: ...
    @overload
    def __get__(self, group: Group[Async] | Group[AsyncRaw], owner: Any = None) -> Callable[P, AsyncEventStream]: ...
    def __get__(self, group: Group[Any] | None, owner: Any = None) -> Any:
        return self if group is None else self._bound(group)


def operation(operation_id: str) -> Callable[[Callable[Concatenate[Any, P], Request[T]]], Operation[P, T]]:
    """Make a method of what builds a request."""
    return lambda build: Operation(operation_id, build)


def paged(operation_id: str) -> Callable[[Callable[Concatenate[Any, P], Request[Page[T]]]], PagedOperation[P, T]]:
    """Make a method of what builds the request for a first page."""
    return lambda build: PagedOperation(operation_id, build)


def streamed(operation_id: str) -> Callable[[Callable[Concatenate[Any, P], EventCall]], StreamOperation[P, Any]]:
    """Make a method of what says which events to follow."""
    return lambda build: StreamOperation(operation_id, build)


def procedure(build: Callable[Concatenate[Any, P], Procedure[T]]) -> ProcedureMethod[P, T]:
    """Make a method of a generator that wishes requests and rests."""
    return ProcedureMethod("", build)
