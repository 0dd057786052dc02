"""A JSON Schema as the rows of a table: what each member is called, what it may be, whether it must be there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aos_sdk.cli.printing import shown

TITLES = ("name", "type", "required", "default", "meaning")
DEEPEST = 2
"""How far members of members are told; `--schema` gives the whole."""

Schema = Mapping[str, Any]


def members(schema: Schema) -> Iterator[list[str]]:
    """Yield a row of `TITLES` for each member; those of an object follow it as `object.member`, kinds of item as `list[]`."""
    yield from _members(schema, schema.get("$defs", {}), "", ())


def _members(schema: Schema, known: Schema, within: str, above: tuple[str, ...]) -> Iterator[list[str]]:
    needed = schema.get("required", ())
    for name, given in schema.get("properties", {}).items():
        member = _whole(given)
        meant, refers_to = _found(member, known)
        default = "" if member.get("default") is None else _value(member["default"])
        meaning = member.get("description") or meant.get("description") or ""
        yield [f"{within}{name}", type_of(member, known), "yes" if name in needed else "no", default, shown(meaning)]
        if len(above) + 1 < DEEPEST and refers_to not in above:
            yield from _members(meant, known, f"{within}{name}.", (*above, refers_to))
        for kind in _kinds_of_item(meant, known):
            yield [f"{within}{name}[]", _form_of(kind, known), "", "", shown(kind.get("description", ""))]


def _found(schema: Schema, known: Schema) -> tuple[Schema, str]:
    """Return the one schema that is meant beside null, with the name it is known by."""
    choices = [each for each in map(_whole, schema.get("anyOf", ())) if each.get("type") != "null"]
    if len(choices) == 1:
        return _found(choices[0], known)
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return (_whole(known.get(name)), name) if name else (schema, "")


def _whole(schema: Any) -> Schema:
    """Return a schema that may be written as true or false, or be left out."""
    return schema if isinstance(schema, Mapping) else {}


def _kinds_of_item(schema: Schema, known: Schema) -> list[Schema]:
    """Return the objects of which each item of a list is one, where there are several."""
    items = _whole(schema.get("items"))
    kinds = [_found(_whole(each), known)[0] for each in items.get("anyOf") or items.get("oneOf") or ()]
    return kinds if len(kinds) > 1 and not any(map(_is_plain, kinds)) else []


def _form_of(schema: Schema, known: Schema) -> str:
    needed = schema.get("required", ())
    told = (f"{name}{'' if name in needed else '?'}: {type_of(_whole(each), known)}" for name, each in schema["properties"].items())
    return shown("{" + ", ".join(told) + "}")


def type_of(schema: Schema, known: Schema | None = None) -> str:
    """Return in words what a value may be."""
    known = schema.get("$defs", {}) if known is None else known
    if "$ref" in schema:
        meant, name = _found(schema, known)
        # What is made of itself is told once.
        within = {other: each for other, each in known.items() if other != name}
        return type_of(meant, within) if _is_plain(meant) and name in known else f"object {shown(name)}"
    if "const" in schema:
        return _value(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(_value(each) for each in schema["enum"])
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return " or ".join(dict.fromkeys(type_of(_whole(each), known) for each in choices))
    if schema.get("type") == "array":
        if _kinds_of_item(schema, known):
            return "list of objects"
        return f"list of {type_of(_whole(schema['items']), known)}" if schema.get("items") else "list"
    kind = schema.get("type", "any")
    return f"{' or '.join(map(shown, kind)) if isinstance(kind, list) else shown(kind)}{_bounds(schema)}"


def _is_plain(schema: Schema) -> bool:
    return "properties" not in schema


def _bounds(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and most is None:
        return ""
    return f" {'' if least is None else _value(least)}…{'' if most is None else _value(most)}"


def _value(value: Any) -> str:
    return shown(value) if isinstance(value, str) and value.strip() else shown(json.dumps(value, ensure_ascii=False))
