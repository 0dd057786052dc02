"""Compiles JSON Schemas: the one way, which fetches nothing and cannot be made to hang by a pattern."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

Schema = dict[str, Any] | bool

MOST_KEPT = 1_000

_compiled: dict[int, tuple[Schema, jsonschema_rs.Draft202012Validator]] = {}


class SchemaInvalid(ValueError):
    """A schema that is none, or that wants something fetched."""


def compile_schema(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    """Return the compiled schema. Raises SchemaInvalid. References to other documents are refused, never fetched."""
    try:
        # The library's own retriever opens files and URLs; RegexOptions() is its linear engine.
        return jsonschema_rs.Draft202012Validator(
            schema, validate_formats=True, retriever=_deny, pattern_options=jsonschema_rs.RegexOptions()
        )
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise SchemaInvalid(str(error).partition("\n")[0][:300]) from error


def compile_once(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    """Return the compiled form of a schema nobody changes, such as a skill's own, from memory from the second time on."""
    # The schema is kept beside its compiled form, so that its identity cannot become another's.
    kept = _compiled.get(id(schema))
    if kept is None or kept[0] is not schema:
        kept = schema, compile_schema(schema)
        if len(_compiled) >= MOST_KEPT:
            _compiled.clear()
        _compiled[id(schema)] = kept
    return kept[1]


def _deny(uri: str) -> Any:
    raise ValueError(f"a schema may not refer to {uri}")
