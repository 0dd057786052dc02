"""Kinds of records from ImportBody to Invariant. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_e import (
        EntryChangeView,
    )


class ImportBody(Record):
    """Entries as they are exported; a dry run says what would change and changes nothing."""

    entries: list[Any]
    dry_run: bool | None
    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({"entries", "dry_run", "reason"})


class ImportView(Record):
    """ImportView."""

    dry_run: bool
    changed: int
    data: list[EntryChangeView]

    _fields: ClassVar[frozenset[str]] = frozenset({"dry_run", "changed", "data"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "EntryChangeView"}


class ImportedView(Record):
    """ImportedView."""

    documents: int
    made: int
    changed: int

    _fields: ClassVar[frozenset[str]] = frozenset({"documents", "made", "changed"})


class Invariant(Record):
    """One promise a replay checks."""

    name: str
    held: bool
    detail: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"name", "held", "detail"})
