"""Idempotency keys: a request that makes something makes it once, and says the same again to whoever repeats it.

Runs keep their keys themselves (runs/submission.py). Everything else that is made by POST keeps its answer here, in the
transaction of what was made, for seven days. A request that is refused stores nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from agents.models import StoredAnswer
from agents.tenancy import principal_of
from skills.canonical import digest
from skills.refusal import Refusal
from skills.requests import fingerprint_of

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="At most 255 characters; the same request again makes nothing new and gets the same answer, for seven days.",
)
KEPT = timedelta(days=7)
"""How long an answer is promised, however short other things are kept."""

Post = Callable[..., Response]

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"


def idempotency_key_in(header: str | None) -> str | None:
    """Return the key of an Idempotency-Key header, quoted or bare. Raises Refusal for what can be no key."""
    if header is None:
        return None
    key = header[1:-1] if len(header) > 1 and header[0] == header[-1] == '"' else header
    if _KEY.fullmatch(key):
        return key
    fault = {"pointer": "/Idempotency-Key", "code": "INVALID_INPUT", "detail": "1 to 255 visible ASCII characters, quoted or bare"}
    raise Refusal("INVALID_INPUT", "the Idempotency-Key header cannot be read", errors=[fault])


def key_reused() -> Refusal:
    """Return the refusal for a key that was used for another request."""
    fault = {"pointer": "/Idempotency-Key", "code": "idempotency_mismatch", "detail": "the key was used for another request"}
    return Refusal("INVALID_INPUT", "this Idempotency-Key was used for another request", status=422, errors=[fault])


def replayed_headers(*, repeated: bool) -> dict[str, str]:
    """Return the headers that tell an answer that is given again from a first one."""
    return {"Idempotency-Replayed": "true"} if repeated else {}


def once(request: Request, make: Callable[[], Response], *, secret: Iterable[str] = ()) -> Response:
    """Answer by `make`, or with what it answered to the same request before.

    `secret` names fields of the answer that are shown the first time alone. While the first is still being answered, another
    one with its key gets 409 and comes again.
    """
    key = idempotency_key_in(request.headers.get("Idempotency-Key"))
    if key is None:
        return make()
    principal = principal_of(request)
    route = f"{request.method} {request.path}"
    fingerprint = fingerprint_of(route, request.data)
    stored_key = digest([principal.key_id or principal.name, route, key])
    with transaction.atomic():
        _take(f"{principal.tenant.pk}:{stored_key}")
        before = StoredAnswer.objects.filter(tenant=principal.tenant, key=stored_key).first()
        if before is not None:
            return _again(before, fingerprint)
        answer = make()
        StoredAnswer.objects.create(
            tenant=principal.tenant,
            key=stored_key,
            fingerprint=fingerprint,
            status=answer.status_code,
            body=_without(answer.data, frozenset(secret)),
            location=answer.headers.get("Location", ""),
        )
        return answer


def answered_once(*secret: str) -> Callable[[Post], Post]:
    """Have a view's POST answered `once`; `secret` names fields of its answer that are shown the first time alone."""

    def decorated(post: Post) -> Post:
        @wraps(post)
        def answer(view: Any, request: Request, **found: str) -> Response:
            return once(request, lambda: post(view, request, **found), secret=secret)

        return answer

    return decorated


def _take(lock: str) -> None:
    """Be the only one with this key until the transaction ends. SQLite has one writer anyhow."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, (lock,))
        if not cursor.fetchone()[0]:
            raise Refusal(
                "INVALID_INPUT", "the first request with this Idempotency-Key is still being answered", status=409, retry_after_ms=1_000
            )


def _again(before: StoredAnswer, fingerprint: str) -> Response:
    if before.fingerprint != fingerprint:
        raise key_reused()
    headers = replayed_headers(repeated=True) | ({"Location": before.location} if before.location else {})
    return Response(before.body, status=before.status, headers=headers)


def _without(body: Any, secret: frozenset[str]) -> Any:
    return {name: None if name in secret else value for name, value in body.items()} if secret else body


def expired(before: datetime) -> QuerySet[StoredAnswer]:
    """Return the answers nobody is promised any more, of those from before an instant."""
    return StoredAnswer.objects.filter(created_at__lt=min(before, timezone.now() - KEPT))
