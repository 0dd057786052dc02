"""The form of a question: fields made from its JSON Schema, and the answer read from what somebody typed into them. Pure.

What a form cannot show is written as JSON: one property, or the whole answer. Fields are called by their place in the schema, never by
a name from it. Nothing is checked here but whether a number is one: the service that takes the answer checks it, and its faults come
back by pointer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import isfinite
from typing import TYPE_CHECKING, Any

from skills.contracts import json_pointer
from skills.refusal import Refusal
from skills.strict_json import read_strict

if TYPE_CHECKING:
    from django.http import QueryDict

Json = dict[str, Any]

MOST_FIELDS = 60
MOST_OPTIONS = 300
RADIOS = 4
LONG = 200
"""From how many characters on a text has an area of its own."""

_LONGEST_LABEL = 300
_LONGEST_NUMBER = 40

# Where a schema says one of these, the fields of a form would not say all of it.
_BEYOND = frozenset({"$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas", "patternProperties"})
_BY_FORMAT = {"date": "date", "email": "email", "uri": "url"}
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_ABSENT = object()


@dataclass
class Field:
    """One thing to fill in. `kind` says how it is drawn; `options` are (index, words, is chosen)."""

    name: str
    path: tuple[str, ...]
    kind: str
    label: str
    help: str = ""
    required: bool = False
    value: str = ""
    options: list[tuple[str, str, bool]] = field(default_factory=list)
    limits: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    schema: Json = field(default_factory=dict)

    @property
    def pointer(self) -> str:
        return json_pointer(self.path)

    @property
    def described_by(self) -> str:
        return " ".join([*([f"{self.name}-help"] if self.help else []), *([f"{self.name}-fault"] if self.faults else [])])


@dataclass
class Group:
    """Fields that belong together: an object inside the answer, or the answer itself, which has no title."""

    title: str
    help: str
    fields: list[Field]
    path: tuple[str, ...] = ()
    required: bool = False


@dataclass
class Form:
    """A form; `faults` are those that belong to no field of it."""

    groups: list[Group]
    faults: list[str] = field(default_factory=list)

    def fields(self) -> Iterator[Field]:
        return chain.from_iterable(group.fields for group in self.groups)

    def tell(self, faults: Sequence[Mapping[str, str]], *, at: str) -> None:
        """Put each fault beside the field it is about; those of nothing shown stand above."""
        by_pointer = {each.pointer: each for each in self.fields()}
        for fault in faults:
            pointer = fault["pointer"].removeprefix(at)
            found = next((by_pointer[place] for place in _upwards(pointer) if place in by_pointer), None)
            if found is None:
                self.faults.append(f"{pointer.lstrip('/')}: {fault['detail']}" if pointer else fault["detail"])
            elif fault["detail"] not in found.faults:
                found.faults.append(fault["detail"])


def _upwards(pointer: str) -> Iterator[str]:
    while pointer:
        yield pointer
        pointer = pointer.rpartition("/")[0]
    yield ""


# From the schema


def form_of(schema: Any, *, initial: Mapping[str, Any] | None = None) -> Form:
    """Return the form of a question. `initial` stands in fields that have no default of their own."""
    if not isinstance(schema, dict) or not _is_object(schema):
        alone = schema if isinstance(schema, dict) else {}
        label = _words(alone.get("title")) or "Answer"
        return Form([Group("", "", [_field("f", (), label, alone, required=True)])])
    groups = list(_groups(schema, initial or {}))
    if sum(len(group.fields) for group in groups) > MOST_FIELDS:
        return Form([Group("", _words(schema.get("description")), [_as_json("f", (), "Answer", schema, required=True)])])
    return Form(groups)


def _groups(schema: Json, initial: Mapping[str, Any]) -> Iterator[Group]:
    needed = _names(schema.get("required"))
    own = Group(_words(schema.get("title")), _words(schema.get("description")), [])
    yield own
    for place, (name, inner) in enumerate(schema["properties"].items()):
        inner = inner if isinstance(inner, dict) else {}
        label = _words(inner.get("title")) or _words(name)
        if _is_object(inner):
            below = _names(inner.get("required"))
            made = [
                _field(f"f{place}-{at}", (name, key), _words(_dict(each).get("title")) or _words(key), _dict(each), required=key in below)
                for at, (key, each) in enumerate(inner["properties"].items())
            ]
            yield Group(label, _words(inner.get("description")), made, (name,), name in needed)
        else:
            default = initial.get(name, _ABSENT)
            own.fields.append(_field(f"f{place}", (name,), label, inner, required=name in needed, default=default))


def _field(name: str, path: tuple[str, ...], label: str, schema: Json, *, required: bool, default: Any = _ABSENT) -> Field:
    default = schema.get("default", default)
    kind = _kind(schema, required=required, has_default=default is not _ABSENT)
    if kind == "json":
        return _as_json(name, path, label, schema, required=required, default=default)
    made = Field(name, path, kind, label, _help(schema), required, schema=schema)
    if kind in ("choice", "radio", "choices"):
        chosen = default if kind == "choices" and isinstance(default, list) else [default]
        made.options = [(str(at), _shown(each), any(_same(each, one) for one in chosen)) for at, each in enumerate(_options(schema))]
    elif kind in ("check", "yesno"):
        made.value = "" if default is _ABSENT else ("true" if default is True else "false")
    elif default is not _ABSENT and default is not None:
        made.value = default if isinstance(default, str) else _shown(default)
    made.limits = _limits(kind, schema)
    return made


def _as_json(name: str, path: tuple[str, ...], label: str, schema: Json, *, required: bool, default: Any = _ABSENT) -> Field:
    value = "" if default is _ABSENT else json.dumps(default, indent=2, ensure_ascii=False)
    return Field(name, path, "json", label, _help(schema), required, value, schema=schema)


def _kind(schema: Json, *, required: bool, has_default: bool) -> str:
    """Return how a schema is drawn; "json" where no field says all of it."""
    if not _BEYOND.isdisjoint(schema):
        return "json"
    if "enum" in schema or "const" in schema:
        count = len(_options(schema))
        return "json" if not 0 < count <= MOST_OPTIONS else "radio" if count <= RADIOS and required else "choice"
    kind, items = schema.get("type"), _dict(schema.get("items"))
    if kind == "string":
        longest = schema.get("maxLength")
        by_format = _BY_FORMAT.get(str(schema.get("format")), "text")
        return "long" if by_format == "text" and isinstance(longest, int) and longest > LONG else by_format
    if kind in ("integer", "number"):
        return str(kind)
    if kind == "boolean":
        return "check" if required or has_default else "yesno"
    if kind == "array" and isinstance(items.get("enum"), list) and 0 < len(items["enum"]) <= MOST_OPTIONS and _BEYOND.isdisjoint(items):
        return "choices"
    return "json"


def _is_object(schema: Json) -> bool:
    """Tell whether a schema is an object with properties that fields can show."""
    inside = schema.get("properties")
    return schema.get("type") == "object" and isinstance(inside, dict) and bool(inside) and _BEYOND.isdisjoint(schema)


def _options(schema: Json) -> list[Any]:
    given = [schema["const"]] if "const" in schema else _dict(schema.get("items")).get("enum") if "enum" not in schema else schema["enum"]
    return given if isinstance(given, list) else []


def _limits(kind: str, schema: Json) -> dict[str, int]:
    if kind not in ("text", "long", "email", "url"):
        return {}
    return {name.lower(): schema[name] for name in ("minLength", "maxLength") if type(schema.get(name)) is int}


def _help(schema: Json) -> str:
    """Return what a field says of itself: its description, and the rules a browser would not tell."""
    pattern = schema.get("pattern")
    rule = f"It has the form {_words(pattern)}" if isinstance(pattern, str) else ""
    bounds = [f"{words} {schema[name]}" for name, words in _BOUNDS.items() if type(schema.get(name)) in (int, float)]
    bound = f"{', '.join(bounds).capitalize()}." if bounds else ""
    return " ".join(filter(None, [_words(schema.get("description")), bound, rule]))


_BOUNDS = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most", "exclusiveMaximum": "less than"}


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _names(value: Any) -> frozenset[str]:
    return frozenset(each for each in value if isinstance(each, str)) if isinstance(value, list) else frozenset()


def _words(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


# From what was typed


def answer_in(form: Form, typed: QueryDict) -> Any:
    """Return the answer that was typed, and keep what was typed in the form. What cannot be read gets its fault, and is left out."""
    found: Any = _ABSENT
    for each in form.fields():
        value = _read(each, typed)
        if value is _ABSENT:
            continue
        if not each.path:
            return value
        if found is _ABSENT:
            found = {}
        _put(found, each.path, value)
    if not all(each.path for each in form.fields()):
        return None
    found = {} if found is _ABSENT else found
    for group in form.groups:
        if group.required:
            # Empty, so that its fields say what each of them lacks.
            found.setdefault(group.path[0], {})
    return found


def _put(into: Json, path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        into = into.setdefault(name, {})
    into[path[-1]] = value


def _read(each: Field, typed: QueryDict) -> Any:
    if each.kind == "choices":
        return _many(each, set(typed.getlist(each.name)))
    text = str(typed.get(each.name, "")).replace("\x00", "").replace("\r\n", "\n")
    if each.kind == "check":
        each.value = "true" if text == "true" else "false"
        return text == "true"
    each.value = text
    if each.kind in ("choice", "radio"):
        each.options = [(at, words, at == text) for at, words, _ in each.options]
        chosen = _chosen(each, text)
        return chosen[0] if chosen else _ABSENT
    if not text.strip():
        return _ABSENT
    return _READERS.get(each.kind, _text)(each, text)


def _many(each: Field, chosen: set[str]) -> Any:
    each.options = [(at, words, at in chosen) for at, words, _ in each.options]
    picked = [value for at, _, is_chosen in each.options if is_chosen for value in _chosen(each, at)]
    return picked if picked or each.required else _ABSENT


def _chosen(each: Field, at: str) -> list[Any]:
    """Return the option at an index as a list of one; none where there is no such option."""
    options = _options(each.schema)
    return [options[int(at)]] if at.isascii() and at.isdigit() and len(at) < 6 and int(at) < len(options) else []


def _text(each: Field, text: str) -> Any:
    return text


def _yesno(each: Field, text: str) -> Any:
    return {"true": True, "false": False}.get(text, _ABSENT)


def _integer(each: Field, text: str) -> Any:
    trimmed = text.strip()
    if len(trimmed) <= _LONGEST_NUMBER and _INTEGER.fullmatch(trimmed):
        return int(trimmed)
    each.faults.append("this is no whole number")
    return _ABSENT


def _number(each: Field, text: str) -> Any:
    trimmed = text.strip()
    if len(trimmed) <= _LONGEST_NUMBER and _NUMBER.fullmatch(trimmed):
        value = int(trimmed) if _INTEGER.fullmatch(trimmed) else float(trimmed)
        if isfinite(value):
            return value
    each.faults.append("this is no number")
    return _ABSENT


def _json(each: Field, text: str) -> Any:
    try:
        return read_strict(text.encode("utf-8", "replace"), "the field")
    except Refusal as refusal:
        each.faults.append(f"this is no JSON: {refusal.errors[0]['detail'] if refusal.errors else refusal.detail}")
        return _ABSENT


_READERS = {"yesno": _yesno, "integer": _integer, "number": _number, "json": _json}
