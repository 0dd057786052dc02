"""Answers as values: a JSON object whose members are attributes too, and which takes whatever a newer server sends."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

R = TypeVar("R", bound="Record")


class Record(dict[str, Any]):
    """A JSON object with attribute access; objects inside are records as well.

    A member the type knows and the server left out reads as None. One the type does not know is kept and readable like
    any other; one that is neither known nor there raises AttributeError. A member named like a Python keyword takes an
    underscore as attribute: `usage.from_`.
    """

    _fields: ClassVar[frozenset[str]] = frozenset()
    _nested: ClassVar[Mapping[str, str]] = {}

    def __init__(self, members: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        super().__init__()
        for name, value in {**(members or {}), **more}.items():
            self[name] = _wrapped(value, _type_named(self._nested.get(name)))

    def __getattr__(self, name: str) -> Any:
        member = name[:-1] if name.endswith("_") and name not in self else name
        if member in self:
            return self[member]
        if member in self._fields:
            return None
        raise AttributeError(f"{type(self).__name__} has no member '{name}'; it has {', '.join(self) or 'none'}")

    def __setattr__(self, name: str, value: Any) -> None:
        self[name[:-1] if name.endswith("_") else name] = value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._fields, *self})

    def __repr__(self) -> str:
        return f"{type(self).__name__}({super().__repr__()})"


def _type_named(name: str | None) -> type[Record]:
    if name is None:
        return Record
    # Types name one another in circles: they are looked up when the first value comes.
    found: type[Record] = getattr(importlib.import_module("aos_sdk.types"), name)
    return found


def _wrapped(value: Any, kind: type[Record]) -> Any:
    if isinstance(value, dict):
        return kind(value)
    if isinstance(value, list):
        return [_wrapped(each, kind) for each in value]
    return value


def shaped(kind: type[R], value: Any) -> R:
    """Return an answer as this kind of record; an answer that is no object becomes the record's `data`."""
    return kind(value if isinstance(value, dict) else {"data": value})
