"""Says how a group of failures stands: new, ongoing, fixed, come back, or muted; and which of two versions is the later. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, NamedTuple

State = Literal["new", "ongoing", "regressed", "fixed", "muted"]
STATES: tuple[State, ...] = ("new", "ongoing", "regressed", "fixed", "muted")

VERSION = r"^\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9A-Za-z.-]{1,32})?(\+[0-9A-Za-z.-]{1,32})?$"
_VERSION = re.compile(VERSION, re.ASCII)


class Mark(NamedTuple):
    """What somebody said about a group."""

    fixed_in: str = ""
    fixed_at: datetime | None = None
    muted_until: datetime | None = None


class Sighting(NamedTuple):
    """That the failure was seen on a version after it was called fixed, and when last."""

    skill_version: str
    last_seen_at: datetime


def state_of(mark: Mark, sightings: Iterable[Sighting], *, is_new: bool, now: datetime) -> State:
    """Return how a group stands. What is muted stays so until its time is over, whatever happens."""
    if mark.muted_until is not None and mark.muted_until > now:
        return "muted"
    if mark.fixed_at is not None:
        return "regressed" if regression(mark, sightings) else "fixed"
    return "new" if is_new else "ongoing"


def regression(mark: Mark, sightings: Iterable[Sighting]) -> Sighting | None:
    """Return the last sighting that should not have been; None where the fix holds.

    Old versions go on failing as they did: only a version from `fixed_in` on counts. Without one, or where versions
    cannot be compared, every failure after the fix does.
    """
    wrong = [seen for seen in sightings if mark.fixed_at is not None and seen.last_seen_at > mark.fixed_at and _has_fix(mark, seen)]
    return max(wrong, key=lambda seen: seen.last_seen_at, default=None)


def _has_fix(mark: Mark, seen: Sighting) -> bool:
    fixed, version = order_of(mark.fixed_in), order_of(seen.skill_version)
    return fixed is None or version is None or version >= fixed


def order_of(version: str) -> tuple[Any, ...] | None:
    """Return what versions are compared by, as SemVer 2.0 has it: a pre-release is before its release. None for what is no version."""
    if not _VERSION.fullmatch(version):
        return None
    numbers, _, pre = version.partition("+")[0].partition("-")
    release = tuple(int(part) for part in numbers.split("."))
    return (release, (1,)) if not pre else (release, (0, tuple(_identifier(part) for part in pre.split("."))))


def _identifier(part: str) -> tuple[int, int, str]:
    # Numbers are compared as numbers, and come before words.
    return (0, int(part), "") if part.isdigit() else (1, 0, part)


def in_order(versions: Iterable[str]) -> list[str]:
    """Return versions from the earliest to the latest; what is no version comes first."""
    return sorted(versions, key=lambda version: (order_of(version) or ((-1,), ()), version))
