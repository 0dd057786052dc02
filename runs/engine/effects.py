"""What an effect class allows: repeating, durability before and after. Tables, nothing else."""

from __future__ import annotations

from runs.engine.decisions import Barrier
from skills.contracts import REPEATABLE_EFFECTS

_REPEATABLE = frozenset(str(effect) for effect in REPEATABLE_EFFECTS)

# The upstream answered that it did nothing, so nothing can happen twice.
UNDONE_CODES = frozenset({"RATE_LIMITED", "CONCURRENCY_LIMITED"})


def is_repeatable(effect: str) -> bool:
    """Tell whether a call of this class may be made again without doing anything twice."""
    return effect in _REPEATABLE


def is_doubtful(effect: str, phase: str) -> bool:
    """Tell whether an effect may have happened with nobody knowing."""
    return phase == "maybe_sent" and effect not in _REPEATABLE


def is_safe_to_retry(effect: str, phase: str, code: str) -> bool:
    return effect in _REPEATABLE or phase == "not_sent" or code in UNDONE_CODES


def needs_key(effect: str, free: bool) -> bool:
    """Tell whether a call must be known by its key: whoever gets it twice could do, or charge, it twice."""
    return effect not in ("none", "read") or not free


def barrier_of(effect: str, free: bool) -> Barrier:
    """Say what must be durable around a call."""
    if effect not in _REPEATABLE:
        return "intent"
    return "none" if effect == "none" and free else "outcome"
