"""Kinds of records from NewKeyView to NoteView. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_b import (
        BlockedAction,
    )


class NewKeyView(Record):
    """A key with its plaintext, which no other answer shows. Null where a repeated request is answered."""

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
    key: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "key_id", "name", "prefix", "scopes", "owner", "state", "service_account_id", "created_at", "expires_at", "revoked_at",
        "last_used_at", "key",
    })


class NextActions(Record):
    """What can sensibly be called next. `budget_impact` is micro-USD per allowed skill, None where unknown."""

    suggested: list[str] | None
    blocked: list[BlockedAction] | None
    budget_impact: Record | None

    _fields: ClassVar[frozenset[str]] = frozenset({"suggested", "blocked", "budget_impact"})
    _nested: ClassVar[Mapping[str, str]] = {"blocked": "BlockedAction"}


class NoteBody(Record):
    """`assign` hands the decision to a member who may decide (`to`), `ask` asks who asked for the run, who answers by `reply`."""

    kind: Literal["assign", "ask", "reply"] | str
    to: str | None
    text: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"kind", "to", "text"})


class NoteList(Record):
    """NoteList."""

    data: list[NoteView]

    _fields: ClassVar[frozenset[str]] = frozenset({"data"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "NoteView"}


class NoteView(Record):
    """Something said about a call that waits."""

    kind: Literal["assign", "ask", "reply"] | str
    to: str
    text: str
    by: str
    at: str

    _fields: ClassVar[frozenset[str]] = frozenset({"kind", "to", "text", "by", "at"})
