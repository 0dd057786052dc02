"""Kinds of records from KeyBody to KeyView. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from aos_sdk._record import Record


class KeyBody(Record):
    """KeyBody."""

    name: str
    scopes: list[str]
    expires_at: str | None
    service_account_id: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"name", "scopes", "expires_at", "service_account_id"})


class KeyPage(Record):
    """KeyPage."""

    data: list[KeyView]
    next_cursor: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "KeyView"}


class KeyView(Record):
    """A key. `owner` is who made it, and was shown its secret: the two are one actor. Null where a command made it for nobody."""

    key_id: str
    name: str
    prefix: str
    scopes: list[str]
    owner: str | None
    state: Literal["live", "expired", "revoked"] | str
    service_account_id: str | None
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "key_id", "name", "prefix", "scopes", "owner", "state", "service_account_id", "created_at", "expires_at", "revoked_at",
        "last_used_at",
    })
