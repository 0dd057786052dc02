"""Pages by cursor over (created_at, id), newest first; a cursor is opaque and good for its tenant and list alone."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from django.conf import settings
from django.db.models import Model, Q, QuerySet
from pydantic import Field

from agents.models import Tenant
from skills.refusal import Refusal
from skills.requests import RequestModel

M = TypeVar("M", bound=Model)

MAX_LIMIT = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class PageQuery(RequestModel):
    """The query parameters every list takes; a list with filters of its own extends it."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 50
    cursor: Annotated[str, Field(min_length=1, max_length=200)] | None = None


def page_json(queryset: QuerySet[M], *, tenant: Tenant, name: str, query: PageQuery, to_json: Callable[[M], Any]) -> dict[str, Any]:
    """Return one page of an already scoped queryset. Raises Refusal for a cursor not made by this list for this tenant."""
    rows = queryset.order_by("-created_at", "-pk")
    if query.cursor is not None:
        created_at, pk = _read_cursor(query.cursor, tenant, name)
        rows = rows.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=pk))
    found = list(rows[: query.limit + 1])
    page = found[: query.limit]
    more = len(found) > query.limit
    return {"data": [to_json(row) for row in page], "next_cursor": _cursor(page[-1], tenant, name) if more else None}


def _cursor(row: Any, tenant: Tenant, name: str) -> str:
    position = f"{(row.created_at - _EPOCH) // _MICROSECOND}:{row.pk}".encode()
    return base64.urlsafe_b64encode(_mark(position, tenant, name) + position).decode().rstrip("=")


def _read_cursor(cursor: str, tenant: Tenant, name: str) -> tuple[datetime, int]:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _invalid_cursor() from None
    mark, position = raw[:16], raw[16:]
    if not hmac.compare_digest(mark, _mark(position, tenant, name)):
        raise _invalid_cursor()
    microseconds, _, pk = position.decode().partition(":")
    return _EPOCH + int(microseconds) * _MICROSECOND, int(pk)


def _mark(position: bytes, tenant: Tenant, name: str) -> bytes:
    key = f"cursor:{settings.SECRET_KEY}:{tenant.pk}:{name}".encode()
    return hmac.new(key, position, hashlib.sha256).digest()[:16]


def _invalid_cursor() -> Refusal:
    fault = {"pointer": "/cursor", "code": "INVALID_CURSOR", "detail": "this list did not make this cursor"}
    return Refusal("INVALID_INPUT", "the cursor cannot be used here", errors=[fault], suggestions=["Start again without a cursor."])
