"""What an agent's profile says, field by field in words, and in which fields two profiles differ. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from skills.differing import ABSENT, places_that_differ
from skills.wording import duration, money

_OF_MONEY, _OF_TIME = "_micro_usd", "_ms"
_LIMITS = ("max_", "per_", "rate_", "limit")


class Difference(NamedTuple):
    """One field (RFC 6901) in which two profiles differ, in words; "" where one of them does not say it."""

    pointer: str
    before: str
    after: str


def label_of(name: str) -> str:
    """Return what a field is called on a page; its unit is said with its value."""
    words = name.removesuffix(_OF_MONEY).removesuffix(_OF_TIME).replace("_", " ")
    return words[:1].upper() + words[1:]


def unit_of(name: str) -> str:
    """Return in what a number is typed."""
    return "micro-dollars" if name.endswith(_OF_MONEY) else "milliseconds" if name.endswith(_OF_TIME) else ""


def null_of(name: str) -> str:
    """Return what null means in a field."""
    return "all" if name.startswith("allowed_") else "unlimited" if any(part in name for part in _LIMITS) else "not set"


def words_of(name: str, value: Any) -> str:
    """Return a value in words."""
    if value is None:
        return null_of(name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return money(value) if name.endswith(_OF_MONEY) else duration(value) if name.endswith(_OF_TIME) else f"{value:,}"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value) or "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) if value else "none"


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return in what a profile differs from an earlier one, in the order in which its fields stand."""
    found = places_that_differ(before, after, into_lists=False)
    return [Difference(place.pointer, *(_said(str(place.path[-1]), value) for value in (place.was, place.now))) for place in found]


def _said(name: str, value: Any) -> str:
    return "" if value is ABSENT else words_of(name, value)
