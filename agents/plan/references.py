"""References in parameters: `${steps.fetch.result.items[0]}`, `${inputs.city}`, `${secrets.NAME}`, `$${` for a literal `${`.

A string that is one whole reference keeps the type of what it names; inside a longer string the value is
written as text. What a reference brings in is data: it is never expanded again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

ROOTS = frozenset({"steps", "inputs", "memory", "secrets", "item", "index"})

MAX_RENDERED = 8_388_608
"""How many characters and values a step's parameters may have once their references are filled in."""
MAX_RENDERED_DEPTH = 128

_TOKEN = re.compile(r"\$\$\{|\$\{([^{}]{1,512})\}")
_BROKEN = re.compile(r"(?<!\$)\$\{")
_ROOT = re.compile(r"[a-z]+")
_ARRAYS = (list, tuple)
_HOLDING = (dict, *_ARRAYS)
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_PART = re.compile(r"\.([A-Za-z0-9_-]{1,128})|\[(\d{1,9})\]|\[\"([^\"\\]{1,256})\"\]")


class Unknown:
    """The value of a result nobody has yet: simulation puts it where a run would have data."""

    _only: Unknown | None = None

    def __new__(cls) -> Unknown:
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


def holds_unknown(value: Any) -> bool:
    """Tell whether a value, or anything inside it, is not known yet."""
    if isinstance(value, dict):
        return any(map(holds_unknown, value.values()))
    if isinstance(value, _ARRAYS):
        return any(map(holds_unknown, value))
    return value is UNKNOWN


class Reference(NamedTuple):
    """A parsed reference: its root and the way down from there."""

    root: str
    path: tuple[str | int, ...]
    text: str

    @property
    def step_id(self) -> str | None:
        """Return the step a `steps.…` reference reads, else None."""
        return str(self.path[0]) if self.root == "steps" and self.path else None


class UnresolvedReference(ValueError):
    """A reference that cannot be read, or that points to nothing."""


class RenderedTooLarge(ValueError):
    """Parameters grow too large or too deep when their references are filled in."""


@lru_cache(maxsize=4_096)
def parse(text: str) -> Reference:
    """Read what stands between `${` and `}`. Raises UnresolvedReference where that is no reference."""
    match = _ROOT.match(text)
    if match is None or match.group() not in ROOTS:
        raise UnresolvedReference(f"'{text}' does not begin with one of {', '.join(sorted(ROOTS))}")
    root, position, path = match.group(), match.end(), []
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            raise UnresolvedReference(f"'{text}' cannot be read from '{text[position:]}' on")
        name, index, quoted = part.groups()
        path.append(int(index) if index is not None else name or quoted)
        position = part.end()
    _check_shape(root, path, text)
    return Reference(root, tuple(path), text)


def _check_shape(root: str, path: list[str | int], text: str) -> None:
    if root == "steps" and (len(path) < 2 or path[1] != "result"):
        raise UnresolvedReference(f"'{text}' must read steps.<step_id>.result")
    if root in ("inputs", "memory", "secrets") and not path:
        raise UnresolvedReference(f"'{text}' must name what it reads from {root}")
    if root == "secrets" and len(path) != 1:
        raise UnresolvedReference(f"'{text}' must read secrets.<NAME>")
    if root == "index" and path:
        raise UnresolvedReference("'index' has no parts")


def whole_reference(text: str) -> Reference | None:
    """Return the reference a string consists of, None where it is anything else."""
    match = _TOKEN.fullmatch(text)
    return parse(match.group(1)) if match and match.group(1) is not None else None


def references_in(text: str) -> list[Reference]:
    """Return the references of one string, in order. Raises UnresolvedReference for one that cannot be read."""
    found = [parse(match.group(1)) for match in _TOKEN.finditer(text) if match.group(1) is not None]
    if _BROKEN.search(_TOKEN.sub("", text)):
        raise UnresolvedReference("'${' opens a reference that is not closed; write '$${' for the characters themselves")
    return found


def strings_in(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Yield (RFC 6901 pointer, text) of every string value below a JSON value. Keys are never references."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from strings_in(inner, f"{pointer}/{escape_pointer(str(key))}")
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            yield from strings_in(inner, f"{pointer}/{position}")


def references_of(value: Any) -> list[tuple[str, str]]:
    """Return (pointer, text) of every string below a JSON value that may hold a reference."""
    return [(pointer, text) for pointer, text in strings_in(value) if "${" in text] if texts_of(value) else []


def texts_of(value: Any) -> list[str]:
    """Return every string below a JSON value that may hold a reference, in order. Most values hold none, which is told fast."""
    found: list[str] = []
    _gather(value, found)
    return found


def _gather(value: Any, found: list[str]) -> None:
    if isinstance(value, str):
        if "${" in value:
            found.append(value)
    elif isinstance(value, dict):
        for inner in value.values():
            _gather(inner, found)
    elif isinstance(value, _ARRAYS):
        for inner in value:
            _gather(inner, found)


def escape_pointer(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def render(value: Any, lookup: Callable[[Reference], Any]) -> Any:
    """Return the value with its references replaced by what `lookup` says.

    `secrets` references are left as they stand: they are revealed inside the skill call and nowhere else.
    Raises UnresolvedReference for a reference to nothing, RenderedTooLarge for what grows beyond all use.
    """
    return _Rendering(lookup).value(value, 0)


class _Rendering:
    """One filling-in. It counts what it brings in before it copies: a small plan may name a large result a thousand times."""

    def __init__(self, lookup: Callable[[Reference], Any]) -> None:
        self._lookup = lookup
        self._left = MAX_RENDERED

    def value(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self._text(value, depth) if "${" in value else value
        if isinstance(value, dict):
            return {key: self.value(inner, depth + 1) for key, inner in value.items()}
        if isinstance(value, _ARRAYS):
            return [self.value(inner, depth + 1) for inner in value]
        return value

    def _text(self, text: str, depth: int) -> Any:
        whole = whole_reference(text)
        if whole is not None:
            return text if whole.root == "secrets" else self._found(whole, depth)
        unknown = False

        def replace(match: re.Match[str]) -> str:
            nonlocal unknown
            if match.group(1) is None:
                return "${"
            reference = parse(match.group(1))
            if reference.root == "secrets":
                return match.group()
            found = self._found(reference, depth)
            if holds_unknown(found):
                unknown = True
                return ""
            return as_text(found)

        rendered = _TOKEN.sub(replace, text)
        return UNKNOWN if unknown else rendered

    def _found(self, reference: Reference, depth: int) -> Any:
        found = self._lookup(reference)
        self._left -= weigh(found, self._left, depth)
        return found


def weigh(value: Any, most: int, depth: int = 0) -> int:
    """Return the size of a JSON value. Raises RenderedTooLarge beyond `most`, or where it is too deep."""
    size = 0
    for level, more in enumerate(_sizes_by_level(value), depth):
        size += more
        if level > MAX_RENDERED_DEPTH:
            raise RenderedTooLarge(f"the parameters are nested deeper than {MAX_RENDERED_DEPTH} levels with their references filled in")
        if size > most:
            raise RenderedTooLarge(f"the parameters grow beyond {MAX_RENDERED} characters with their references filled in")
    return size


def size_of(value: Any) -> int:
    """Return how many characters and values a JSON value holds."""
    if isinstance(value, str):
        return 1 + len(value)
    return sum(_sizes_by_level(value)) if isinstance(value, _HOLDING) else 1


def _sizes_by_level(value: Any) -> Iterator[int]:
    # Each result and each parameter of a run comes through here. JSON knows no mapping but dict, and to ask whether a number
    # is a `Mapping`, or a `list | tuple`, takes longer than all the rest.
    level = [value]
    while level:
        size = len(level)
        below: list[Any] = []
        for inner in level:
            if isinstance(inner, str):
                size += len(inner)
            elif isinstance(inner, dict):
                size += sum(map(len, inner))
                below.extend(inner.values())
            elif isinstance(inner, _ARRAYS):
                below.extend(inner)
        yield size
        level = below


def as_text(value: Any) -> str:
    """Return how a value reads inside a longer string: text as it is, everything else as compact JSON."""
    if isinstance(value, str):
        return value
    return _compact(value)


def secret_pointers(params: Any) -> tuple[str, ...]:
    """Return where a plan's own text names secrets. Only there are they revealed: data that happens to read
    `${secrets.X}` stays data."""
    return tuple(
        pointer for pointer, text in references_of(params) if "${secrets." in text and any(r.root == "secrets" for r in references_in(text))
    )


def walk(value: Any, path: tuple[str | int, ...], text: str) -> Any:
    """Follow a path down a JSON value. Raises UnresolvedReference where it leads to nothing."""
    for part in path:
        if value is UNKNOWN:
            return UNKNOWN
        if isinstance(value, Mapping) and str(part) in value:
            value = value[str(part)]
        elif isinstance(value, list | tuple) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            raise UnresolvedReference(f"'{text}' points to nothing: there is no '{part}'")
    return value
