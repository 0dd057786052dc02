"""The operations of json_transform: small values that say what to do, each with its one pure `apply`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field

from skills.base import Params
from skills.canonical import canonical_json
from skills.library.html_reading import headings, readable_text
from skills.library.json_paths import BoundedEnvironment, compile_filter, compile_path, values_at

MAX_EXACT_INTEGER = 2**53 - 1
MAX_VALUE_SIZE = 8_000_000

CastTarget = Literal["string", "integer", "number", "boolean"]

_BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
_KINDS = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "an object", type(None): "null"}


class OperationFault(ValueError):
    """An operation does not fit the value it is given."""


class ValueTooLarge(OperationFault):
    """A value would be too large to be written out."""


def kind_of(value: Any) -> str:
    return _KINDS[type(value)]


def check_size(value: Any) -> Any:
    """Return the value. Raises ValueTooLarge where it, written out, would be too large: small parts can be repeated often."""
    size, open_values = 0, [value]
    while open_values:
        inner = open_values.pop()
        size += 1 + (len(inner) if isinstance(inner, str) else 0)
        if isinstance(inner, dict):
            size += sum(map(len, inner))
            open_values.extend(inner.values())
        elif isinstance(inner, list):
            open_values.extend(inner)
        if size + len(open_values) > MAX_VALUE_SIZE:
            raise ValueTooLarge(f"the value grows beyond {MAX_VALUE_SIZE} characters")
    return value


def _each_object(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    if isinstance(value, dict):
        return change(value)
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return [change(item) for item in value]
    raise OperationFault(f"needs an object or a list of objects, not {kind_of(value)}")


def _check_growth(value: Any, added: dict[str, Any]) -> None:
    """Raise ValueTooLarge before keys are given to more objects than the result could hold, not after."""
    if isinstance(value, list) and len(value) * len(added) > MAX_VALUE_SIZE:
        raise ValueTooLarge(f"the value grows beyond {MAX_VALUE_SIZE} characters")


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise OperationFault(f"needs a list, not {kind_of(value)}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise OperationFault(f"needs HTML text, not {kind_of(value)}")
    return value


class Pick(Params):
    """Keep only these keys; one that is missing is left out."""

    op: Literal["pick"]
    keys: list[str] = Field(min_length=1)

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        return _each_object(value, lambda item: {key: item[key] for key in self.keys if key in item})


class Omit(Params):
    """Leave these keys out."""

    op: Literal["omit"]
    keys: list[str] = Field(min_length=1)

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        return _each_object(value, lambda item: {key: inner for key, inner in item.items() if key not in self.keys})


class Rename(Params):
    """Give keys other names, {"old": "new"}. Two keys may not end as one."""

    op: Literal["rename"]
    keys: dict[str, str] = Field(min_length=1)

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        return _each_object(value, self._renamed)

    def _renamed(self, item: dict[str, Any]) -> dict[str, Any]:
        renamed = {self.keys.get(key, key): inner for key, inner in item.items()}
        if len(renamed) < len(item):
            raise OperationFault("two keys would get the same name")
        return renamed


class Cast(Params):
    """Turn the value under `key`, or the value itself, into another type. Missing and null values stay as they are."""

    op: Literal["cast"]
    to: CastTarget
    key: str | None = None

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        key = self.key
        if key is None:
            return [cast(item, self.to) for item in value] if isinstance(value, list) else cast(value, self.to)
        return _each_object(value, lambda item: {**item, key: cast(item[key], self.to)} if key in item else item)


class Default(Params):
    """Fill in keys that are missing or null."""

    op: Literal["default"]
    values: dict[str, Any] = Field(min_length=1)

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        _check_growth(value, self.values)
        return _each_object(value, lambda item: {**item, **{key: given for key, given in self.values.items() if item.get(key) is None}})


class Merge(Params):
    """Set keys from `with`, over what is there."""

    op: Literal["merge"]
    other: dict[str, Any] = Field(alias="with", min_length=1)

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        _check_growth(value, self.other)
        return _each_object(value, lambda item: {**item, **self.other})


class FilterItems(Params):
    """Keep the items of a list for which a JSONPath filter expression holds, such as `@.price > 10`."""

    op: Literal["filter"]
    where: str = Field(min_length=1, max_length=500)

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        return values_at(compile_filter(env, self.where), _list(value))


class Select(Params):
    """Go on with what a JSONPath selects: the one value of a singular path, else the list of values."""

    op: Literal["select"]
    path: str = Field(min_length=1, max_length=1_000)

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        return select(value, self.path, env)


class Map(Params):
    """Replace every item of a list by what a singular JSONPath selects in it, null where there is nothing."""

    op: Literal["map"]
    path: str = Field(min_length=1, max_length=1_000)

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        compiled = compile_path(env, self.path)
        if not compiled.singular_query():
            raise OperationFault("needs a path that selects one value, such as $.name")
        found = [values_at(compiled, item) for item in _list(value)]
        return [values[0] if values else None for values in found]


class Sort(Params):
    """Sort a list, or a list of objects by `key`: null, booleans, numbers, text, the rest. Equal items keep their order."""

    op: Literal["sort"]
    key: str | None = None
    descending: bool = False

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        def order(item: Any) -> tuple[int, Any]:
            return rank(item if self.key is None else item.get(self.key) if isinstance(item, dict) else None)

        return sorted(_list(value), key=order, reverse=self.descending)


class Unique(Params):
    """Drop items that were there before."""

    op: Literal["unique"]

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        first: dict[bytes, Any] = {}
        for item in _list(value):
            first.setdefault(canonical_json(item), item)
        return list(first.values())


class Flatten(Params):
    """Put the items of inner lists in their place, one level."""

    op: Literal["flatten"]

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        return [inner for item in _list(value) for inner in (item if isinstance(item, list) else [item])]


class Limit(Params):
    """Keep the first items."""

    op: Literal["limit"]
    count: int = Field(ge=0)

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        return _list(value)[: self.count]


class Count(Params):
    """Give the number of items, keys or characters."""

    op: Literal["count"]

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        if not isinstance(value, list | dict | str):
            raise OperationFault(f"cannot count {kind_of(value)}")
        return len(value)


class Join(Params):
    """Write the items of a list as one text."""

    op: Literal["join"]
    separator: str = Field(default="\n", max_length=100)

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        return self.separator.join(cast(item, "string") or "" for item in _list(value))


class Headings(Params):
    """Read the headings out of HTML text: [{"level", "text"}]."""

    op: Literal["headings"]
    levels: list[Annotated[int, Field(ge=1, le=6)]] = Field(default=[1, 2, 3, 4, 5, 6], min_length=1)

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        return headings(_text(value), tuple(set(self.levels)))


class HtmlText(Params):
    """Turn HTML text into the text a reader sees, one line per block."""

    op: Literal["html_text"]

    def apply(self, value: Any, env: BoundedEnvironment) -> Any:
        return readable_text(_text(value))


Operation = Annotated[
    Pick
    | Omit
    | Rename
    | Cast
    | Default
    | Merge
    | FilterItems
    | Select
    | Map
    | Sort
    | Unique
    | Flatten
    | Limit
    | Count
    | Join
    | Headings
    | HtmlText,
    Field(discriminator="op"),
]


class NothingSelected(OperationFault):
    """A path that selects one value selects none."""


def select(value: Any, path: str, env: BoundedEnvironment) -> Any:
    """Return the one value a singular path selects, else the list of all. Raises NothingSelected for a missing one."""
    compiled = compile_path(env, path)
    found = values_at(compiled, value)
    if not compiled.singular_query():
        return found
    if not found:
        raise NothingSelected(f"{path} selects nothing")
    return found[0]


def rank(value: Any) -> tuple[int, Any]:
    """Return what a value is sorted by: a total order over all of JSON."""
    if value is None or isinstance(value, bool):
        return (0, 0) if value is None else (1, value)
    if isinstance(value, int | float):
        return 2, value
    if isinstance(value, str):
        return 3, value
    return 4, canonical_json(value).decode()


def cast(value: Any, to: CastTarget) -> Any:
    """Return the value as another type; null stays null. Raises OperationFault where that would guess or lose."""
    if value is None:
        return None
    return {"string": _as_string, "integer": _as_integer, "number": _as_number, "boolean": _as_boolean}[to](value)


def _as_string(value: Any) -> str:
    if isinstance(value, str):
        return value
    return canonical_json(value).decode()


def _as_integer(value: Any) -> int:
    number = _as_number(value)
    if number != int(number):
        raise OperationFault(f"{number} is not a whole number")
    if abs(number) > MAX_EXACT_INTEGER:
        raise OperationFault("the number is beyond 2^53 and would not stay exact; keep it as a string")
    return int(number)


def _as_number(value: Any) -> int | float:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        value = _number_in(value.strip())
    if not isinstance(value, int | float):
        raise OperationFault(f"{kind_of(value)} is not a number")
    if abs(value) > MAX_EXACT_INTEGER and isinstance(value, int):
        raise OperationFault("the number is beyond 2^53 and would not stay exact; keep it as a string")
    return value


def _number_in(text: str) -> Any:
    try:
        number = json.loads(text, parse_constant=str) if len(text) <= 100 else text
    except ValueError as error:
        raise OperationFault("the text is not a number") from error
    if isinstance(number, bool) or not isinstance(number, int | float) or abs(number) == float("inf"):
        raise OperationFault("the text is not a number")
    return number


def _as_boolean(value: Any) -> bool:
    known = _BOOLEANS.get(str(value).strip().lower())
    if known is None or isinstance(value, list | dict):
        raise OperationFault(f"{kind_of(value)} that is neither true nor false")
    return known
