"""The tenant's feed: what happens, over all runs."""

from __future__ import annotations

from collections.abc import Sequence

from aos_sdk._events import EventCall
from aos_sdk._operation import Group, M, operation, streamed
from aos_sdk._request import Request, get
from aos_sdk.types import FeedEvent, FeedPage


class Events(Group[M]):
    """What happens, over all runs."""

    @streamed("events_list")
    def follow(self, *, after: str | None = None, types: Sequence[str] | None = None, reconnects: int = 10) -> EventCall:
        """Follow the feed, taking it up again where it breaks. It has no end: close it."""
        return EventCall(FeedEvent, ("events",), after, {"types": types}, reconnects)

    @operation("events_list")
    def page(
        self, *, after: str | None = None, types: Sequence[str] | None = None, limit: int | None = None, wait: int | None = None
    ) -> Request[FeedPage]:
        """Return the events after a position, waiting up to `wait` seconds for the first."""
        return get(FeedPage, "events", query={"after": after, "types": types, "limit": limit, "wait": wait})
