"""Kinds of records from LastWorker to LostCall. Written by generate_types.py from the OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from aos_sdk._record import Record

if TYPE_CHECKING:
    from aos_sdk.types.names_e import (
        Effect,
    )


class LastWorker(Record):
    """A session that wrote to the run; of one that is gone only its number is known."""

    session: int
    host: str | None
    pid: int | None
    state: str | None
    last_event_at: str

    _fields: ClassVar[frozenset[str]] = frozenset({"session", "host", "pid", "state", "last_event_at"})


class LeftEffect(Record):
    """An effect another chance would make again: it happened, or may have."""

    step_id: str
    skill: str
    effect: Effect
    state: Literal["happened", "in_doubt"] | str
    target: str | None
    idempotency_key: str | None

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "skill", "effect", "state", "target", "idempotency_key"})


class LiftBody(Record):
    """LiftBody."""

    reason: str

    _fields: ClassVar[frozenset[str]] = frozenset({"reason"})


class Limits(Record):
    """Other limits than the run was accepted under; one that is given as null is no limit."""

    limit_micro_usd: int | None
    per_step_max_micro_usd: int | None
    max_parallel: int | None
    max_attempts: int | None
    max_repetitions: int | None
    deadline_ms: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({
        "limit_micro_usd", "per_step_max_micro_usd", "max_parallel", "max_attempts", "max_repetitions", "deadline_ms",
    })


class LinkBody(Record):
    """For whom a link is, and for how many seconds it is good; never for longer than the call waits."""

    for_: str
    ttl_s: int | None

    _fields: ClassVar[frozenset[str]] = frozenset({"for", "ttl_s"})


class LinkView(Record):
    """A link that decides once. Whoever has it decides as this person: `url` is told this once."""

    link_id: str
    made_for: str
    expires_at: str
    url: str

    _fields: ClassVar[frozenset[str]] = frozenset({"link_id", "made_for", "expires_at", "url"})


class LostCall(Record):
    """The call that was under way when the last worker died."""

    step_id: str
    skill: str
    attempt: int
    started_at: str

    _fields: ClassVar[frozenset[str]] = frozenset({"step_id", "skill", "attempt", "started_at"})
