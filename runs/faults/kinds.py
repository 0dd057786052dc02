"""The closed list of faults: what each does to one call, by the effect class of that call. A table, nothing else."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

from skills.contracts import Phase

Ending = Literal["fails", "answers", "dies", "is_overtaken"]


class FaultKind(StrEnum):
    """What can be done to a call."""

    TIMEOUT = "timeout"
    DNS = "dns"
    REFUSED = "refused"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    MALFORMED = "malformed"
    CRASH_AFTER_EFFECT = "crash_after_effect"
    DUPLICATE_DELIVERY = "duplicate_delivery"
    LOST_LEASE = "lost_lease"
    SLOW = "slow"


class Spec(NamedTuple):
    """One fault: in words, how the call ends, and what is true outside.

    `code` and `phase` are those of the failure it ends in, if any. `arrives` says whether the other side got the call: where
    nobody can know there are two answers, the one that makes a repetition dangerous first. `retry_after_ms` is what a
    rate limit asks for by default.
    """

    words: str
    ends: Ending
    arrives: tuple[bool, ...]
    code: str = ""
    phase: Phase = "not_sent"
    retry_after_ms: int | None = None


FAULTS: dict[FaultKind, Spec] = {
    FaultKind.TIMEOUT: Spec("no answer comes in time", "fails", (True, False), "TIMEOUT", "maybe_sent"),
    FaultKind.DNS: Spec("the host name does not resolve", "fails", (False,), "DNS_FAILURE"),
    FaultKind.REFUSED: Spec("the connection is refused", "fails", (False,), "CONNECTION_REFUSED"),
    FaultKind.RATE_LIMITED: Spec("the other side limits the rate (429)", "fails", (False,), "RATE_LIMITED", "acked", 2_000),
    FaultKind.SERVER_ERROR: Spec("the other side fails (5xx)", "fails", (True, False), "HTTP_5XX", "acked"),
    FaultKind.MALFORMED: Spec("the answer cannot be read", "fails", (True,), "INVALID_RESPONSE", "acked"),
    FaultKind.CRASH_AFTER_EFFECT: Spec("the worker dies after the effect, before its outcome is recorded", "dies", (True,)),
    FaultKind.DUPLICATE_DELIVERY: Spec("the same outcome is reported twice", "answers", (True,)),
    FaultKind.LOST_LEASE: Spec("the worker loses its lease during the call, and reports too late", "is_overtaken", (True, False)),
    FaultKind.SLOW: Spec("the answer takes nearly all the time there is", "answers", (True,)),
}

COUNTED_EFFECTS = frozenset({"idempotent_write", "write", "irreversible"})
"""The effect classes whose calls change something outside."""


def phase_of(kind: FaultKind, effect: str) -> Phase:
    """Return how far a call says it came that a fault makes fail; what does no I/O never leaves the house."""
    return "not_sent" if effect == "none" else FAULTS[kind].phase


def truths_of(kind: FaultKind, effect: str) -> tuple[bool, ...]:
    """Return what may be true outside after a fault: whether the call arrived. Where nothing changes it is all the same."""
    arrives = FAULTS[kind].arrives
    return arrives if effect in COUNTED_EFFECTS else arrives[:1]
