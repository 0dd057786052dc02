"""Lists that come in pages: iterate over all of them, or take a page at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, TypeVar

from aos_sdk._record import R, Record
from aos_sdk._request import Request, at, given

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page: its entries, and what to ask for the next one (None on the last)."""

    data: list[T]
    next_cursor: Any
    body: Record
    """The whole answer, with what it says beside its entries."""


def paging(kind: type[R], *parts: Any, query: Mapping[str, Any], cursor: str = "next_cursor") -> Request[Page[R]]:
    """Return the request for the first page; `cursor` is the member that leads on."""
    return Request("GET", at(*parts), partial(_page, kind, cursor), query=given(query))


def _page(kind: type[R], cursor: str, body: Any) -> Page[R]:
    whole = Record(body if isinstance(body, dict) else {"data": body})
    entries = [kind(each) for each in whole.get("data") or ()]
    following = whole.get(cursor)
    # Pages by position end with an empty one or with the last position again; of the others one may be empty, and lead on.
    return Page(entries, following if entries or cursor == "next_cursor" else None, whole)


def next_request(request: Request[Page[T]], page: Page[T]) -> Request[Page[T]] | None:
    """Return the request for the page after this one, None after the last."""
    if page.next_cursor is None:
        return None
    name = next((member.removeprefix("next_") for member in ("next_cursor", "next_after", "next_before") if member in page.body), "cursor")
    return replace(request, query={**request.query, name: page.next_cursor})


class Pages(Generic[T]):
    """All entries of a list, read page by page as one goes along: `for run in client.runs.list(): …`."""

    def __init__(self, request: Request[Page[T]], perform: Callable[[Request[Page[T]]], Page[T]]) -> None:
        self._request = request
        self._perform = perform

    def first(self) -> Page[T]:
        """Return the first page alone."""
        return self._perform(self._request)

    def pages(self) -> Iterator[Page[T]]:
        """Yield page after page."""
        request: Request[Page[T]] | None = self._request
        while request is not None:
            page = self._perform(request)
            yield page
            request = next_request(request, page)

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.data


class AsyncPages(Generic[T]):
    """All entries of a list, read page by page as one goes along: `async for run in client.runs.list(): …`."""

    def __init__(self, request: Request[Page[T]], perform: Callable[[Request[Page[T]]], Awaitable[Page[T]]]) -> None:
        self._request = request
        self._perform = perform

    async def first(self) -> Page[T]:
        """Return the first page alone."""
        return await self._perform(self._request)

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Yield page after page."""
        request: Request[Page[T]] | None = self._request
        while request is not None:
            page = await self._perform(request)
            yield page
            request = next_request(request, page)

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for entry in page.data:
                yield entry
