"""JSON Schema under a budget: how much work a check can be is counted before it begins. Pure.

The validator cannot be stopped, and a small schema can ask for more than any machine can do: references that each
refer twice to the next, or alternatives that double with every level of the value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from skills.canonical import canonical_json

MAX_VISITS = 1_000
"""How often one place of a value may be looked at."""
MAX_WORK = 10_000_000
MAX_LISTED = 10_000_000

_LISTS = ("allOf", "anyOf", "oneOf")
_IN_PLACE = ("not", "if", "then", "else")
_EXCLUSIVE = ("items", "additionalProperties")
_ADDED = ("contains", "unevaluatedItems", "unevaluatedProperties", "propertyNames")
_UNCOUNTABLE = ("$dynamicRef", "$recursiveRef")

Visits = Counter[int]


class SchemaUncountable(ValueError):
    """A schema that cannot be counted, because of how it refers."""


class SchemaTooCostly(ValueError):
    """Checking the value against the schema would take too long."""


def check_work(schema: Any, value: Any) -> bool:
    """Raise where the check would be too much work; return whether all its faults can be listed, or only the first."""
    places = _places_by_level(value)
    most = _Counted(schema).most_visits(len(places))
    if most * sum(places) > MAX_WORK:
        raise SchemaTooCostly(f"the schema looks up to {most} times at each of the {sum(places)} places of the value")
    return len(canonical_json(schema)) * sum(places) <= MAX_LISTED


def _places_by_level(value: Any) -> list[int]:
    counts, level = [], [value]
    while level:
        counts.append(len(level))
        level = [below for inner in level for below in _below(inner)]
    return counts


def _below(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


class _Counted:
    """A schema and, for each of its parts, which parts are applied with it to the same place."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._parts: dict[int, dict[str, Any]] = {}
        self._closures: dict[int, Visits | None] = {}
        self._steps: dict[int, Visits] = {}

    def most_visits(self, levels: int) -> int:
        visits, most = self._closure(self._root), 1
        for _ in range(levels):
            most = max(most, visits.total())
            if most > MAX_VISITS:
                raise SchemaTooCostly(f"the schema looks more than {MAX_VISITS} times at one place of the value")
            below: Visits = Counter()
            for part, times in visits.items():
                for inner, count in self._step(part).items():
                    below[inner] += count * times
            visits = below
        return most

    def _closure(self, part: Any) -> Visits:
        """Return how often each part is applied where this one is, itself included."""
        if not isinstance(part, dict):
            return Counter()
        key = id(part)
        if key not in self._closures:
            self._parts[key], self._closures[key] = part, None
            self._closures[key] = self._joined(part)
        found = self._closures[key]
        if found is None:
            raise SchemaUncountable("the schema refers to itself without going into the value")
        return found

    def _joined(self, part: dict[str, Any]) -> Visits:
        visits: Visits = Counter({id(part): 1})
        for inner in self._in_place(part):
            visits.update(self._closure(inner))
            if visits.total() > MAX_VISITS:
                raise SchemaTooCostly(f"the schema looks more than {MAX_VISITS} times at one place of the value")
        return visits

    def _in_place(self, part: dict[str, Any]) -> Iterator[Any]:
        if any(name in part for name in _UNCOUNTABLE) or ("$id" in part and part is not self._root):
            raise SchemaUncountable("a schema refers with $ref only, and has no $id inside")
        for name in _LISTS:
            yield from _items(part.get(name))
        for name in _IN_PLACE:
            yield part.get(name)
        yield from _values(part.get("dependentSchemas"))
        if "$ref" in part:
            yield self._target(part["$ref"])

    def _target(self, reference: Any) -> Any:
        if reference == "#":
            return self._root
        if not isinstance(reference, str) or not reference.startswith("#/"):
            raise SchemaUncountable("a schema refers only to its own parts, as #/…")
        found = self._root
        for name in reference[2:].split("/"):
            name = name.replace("~1", "/").replace("~0", "~")
            found = _item(found, name)
        return found

    def _step(self, part: int) -> Visits:
        """Return which parts are applied, and how often, to one place right below where this part is applied."""
        if part not in self._steps:
            self._steps[part] = self._stepped(self._parts[part])
        return self._steps[part]

    def _stepped(self, part: dict[str, Any]) -> Visits:
        visits: Visits = Counter()
        exclusive = [*_values(part.get("properties")), *_items(part.get("prefixItems")), *(part.get(name) for name in _EXCLUSIVE)]
        for inner in exclusive:
            # Of these only one is applied to a place.
            visits |= self._closure(inner)
        for inner in [*_values(part.get("patternProperties")), *(part.get(name) for name in _ADDED)]:
            visits.update(self._closure(inner))
        return visits


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _values(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else []


def _item(value: Any, name: str) -> Any:
    if isinstance(value, dict) and name in value:
        return value[name]
    if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
        return value[int(name)]
    raise SchemaUncountable(f"the schema refers to '{name[:80]}', which it does not have")
