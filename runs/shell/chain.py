"""The chain through a journal: each event's text names the SHA-256 of the text before it, the run's row that of the last one.

Nobody can change, remove, add or move an event without breaking a link, unless all that come after it are written anew;
then the last link is another one than the run's row, and whoever was given that earlier, knows. A removed payload leaves
the chain whole: its tombstone keeps the link of the text that was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec

from runs.shell.journal import Row
from runs.shell.tombstones import is_tombstone, read


class Break(NamedTuple):
    """Where a chain breaks: the event, and what is wrong there in words."""

    seq: int
    words: str


class _Linked(msgspec.Struct):
    """An event of any format, read for its link only."""

    prev: str = ""


_linked = msgspec.json.Decoder(_Linked)


def link(text: str) -> str:
    """Return what the next event names this one by."""
    return sha256(text.encode()).hexdigest()


def link_of(row: Row) -> str:
    """Return the link of an event as it was written, its payload removed since or not."""
    return read(row.data).removed.sha256 if is_tombstone(row.data) else link(row.data)


def first_break(rows: Sequence[Row], head: str = "") -> Break | None:
    """Return where a whole journal's chain breaks first, None where it holds. `head` is the link its last event must have, if known."""
    before = ""
    for row in rows:
        if _prev(row) != before:
            return Break(row.seq, f"event {row.seq} does not follow the event before it: one of them was changed, removed or moved")
        before = link_of(row)
    if head and before != head:
        last = rows[-1].seq if rows else 0
        return Break(last, f"the journal does not end as the run's row says: event {last} was changed, or what came after it removed")
    return None


def _prev(row: Row) -> str:
    try:
        return _linked.decode(row.data).prev
    except msgspec.MsgspecError:
        return "unreadable"
