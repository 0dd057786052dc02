"""Where two JSON values differ: the one way it is found, for parameters, profiles and catalog entries alike. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from skills.contracts import json_pointer

ABSENT: Any = object()
"""Stands where one of the two has nothing, which is something else than null."""


class Place(NamedTuple):
    """A place in which two values differ, by the names and numbers that lead to it, and what stands there in each."""

    path: tuple[str | int, ...]
    was: Any
    now: Any

    @property
    def pointer(self) -> str:
        """Return the place as RFC 6901 has it."""
        return json_pointer(self.path)


def places_that_differ(was: Any, now: Any, *, into_lists: bool = True, at: tuple[str | int, ...] = ()) -> Iterator[Place]:
    """Yield where two values differ, in the order of the later one, then what is gone from it.

    What one of them has not at all is one place, however much it holds. A list is gone into item by item, or is one value.
    """
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for name in [*now, *(name for name in was if name not in now)]:
            yield from places_that_differ(was.get(name, ABSENT), now.get(name, ABSENT), into_lists=into_lists, at=(*at, str(name)))
    elif into_lists and isinstance(was, list) and isinstance(now, list):
        for number in range(max(len(was), len(now))):
            before, after = (each[number] if number < len(each) else ABSENT for each in (was, now))
            yield from places_that_differ(before, after, at=(*at, number))
    # In JSON true is not 1, though Python takes them for equal.
    elif was != now or isinstance(was, bool) != isinstance(now, bool):
        yield Place(at, was, now)
