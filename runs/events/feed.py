"""A tenant's events, in an order that never changes: what pages, streams and webhooks tell of the outbox.

On PostgreSQL a row may become visible after rows with greater ids, because its transaction took longer. So the order is that of
transactions (`tx`, then `id`), and nothing is shown of a transaction as long as an older one is under way: what follows a place in
the feed now follows it for ever. SQLite has one writer at a time, and ids are that order.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from agents.tenancy import scoped
from runs.models import Outbox
from skills.instants import instant
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant

LATEST = "latest"
_SHOWN = ("tenant_id", "topic", "data", "tx", "created_at", "run__public_id")
_HORIZON = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
# As many digits as a row's place can have: of the seconds no more than there are until the year 2286.
_PLACE = re.compile(r"([0-9]{1,19})-([0-9]{1,19})-([0-9]{1,10})")


class Place(NamedTuple):
    """A place in a feed: after this transaction's row, which was written at this second."""

    tx: int = 0
    id: int = 0
    second: int = 0
    is_foreign: bool = False

    def __str__(self) -> str:
        return f"{self.tx}-{self.id}-{self.second}"

    @property
    def is_too_old(self) -> bool:
        """Tell whether what followed may have been removed since. The beginning is never too old: it is where what is kept begins."""
        if self.is_foreign:
            return True
        days = settings.RETENTION_DAYS["operational"]
        return self.second > 0 and days is not None and datetime.fromtimestamp(self.second, UTC) < timezone.now() - timedelta(days=days)


class Feed(NamedTuple):
    """Some events and the place after the last of them; `reset` says that some before them may be missing."""

    data: list[dict[str, Any]]
    next_after: Place
    reset: bool = False


def place_of(text: str, tenant: Tenant) -> Place:
    """Return a place as callers write it. Raises Refusal for what is none."""
    if text in ("", "0"):
        return Place()
    if text == LATEST:
        return _place_of_last(tenant)
    match = _PLACE.fullmatch(text)
    if match is None or int(match[1]) > 2**63 - 1 or int(match[2]) > 2**63 - 1:
        fault = {"pointer": "/after", "code": "INVALID_CURSOR", "detail": "this feed did not make this place"}
        raise Refusal("INVALID_INPUT", "the place in the feed cannot be read", errors=[fault], suggestions=["Begin without `after`."])
    tx, row, second = map(int, match.groups())
    place = Place(tx, row, second)
    return place._replace(is_foreign=_is_ahead(place))


def _is_ahead(place: Place) -> bool:
    """Tell whether a place is beyond all this database has shown: it is of another one, of which this is a copy."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s >= {_HORIZON}", (place.tx,))
        return bool(cursor.fetchone()[0])


def read_feed(tenant: Tenant, after: Place, limit: int, types: frozenset[str] = frozenset()) -> Feed:
    """Return the events after a place, oldest first."""
    reset = after.is_too_old
    if reset:
        after = Place()
    rows = _after(_visible(tenant), after).select_related("run").only(*_SHOWN).order_by("tx", "id")
    if not types:
        found = list(rows[:limit])
        return Feed([event_json(row) for row in found], _place(found[-1]) if found else after, reset)
    # Where the feed ends now, before it is read: what of it is of other kinds need never be looked at again.
    end = _place_of_last(tenant)
    found = list(rows.filter(topic__in=types)[:limit])
    reached = _place(found[-1]) if found else after
    return Feed([event_json(row) for row in found], reached if len(found) == limit else max(reached, end), reset)


def _after(rows: QuerySet[Outbox], after: Place) -> QuerySet[Outbox]:
    """Return the rows after a place, in a form in which the index is entered right there."""
    if connection.vendor != "postgresql":
        return rows.filter(id__gt=after.id)
    return rows.filter(tx__gte=after.tx).exclude(tx=after.tx, id__lte=after.id)


def _place_of_last(tenant: Tenant) -> Place:
    last = _visible(tenant).order_by("-tx", "-id").first()
    return Place() if last is None else _place(last)


def _visible(tenant: Tenant) -> QuerySet[Outbox]:
    rows = scoped(Outbox.objects.all(), tenant)
    if connection.vendor != "postgresql":
        return rows
    horizon = RawSQL(_HORIZON, ())  # noqa: S611 - a text of ours
    return rows.annotate(horizon=horizon).filter(tx__lt=F("horizon"))


def _place(row: Outbox) -> Place:
    return Place(row.tx, row.pk, int(row.created_at.timestamp()))


def event_json(row: Outbox) -> dict[str, Any]:
    """Return an event as the feed tells it. `cursor` is the place after it."""
    return {"cursor": str(_place(row)), "type": row.topic, "timestamp": instant(row.created_at), "data": data_of(row)}


def data_of(row: Outbox) -> dict[str, Any]:
    """Return what an event says, with the address to ask for the rest."""
    data: dict[str, Any] = json.loads(row.data)
    return data | {"link": f"{settings.PUBLIC_URL}/api/v1/runs/{row.run.public_id}"} if row.run is not None else data
