"""Kinds of records from VerdictBody to VersionsView. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_f import (
        FieldChange,
    )


class VerdictBody(Record):
    """What became of an effect. `result` is what the step gives where it happened; the reason is kept in the journal."""

    verdict: Literal["happened", "did_not_happen", "probe_again"] | str
    reason: str
    result: Any

    _fields: ClassVar[frozenset[str]] = frozenset({"verdict", "reason", "result"})


class VerdictTold(Record):
    """What somebody said became of an effect."""

    at: str
    verdict: Literal["happened", "did_not_happen", "probe_again"] | str
    by: str
    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({"at", "verdict", "by", "reason"})


class VersionChange(Record):
    """A skill of a run that is done again: the version it was made with, the one it would be done with, and what differs."""

    step_id: str
    skill: str
    then: str
    now: str | None
    is_registered: bool
    changes: list[str]

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "skill", "then", "now", "is_registered", "changes"})


class VersionCounts(Record):
    """VersionCounts."""

    failures: int
    hits: int
    misses: int
    match_rate: float | None
    followed: int
    acceptance_rate: float | None
    tried: int
    worked: int
    success_rate: float | None
    rerun: int
    wasted_micro_usd: int | None
    skill: str
    skill_version: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "failures", "hits", "misses", "match_rate", "followed", "acceptance_rate", "tried", "worked", "success_rate", "rerun",
        "wasted_micro_usd", "skill", "skill_version",
    })


class VersionGap(Record):
    """A skill version a run was made with that is not here as it was: not registered any more, or another under its name."""

    step_id: str
    skill: str
    version: str
    why: Literal["not_registered", "changed"] | str
    detail: str

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "skill", "version", "why", "detail"})


class VersionView(Record):
    """An entry as it stood after one change, and what the change was."""

    version: int
    action: str
    by: str
    reason: str
    at: str
    document: Record
    changes: list[FieldChange]

    _fields: ClassVar[frozenset[str]] = frozenset({"version", "action", "by", "reason", "at", "document", "changes"})
    _nested: ClassVar[Mapping[str, str]] = {"changes": "FieldChange"}


class VersionsView(Record):
    """VersionsView."""

    data: list[VersionView]
    next_cursor: None

    _fields: ClassVar[frozenset[str]] = frozenset({"data", "next_cursor"})
    _nested: ClassVar[Mapping[str, str]] = {"data": "VersionView"}
