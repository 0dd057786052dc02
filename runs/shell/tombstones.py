"""What stays of a journal's event when retention removes its payload: its shape, its numbers, and a note of the removal.

A tombstone is JSON like the event it stands for, with `fact` and `decisions` in the same places, so that whoever
counts attempts, costs and outcomes counts the same. Its format number is one `codec.decode` refuses: nobody can
fold a tombstone by mistake. What values people or skills wrote is gone; what the rules read of codes, costs, times
and effects stays.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from runs.shell.journal import Row

FORMAT = 0
PREFIX = f'{{"v":{FORMAT},'
"""How the text of every tombstone begins, and of no event."""

PAYLOAD_OF_FACTS = frozenset(
    {
        "alternatives",
        "carried",
        "details",
        "faults",
        "goal",
        "inputs",
        "means",
        "memory",
        "message",
        "params",
        "plan",
        "rejected",
        "result",
        "suggestions",
        "value",
    }
)
PAYLOAD_OF_DECISIONS = frozenset({"form", "message", "question"})


class Removal(msgspec.Struct, frozen=True):
    """When and by which rule a payload was removed, and what was there: SHA-256 and bytes of the event's whole text."""

    at_ms: int
    rule: str
    sha256: str
    bytes: int


class Tombstone(msgspec.Struct, frozen=True):
    """What stays of one event."""

    v: int
    prev: str
    removed: Removal
    fact: dict[str, Any]
    decisions: list[dict[str, Any]]


class _Event(msgspec.Struct):
    """An event of any format, read for its shape only."""

    prev: str = ""
    fact: dict[str, Any] = {}
    decisions: list[dict[str, Any]] = []


_encoder = msgspec.json.Encoder()
_events = msgspec.json.Decoder(_Event)
_tombstones = msgspec.json.Decoder(Tombstone)


def is_tombstone(data: str) -> bool:
    return data.startswith(PREFIX)


def read(data: str) -> Tombstone:
    return _tombstones.decode(data)


def bury(data: str, *, at_ms: int, rule: str) -> str:
    """Return the tombstone of an event, as text. One that is a tombstone already stays as it is."""
    return data if is_tombstone(data) else _encoder.encode(tombstone_of(data, at_ms=at_ms, rule=rule)).decode()


def tombstone_of(data: str, *, at_ms: int, rule: str) -> Tombstone:
    """Return what stays of an event without its payload. Of one that cannot be read nothing but the removal stays."""
    raw = data.encode()
    try:
        event = _events.decode(raw)
    except msgspec.MsgspecError:
        event = _Event()
    removal = Removal(at_ms, rule, hashlib.sha256(raw).hexdigest(), len(raw))
    return Tombstone(
        FORMAT, event.prev, removal, _without(event.fact, PAYLOAD_OF_FACTS), [_without(d, PAYLOAD_OF_DECISIONS) for d in event.decisions]
    )


def _without(fields: dict[str, Any], payload: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in payload}


def first_removal(rows: list[Row]) -> Removal | None:
    """Return the first removal that is noted in these rows of a journal, None where all of them are whole."""
    return next((read(row.data).removed for row in rows if is_tombstone(row.data)), None)
