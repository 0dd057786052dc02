"""Says numbers the way people read them: money, durations, statuses as icon, word and colour."""

from __future__ import annotations

from html import escape
from typing import ClassVar, NamedTuple

UNKNOWN = "—"

# Larger unit, smaller unit, seconds in one of each, and the seconds up to which the pair reads well.
_UNITS = (
    ("m", "s", (60, 1), 3_600),
    ("h", "m", (3_600, 60), 86_400),
    ("d", "h", (86_400, 3_600), 86_400 * 30),
)


class Sign(str):
    """A sign that is a character in text, and on a page a drawing (`aos-sign-…` in console.css): not every font has every sign."""

    __slots__ = ()
    DRAWN: ClassVar[dict[str, str]] = {
        "◷": "clock",
        "▶": "play",
        "✋": "hand",
        "✓": "check",
        "◐": "half",
        "✕": "cross",
        "⊘": "stop",
        "☠": "skull",
        "❄": "snow",
        "•": "dot",
        "✦": "star",
        "↺": "again",
        "⚡": "bolt",
    }

    def __html__(self) -> str:
        name = self.DRAWN.get(self)
        return f'<i class="aos-sign aos-sign-{name}"></i>' if name else escape(str(self))


class _Fields(NamedTuple):
    icon: str
    word: str
    colour: str


class Look(_Fields):
    """How a status is shown: icon, word and colour; never by colour alone."""

    __slots__ = ()

    def __new__(cls, icon: str, word: str, colour: str) -> Look:
        return super().__new__(cls, Sign(icon), word, colour)


LOOKS = {
    "queued": Look("◷", "queued", "grey"),
    "pending": Look("◷", "pending", "grey"),
    "running": Look("▶", "running", "blue"),
    "waiting": Look("✋", "waiting", "amber"),
    "succeeded": Look("✓", "succeeded", "green"),
    "partial": Look("◐", "partial", "amber"),
    "failed": Look("✕", "failed", "red"),
    "cancelled": Look("⊘", "cancelled", "grey"),
    "skipped": Look("⊘", "skipped", "grey"),
    "dead_lettered": Look("☠", "dead letter", "solid"),
    "in_doubt": Look("?", "in doubt", "violet"),
    "frozen": Look("❄", "frozen", "red"),
    "lifted": Look("⊘", "lifted", "grey"),
    "in_force": Look("✓", "in force", "green"),
    "coming": Look("◷", "coming", "blue"),
    "past": Look("•", "past", "grey"),
    "withdrawn": Look("⊘", "withdrawn", "grey"),
    "advising": Look("✓", "advises", "green"),
    "removed": Look("⊘", "removed", "grey"),
    "circuit_open": Look("✕", "open", "red"),
    "circuit_half_open": Look("◐", "half-open", "amber"),
    "circuit_closed": Look("✓", "closed", "green"),
}


def look_of(status: str) -> Look:
    """Return how a status is shown; an unknown one (an old row) shows its own name."""
    return LOOKS.get(status) or Look("•", status.replace("_", " ") or "unknown", "grey")


_AWAITED = {
    "approval": "an approval",
    "input": "an answer",
    "escalation": "a person to say how it goes on",
    "intervention": "a person to mend it",
    "in_doubt": "a verdict",
    "budget": "money",
    "timer": "its next try",
    "retry": "its next try",
    "rate": "its turn at a rate limit",
    "circuit": "a circuit to close",
    "frozen": "a freeze to be lifted",
    "paused": "somebody to resume it",
}


def awaited(reason: str) -> str:
    """Return what a run or a step waits for, as it is said after "waits for"; what nobody named says its own name."""
    return _AWAITED.get(reason) or reason.replace("_", " ")


def money(micro_usd: int | None) -> str:
    """Return dollars: four digits below $1, cents above, a dash where nobody knows."""
    if micro_usd is None:
        return UNKNOWN
    if micro_usd < 0:
        return f"-{money(-micro_usd)}"
    if 0 < micro_usd < 100:
        return "<$0.0001"
    return f"${micro_usd / 1_000_000:.4f}" if micro_usd < 1_000_000 else f"${micro_usd / 1_000_000:,.2f}"


def limit_of(micro_usd: int | None) -> str:
    """Return a limit in dollars, in words where there is none."""
    return "unlimited" if micro_usd is None else money(micro_usd)


def duration(milliseconds: int | None) -> str:
    """Return a duration in its two largest units: `635 ms`, `12.4 s`, `4 m 30 s`, `2 h 5 m`, `3 d 1 h`."""
    if milliseconds is None:
        return UNKNOWN
    if milliseconds < 1_000:
        return f"{max(0, milliseconds)} ms"
    seconds = milliseconds // 1_000
    if seconds < 60:
        return f"{milliseconds / 1_000:.1f} s"
    for larger, smaller, seconds_each, limit in _UNITS:
        if seconds < limit:
            return f"{seconds // seconds_each[0]} {larger} {seconds % seconds_each[0] // seconds_each[1]} {smaller}"
    return f"{seconds // 86_400} d"
