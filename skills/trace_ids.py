"""The ids of a trace: which trace a run is, which span a call, and the W3C `traceparent` that says both to whom is called. Pure.

Span ids are hashes and no dice: who reads the journal afterwards finds the very id that went out with the call.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import NamedTuple

TRACEPARENT = "traceparent"

_HEADER = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


class CallerSpan(NamedTuple):
    """The span of somebody else from which a request came."""

    trace_id: str
    span_id: str
    flags: str

    @property
    def header(self) -> str:
        """Return it in the one version everybody reads."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def trace_id_of(given: str | None, run_id: str) -> str:
    """Return the trace id of a run: what it was given, or one of its own where it came without."""
    return given or _hashed("trace", run_id)[:32]


def span_id_of(run_id: str, step_id: str = "", attempt: int = 0, part: str = "") -> str:
    """Return the span id of an attempt of a step, of a part of it, or of the run itself."""
    return _hashed("span", run_id, step_id, str(attempt), part)[:16]


def _hashed(*parts: str) -> str:
    # No part holds a unit separator. It is done for every call, so it is done without JSON: a tenth of the time.
    return sha256("\x1f".join(parts).encode()).hexdigest()


def traceparent_of(trace_id: str, span_id: str) -> str:
    return f"00-{trace_id}-{span_id}-01"


def caller_span(header: str | None) -> CallerSpan | None:
    """Return what a `traceparent` header says, None where there is none or it is malformed."""
    found = _HEADER.fullmatch(header.strip()) if header else None
    return None if found is None else CallerSpan(found[1], found[2], found[3])
