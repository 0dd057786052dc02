"""Compares two versions of a catalog entry, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from skills.differing import ABSENT, places_that_differ


class Difference(NamedTuple):
    """One field (RFC 6901) in which two documents of an entry differ; None where one of them does not say it."""

    pointer: str
    before: Any
    after: Any


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return in what a document differs from an earlier one, in the order in which its fields stand."""
    found = places_that_differ(before, after, into_lists=False)
    return [Difference(place.pointer, *(None if value is ABSENT else value for value in (place.was, place.now))) for place in found]
