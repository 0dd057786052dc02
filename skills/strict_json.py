"""Reads JSON strictly: what a database, a hash or another reader would choke on later is refused here. Pure.

Depth is scanned before parsing, because the parser recurses. Everything else is found in one walk over the
parsed value, which is why the parser's hooks leave marks instead of raising: only the walk knows the pointer. It is
spared where no mark was left and no escape can have made a character that must not be kept.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from skills.contracts import FaultDetail
from skills.refusal import Refusal

MAX_BYTES = 1_048_576
MAX_DEPTH = 64
MAX_FAULTS = 20
MAX_INT, MIN_INT = 2**63 - 1, -(2**63)

# The string branch also takes an unterminated string to its end: failing there and trying again at each
# later quote would make the scan quadratic.
_BRACKET_OR_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class NotStrictJson(ValueError):
    """The text is no JSON, or JSON that cannot be kept; `faults` say where."""

    def __init__(self, faults: list[FaultDetail]) -> None:
        super().__init__(faults[0].detail)
        self.faults = faults


class _BadNumber(NamedTuple):
    code: str
    text: str


class _Twice(dict[str, Any]):
    """An object that gave a name more than once."""

    names: list[str]


def parse_strict(raw: bytes) -> Any:
    """Return the JSON value. Raises NotStrictJson with at most 20 faults, each with its pointer (RFC 6901)."""
    text = _decoded(raw)
    if _deeper_than(text, MAX_DEPTH):
        raise NotStrictJson([_fault("", "TOO_DEEP", f"the JSON is nested deeper than {MAX_DEPTH} levels")])
    hooks = _Hooks()
    try:
        value = json.loads(
            text, object_pairs_hook=hooks.object, parse_int=hooks.integer, parse_float=hooks.float, parse_constant=hooks.constant
        )
    except json.JSONDecodeError as error:
        raise NotStrictJson([_fault("", "SYNTAX", f"line {error.lineno} column {error.colno}: {error.msg}")]) from None
    faults = list(islice(_faults(value, ""), MAX_FAULTS)) if hooks.have_marked or "\\u" in text else []
    if faults:
        raise NotStrictJson(faults)
    return value


def read_strict(raw: bytes, what: str) -> Any:
    """Return the JSON value of `what` ("the body", a file's name). Raises Refusal with a pointer to each fault."""
    try:
        return parse_strict(raw)
    except NotStrictJson as error:
        errors = [fault.model_dump() for fault in error.faults]
        raise Refusal("INVALID_INPUT", f"{what} cannot be read: {error}", errors=errors) from None


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrictJson([_fault("", "NOT_UTF8", f"byte {error.start} is not UTF-8")]) from None


def _deeper_than(text: str, limit: int) -> bool:
    if text.count("[") + text.count("{") <= limit:
        return False
    depth = 0
    for match in _BRACKET_OR_STRING.finditer(text):
        found = match[0]
        if found in ("[", "{"):
            depth += 1
            if depth > limit:
                return True
        elif found in ("]", "}"):
            depth -= 1
    return False


class _Hooks:
    """What the parser calls for each object and number; what cannot be kept becomes a mark in its place."""

    def __init__(self) -> None:
        self.have_marked = False

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) == len(pairs):
            return value
        flawed, seen = _Twice(value), set[str]()
        flawed.names = [name for name, _ in pairs if name in seen or seen.add(name)]  # type: ignore[func-returns-value]
        self.have_marked = True
        return flawed

    def integer(self, digits: str) -> int | _BadNumber:
        # Python refuses to convert very long digit strings at all, so length is looked at first.
        if len(digits) > 20 or not MIN_INT <= int(digits) <= MAX_INT:
            return self._bad("INTEGER_TOO_LARGE", digits)
        return int(digits)

    def float(self, text: str) -> float | _BadNumber:
        value = float(text)
        return value if math.isfinite(value) else self.constant(text)

    def constant(self, name: str) -> _BadNumber:
        return self._bad("NOT_A_NUMBER", name)

    def _bad(self, code: str, text: str) -> _BadNumber:
        self.have_marked = True
        return _BadNumber(code, text)


def _faults(value: Any, at: str) -> Iterator[FaultDetail]:
    if isinstance(value, str):
        yield from _text_faults(value, at, "the text")
    elif isinstance(value, _BadNumber):
        yield _fault(at, value.code, f"{value.text[:40]} is no number AOS can keep (64-bit integers and finite floats)")
    elif isinstance(value, dict):
        yield from _object_faults(value, at)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _faults(item, f"{at}/{position}")


def _object_faults(value: dict[str, Any], at: str) -> Iterator[FaultDetail]:
    if isinstance(value, _Twice):
        for name in value.names:
            yield _fault(f"{at}/{_token(name)}", "DUPLICATE_KEY", "the name is given more than once in its object")
    for name, item in value.items():
        inner = f"{at}/{_token(name)}"
        yield from _text_faults(name, inner, "the name")
        yield from _faults(item, inner)


def _text_faults(text: str, at: str, what: str) -> Iterator[FaultDetail]:
    found = _UNSTORABLE.search(text)
    if found is None:
        return
    if found[0] == "\x00":
        yield _fault(at, "NUL_CHARACTER", f"{what} holds a NUL character")
    else:
        yield _fault(at, "LONE_SURROGATE", f"{what} holds half a surrogate pair, which no encoding can keep")


def _token(name: str) -> str:
    """Return a name as a pointer's token, safe to send back."""
    return _UNSTORABLE.sub("\ufffd", name)[:200].replace("~", "~0").replace("/", "~1")


def _fault(pointer: str, code: str, detail: str) -> FaultDetail:
    return FaultDetail(pointer=pointer, code=code, detail=detail)
