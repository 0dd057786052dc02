"""How many calls a minute: what a limit has let through lately, and the limits one call stands under. Pure.

A window holds the calls of the last minute as (instant, how many), oldest first. An instant is one up to which its calls
were made: where calls are gathered under one, they are let go late and never early, so in any 60 s no more than the
limit pass.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from agents.contracts import AgentProfile
from skills.base import ANYWHERE

MINUTE_MS = 60_000
FINE = 600
"""Limits up to so many a minute are kept to the millisecond. Of greater ones calls are gathered by tenths of a second, so
that a window never has more than some hundred entries."""
GRAIN_MS = 100
Rule = Mapping[str, Any]
"""A rule of a profile as a run keeps it: {"scope", "skill", "host", "per_minute"}, null for whatever it leaves open."""


class Limit(NamedTuple):
    """So many calls a minute of whatever counts in a scope."""

    scope: str
    per_minute: int


class Full(NamedTuple):
    """Which limit a call would pass, and after how long none would be if nobody else came."""

    limit: Limit
    retry_after_ms: int


# The window of one limit


class Window(NamedTuple):
    """What a limit has let through: (instant, calls), oldest first, and how many calls that is in all."""

    entries: tuple[tuple[int, int], ...] = ()
    total: int = 0


EMPTY = Window()


def counted(window: Window, now_ms: int) -> Window:
    """Return what of a window still counts. Calls of the future are from before the clock was set back: they count as made now."""
    entries, latest = window.entries, _end_of_grain(now_ms)
    begin, end = (bisect_right(entries, at, key=itemgetter(0)) for at in (now_ms - MINUTE_MS, latest))
    if begin == 0 and end == len(entries):
        return window
    gone, future = (sum(calls for _, calls in part) for part in (entries[:begin], entries[end:]))
    kept = Window(entries[begin:end], window.total - gone - future)
    return _with(kept, latest, future) if future else kept


def wait_ms(window: Window, now_ms: int, per_minute: int) -> int:
    """Return after how long one more call may pass if nobody else comes; 0 for now."""
    left = counted(window, now_ms)
    too_many = left.total + 1 - per_minute
    for at, calls in left.entries if too_many > 0 else ():
        too_many -= calls
        if too_many <= 0:
            return at + MINUTE_MS - now_ms
    return 0


def entered(window: Window, now_ms: int, per_minute: int) -> Window:
    """Return a window with one more call, which passes now."""
    return _with(counted(window, now_ms), now_ms if per_minute <= FINE else _end_of_grain(now_ms), 1)


def free_at_ms(window: Window, now_ms: int) -> int | None:
    """Return when nothing counts any more if nobody calls; None where nothing does now."""
    left = counted(window, now_ms)
    return left.entries[-1][0] + MINUTE_MS if left.total else None


def _with(window: Window, at_ms: int, calls: int) -> Window:
    """Return a window with so many more calls, at the instant of its last ones where that is later."""
    entries, total = window.entries, window.total + calls
    if entries and entries[-1][0] >= at_ms:
        last, before = entries[-1]
        return Window((*entries[:-1], (last, before + calls)), total)
    return Window((*entries, (at_ms, calls)), total)


def _end_of_grain(at_ms: int) -> int:
    return at_ms - at_ms % GRAIN_MS + GRAIN_MS - 1


# One call under several limits


def decide(windows: Mapping[str, Window], now_ms: int, limits: Sequence[Limit]) -> tuple[Full | None, dict[str, Window]]:
    """Let a call through all of its limits or through none; return what is full, and the windows as they are then."""
    now = {limit.scope: counted(windows.get(limit.scope, EMPTY), now_ms) for limit in limits}
    waits = [Full(limit, wait_ms(now[limit.scope], now_ms, limit.per_minute)) for limit in limits]
    longest = max(waits, key=attrgetter("retry_after_ms"), default=None)
    if longest is not None and longest.retry_after_ms:
        return longest, now
    return None, {limit.scope: entered(now[limit.scope], now_ms, limit.per_minute) for limit in limits}


# Which limits


def rules_of(agent_id: str, profile: AgentProfile) -> list[dict[str, Any]]:
    """Return the rules of a profile as a run of the agent keeps them; empty where it has none."""
    scope = f"agent:{agent_id}"
    everything = [{"scope": scope, "skill": None, "host": None, "per_minute": profile.rate_limit_per_minute}]
    rules = [
        {
            "scope": scope + (f"/skill:{rule.skill}" if rule.skill else "") + (f"/host:{rule.host.lower()}" if rule.host else ""),
            "skill": rule.skill,
            "host": rule.host and rule.host.lower(),
            "per_minute": rule.per_minute,
        }
        for rule in profile.rate_limits
    ]
    return rules if profile.rate_limit_per_minute is None else everything + rules


def limits_of(skill: str, per_minute: int | None, target: str | None, rules: Sequence[Rule]) -> list[Limit]:
    """Return the limits a call stands under: what its skill declares for the tenant, and the rules of its agent that are about it."""
    limits = {} if per_minute is None else {f"skill:{skill}": per_minute}
    for rule in rules:
        if _is_about(rule, skill, target):
            limits[rule["scope"]] = min(rule["per_minute"], limits.get(rule["scope"], rule["per_minute"]))
    return [Limit(scope, limit) for scope, limit in limits.items()]


def _is_about(rule: Rule, skill: str, target: str | None) -> bool:
    return rule["skill"] in (None, skill) and (rule["host"] is None or (target is not None and is_host(rule["host"], target)))


def is_host(pattern: str, target: str) -> bool:
    """Tell whether a rule's host is that of a call, `host:port`. One that may go anywhere counts in the rules of every host."""
    if target == ANYWHERE:
        return True
    host, _, port = target.rpartition(":")
    wanted, wanted_port = _parted(pattern)
    is_named = host.endswith(wanted[1:]) if wanted.startswith("*.") else host == wanted
    return is_named and wanted_port in (None, port)


def _parted(pattern: str) -> tuple[str, str | None]:
    host, _, port = pattern.rpartition(":")
    # Of [::1] the last colon is part of the address.
    return (host, port) if port.isdigit() and not pattern.endswith("]") else (pattern, None)
