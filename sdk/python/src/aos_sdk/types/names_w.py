"""Kinds of records from WebhookBody to WhyGrouped. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_a import (
        Assumed, Attempt,
    )
    from aos_sdk.types.names_b import (
        BulkFault,
    )
    from aos_sdk.types.names_e import (
        Ending,
    )


class WebhookBody(Record):
    """WebhookBody."""

    url: str
    event_types: list[str] | None
    description: str | None
    may_answer: bool | None

    _fields: ClassVar[frozenset[str]] = frozenset({"url", "event_types", "description", "may_answer"})


class WebhookPage(Record):
    """WebhookPage."""

    data: list[WebhookView]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "WebhookView"}


class WebhookView(Record):
    """An endpoint. Until `rotated_until` the secret before this one signs as well."""

    webhook_id: str
    url: str
    description: str
    event_types: list[str]
    may_answer: bool
    is_enabled: bool
    disabled_because: str
    rotated_until: str | None
    created_by: str
    created_at: str

    _fields: ClassVar[frozenset[str]] = frozenset({
        "webhook_id", "url", "description", "event_types", "may_answer", "is_enabled", "disabled_because", "rotated_until", "created_by",
        "created_at",
    })


class WebhookWithSecret(Record):
    """An endpoint with its secret, which no other answer shows. Null where a repeated request is answered."""

    webhook_id: str
    url: str
    description: str
    event_types: list[str]
    may_answer: bool
    is_enabled: bool
    disabled_because: str
    rotated_until: str | None
    created_by: str
    created_at: str
    secret: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "webhook_id", "url", "description", "event_types", "may_answer", "is_enabled", "disabled_because", "rotated_until", "created_by",
        "created_at", "secret",
    })


class WhatIfOutcome(Record):
    """How the run came out and how it would have, and on what assumptions. `unknown` says where nobody can know more."""

    changes: Record
    before: Ending
    after: Ending
    decisions: list[Record]
    assumed: list[Assumed]
    unknown: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"changes", "before", "after", "decisions", "assumed", "unknown"})
    _nested: ClassVar[Mapping[str, str]] = {"before": "Ending", "after": "Ending", "assumed": "Assumed"}


class WhoMay(Record):
    """Who is allowed to do something: people by their role, programs by a scope of their key, and whom it is not open to."""

    roles: list[str]
    api_scopes: list[str]
    not_by: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"roles", "api_scopes", "not_by"})


class WhoamiView(Record):
    """Who asks. `limits` are what the tenant may have at once, and how often this key may ask; null is unlimited."""

    tenant: str
    tenant_name: str
    name: str
    kind: Literal["api_key", "service_account", "person"] | str
    key_id: str | None
    scopes: list[str]
    limits: Record

    _fields: ClassVar[frozenset[str]] = frozenset({"tenant", "tenant_name", "name", "kind", "key_id", "scopes", "limits"})


class WholeBulk(Record):
    """An operation with why runs were refused: how many for which code, and the first of them."""

    bulk_id: str
    action: Literal["cancel", "pause", "resume", "rerun"] | str
    filter: Record
    options: Record
    reason: str
    state: Literal["running", "finished", "aborted"] | str
    total: int
    succeeded: int
    refused: int
    left: int
    abort_asked_by: str | None
    remark: str
    created_by: str
    created_at: str
    finished_at: str | None
    refused_by_code: Record
    faults: list[BulkFault]

    _fields: ClassVar[frozenset[str]] = frozenset({
        "bulk_id", "action", "filter", "options", "reason", "state", "total", "succeeded", "refused", "left", "abort_asked_by", "remark",
        "created_by", "created_at", "finished_at", "refused_by_code", "faults",
    })
    _nested: ClassVar[Mapping[str, str]] = {"faults": "BulkFault"}


class WholeDelivery(Record):
    """A delivery with what was sent, byte for byte, and its last attempts."""

    delivery_id: str
    webhook_id: str
    event_type: str
    state: Literal["pending", "delivered", "failed"] | str
    attempts_total: int
    last_attempt: Attempt | None
    next_attempt_at: str | None
    created_at: str
    delivered_at: str | None
    body: str
    attempts: list[Attempt]

    _fields: ClassVar[frozenset[str]] = frozenset({
        "delivery_id", "webhook_id", "event_type", "state", "attempts_total", "last_attempt", "next_attempt_at", "created_at",
        "delivered_at", "body", "attempts",
    })
    _nested: ClassVar[Mapping[str, str]] = {"last_attempt": "Attempt", "attempts": "Attempt"}


class WhyGrouped(Record):
    """What failures must share to be of one group."""

    skill: str
    code: str
    host: str | None
    cause: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"skill", "code", "host", "cause"})
