"""Compares two versions of a catalog entry, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Difference(NamedTuple):
    """One field (RFC 6901) in which two documents of an entry differ; None where one of them does not say it."""

    pointer: str
    before: Any
    after: Any


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return in what a document differs from an earlier one, in the order in which its fields stand."""
    old, new = _flat(before), _flat(after)
    return [Difference(pointer, old.get(pointer), new.get(pointer)) for pointer in {**new, **old} if old.get(pointer) != new.get(pointer)]


def _flat(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields by pointer, those of the parameters one by one."""
    flat: dict[str, Any] = {}
    for name, value in document.items():
        inner = value.items() if name == "parameters" and isinstance(value, Mapping) else None
        flat |= {f"/{name}": value} if inner is None else {f"/{name}/{field}": each for field, each in inner}
    return flat
