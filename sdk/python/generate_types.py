#!/usr/bin/env python3
"""Writes the package's types from the OpenAPI document: a record a schema; with --check, fails where they differ from it."""

from __future__ import annotations

import argparse
import json
import keyword
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parents[1] / "docs" / "reference" / "openapi.json"
TARGET = HERE / "src" / "aos_sdk" / "types"
MAX_LINES = 480
WIDTH = 140
SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
# A record is a dict: what its methods are called cannot be an attribute as well.
TAKEN = frozenset(dir(dict))
NOT_RECORDS = frozenset({*SCALARS.values(), "Any", "Literal", "Record", "list"})
Schemas = dict[str, dict[str, Any]]


def main() -> int:
    """Write the files, or tell which of them differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="Write nothing; fail where a file would change.")
    parser.add_argument("--document", type=Path, default=DOCUMENT)
    options = parser.parse_args()
    wanted = files(json.loads(options.document.read_text(encoding="utf-8")))
    stale = [name for name in sorted({*wanted, *(path.name for path in TARGET.glob("*.py"))}) if current(name) != wanted.get(name)]
    if options.check:
        if stale:
            sys.stderr.write(f"differs from {options.document.name}: {', '.join(stale)}; run generate_types.py\n")
        return 1 if stale else 0
    for name in stale:
        if name in wanted:
            (TARGET / name).write_text(wanted[name], encoding="utf-8")
        else:
            (TARGET / name).unlink()
    return 0


def current(name: str) -> str | None:
    """Return a file as it is, None where there is none."""
    path = TARGET / name
    return path.read_text(encoding="utf-8") if path.exists() else None


def files(document: dict[str, Any]) -> dict[str, str]:
    """Return every file of the package by name."""
    schemas: Schemas = document["components"]["schemas"]
    modules = modules_of(schemas)
    home = {name: module for module, names in modules.items() for name in names}
    written = {f"{module}.py": module_text(module, names, schemas, home) for module, names in modules.items()}
    written["__init__.py"] = index_text(modules, keyed_operations(document))
    return written


def keyed_operations(document: dict[str, Any]) -> list[str]:
    """Return the operations that remember an idempotency key."""
    return sorted(
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
        if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
    )


def modules_of(schemas: Schemas) -> dict[str, list[str]]:
    """Return the names of the schemas by module: one a letter, more where a letter has more than a file holds."""
    modules: dict[str, list[str]] = {}
    lines: dict[str, int] = {}
    for name in sorted(schemas):
        more = len(class_lines(name, schemas[name], schemas)) + 2
        module = base = f"names_{name[0].lower()}"
        while lines.get(module, 0) + more > MAX_LINES - 40:
            module = f"{base}{int(module.removeprefix(base) or 1) + 1}"
        modules.setdefault(module, []).append(name)
        lines[module] = lines.get(module, 0) + more
    return modules


def index_text(modules: dict[str, list[str]], keyed: list[str]) -> str:
    """Return the package's index."""
    names = sorted(name for group in modules.values() for name in group)
    lines = ['"""The kinds of records the API takes and gives. Written by generate_types.py from the OpenAPI document."""', ""]
    for module, group in modules.items():
        lines += wrapped(f"from aos_sdk.types.{module} import (", sorted(group), ")")
    lines += ["", *wrapped("KEYED_OPERATIONS = frozenset({", [f'"{name}"' for name in keyed], "})")]
    lines += ["", *wrapped("__all__ = [", [f'"{name}"' for name in ["KEYED_OPERATIONS", *names]], "]")]
    return "\n".join(lines) + "\n"


def wrapped(head: str, entries: list[str], tail: str) -> Iterator[str]:
    """Yield a list as lines that are long enough."""
    yield head
    line = "   "
    for entry in entries:
        if len(line) + len(entry) + 2 > WIDTH - 4:
            yield line
            line = "   "
        line += f" {entry},"
    yield line
    yield tail


def module_text(module: str, names: list[str], schemas: Schemas, home: dict[str, str]) -> str:
    """Return one module."""
    body = [line for name in names for line in ("", "", *class_lines(name, schemas[name], schemas))]
    text = "\n".join(body)
    abroad: dict[str, list[str]] = {}
    for foreign in sorted({word for name in names for word in named_in(schemas[name])} - set(names)):
        abroad.setdefault(home[foreign], []).append(foreign)
    typing = [word for word in ("Any", "ClassVar", "Literal", "TypeAlias") if re.search(rf"\b{word}\b", text)]
    typing = [*(["TYPE_CHECKING"] if abroad else []), *typing]
    head = [f'"""Kinds of records from {names[0]} to {names[-1]}. Written by generate_types.py from the OpenAPI document."""', ""]
    head += ["from __future__ import annotations", ""]
    head += ["from collections.abc import Mapping"] if "Mapping[" in text else []
    head += [f"from typing import {', '.join(typing)}", "", "from aos_sdk._record import Record"]
    if abroad:
        head += ["", "if TYPE_CHECKING:"]
        head += [f"    {line}" for each in sorted(abroad) for line in wrapped(f"from aos_sdk.types.{each} import (", abroad[each], ")")]
    return "\n".join([*head, *body]) + "\n"


def class_lines(name: str, schema: dict[str, Any], schemas: Schemas) -> list[str]:
    """Return the lines of one kind of record, or of the name of a set of words."""
    if "properties" not in schema:
        words = schema.get("enum", [])
        told = annotation(schema)
        # The names of records are not there when the module is read, only for who checks types.
        flat = f'{name}: TypeAlias = "{told}"' if any(named(told)) else f"{name} = {told}"
        return [flat] if len(flat) <= WIDTH else [*wrapped(f"{name} = Literal[", [json.dumps(word) for word in words], "] | str")]
    members: dict[str, dict[str, Any]] = schema["properties"]
    needed = set(schema.get("required", ()))
    nested = {member: inner for member, kind in members.items() if (inner := record_in(kind)) and "properties" in schemas[inner]}
    lines = [f"class {name}(Record):", f'    """{described(name, schema)}"""', ""]
    for member, kind in members.items():
        if member.isidentifier() and member not in TAKEN:
            lines += field_lines(member, kind, needed)
    lines += ["", *indented("_fields: ClassVar[frozenset[str]] = frozenset({", [f'"{each}"' for each in members], "})")]
    if nested:
        lines += indented("_nested: ClassVar[Mapping[str, str]] = {", [f'"{each}": "{kind}"' for each, kind in nested.items()], "}")
    return lines


def field_lines(member: str, schema: dict[str, Any], needed: set[str]) -> list[str]:
    """Return the annotation of one member; what may be left out may be None."""
    told = annotation(schema)
    optional = member not in needed and "None" not in told.split(" | ") and told != "Any"
    line = f"    {member}{'_' if keyword.iskeyword(member) else ''}: {told}{' | None' if optional else ''}"
    if len(line) <= WIDTH:
        return [line]
    before, _, rest = line.partition("Literal[")
    words, _, after = rest.partition("]")
    return [f"{before}Literal[", *list(wrapped("", [f"    {word}" for word in words.split(", ")], f"    ]{after}"))[1:]]


def record_in(schema: dict[str, Any]) -> str | None:
    """Return the kind of record a member is, or is a list of."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    ways = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    if schema.get("type") == "array":
        ways.append(schema.get("items", {}))
    return next((found for found in map(record_in, ways) if found), None)


def indented(head: str, entries: list[str], tail: str) -> list[str]:
    """Return a list inside a class, in one line where it fits."""
    flat = f"    {head}{', '.join(entries)}{tail}"
    if len(flat) <= WIDTH:
        return [flat]
    return [f"    {line}" for line in wrapped(head, entries, tail)]


def described(name: str, schema: dict[str, Any]) -> str:
    """Return the first line of what is said about a schema."""
    first = str(schema.get("description", "")).strip().split("\n")[0].replace('"""', "'''").replace("\\", "\\\\")
    return (first if first else f"{name}.")[: WIDTH - 10]


def named_in(schema: dict[str, Any]) -> Iterator[str]:
    """Yield the kinds of records the annotations of this one name."""
    for kind in schema["properties"].values() if "properties" in schema else (schema,):
        yield from named(annotation(kind))


def named(told: str) -> Iterator[str]:
    """Yield the kinds of records an annotation names."""
    yield from (word for word in re.findall(r"[A-Za-z]\w*", re.sub(r'"[^"]*"', "", told)) if word not in NOT_RECORDS)


def annotation(schema: dict[str, Any]) -> str:
    """Return the type of a member as Python writes it. Sets of words stay open: a newer server may know more."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    for way in ("anyOf", "oneOf", "allOf"):
        if way in schema:
            return " | ".join(dict.fromkeys(part for each in schema[way] for part in annotation(each).split(" | ")))
    if "enum" in schema or "const" in schema:
        words = schema.get("enum", [schema.get("const")])
        return f"Literal[{', '.join(json.dumps(word) for word in words)}] | str" if all(isinstance(w, str) for w in words) else "Any"
    if schema.get("type") == "array":
        return f"list[{annotation(schema.get('items', {}))}]"
    if schema.get("type") == "object":
        return "Record"
    return SCALARS.get(str(schema.get("type")), "Any")


if __name__ == "__main__":
    sys.exit(main())
