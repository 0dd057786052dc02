"""Public identifiers: a UUIDv7 in hex behind a prefix that says what it names (`run_…`, `agt_…`)."""

from __future__ import annotations

import re
import secrets
import time

_SHAPE = re.compile(r"[a-z]{3}_[0-9a-f]{32}")


def new_id(prefix: str) -> str:
    """Return a fresh id: 48 bits of Unix milliseconds first (RFC 9562, version 7), so ids sort by age."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return f"{prefix}_{value:032x}"


def is_id(prefix: str, text: str) -> bool:
    """Tell whether a text has the shape of an id with this prefix; says nothing about existence."""
    return text.startswith(prefix + "_") and _SHAPE.fullmatch(text) is not None
