"""Compiles JSON Schemas: the one way, which fetches nothing and cannot be made to hang by a pattern."""

from __future__ import annotations

from typing import Any

import jsonschema_rs


class SchemaInvalid(ValueError):
    """A schema that is none, or that wants something fetched."""


def compile_schema(schema: dict[str, Any] | bool) -> jsonschema_rs.Draft202012Validator:
    """Return the compiled schema. Raises SchemaInvalid. References to other documents are refused, never fetched."""
    try:
        # The library's own retriever opens files and URLs; RegexOptions() is its linear engine.
        return jsonschema_rs.Draft202012Validator(
            schema, validate_formats=True, retriever=_deny, pattern_options=jsonschema_rs.RegexOptions()
        )
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise SchemaInvalid(str(error).partition("\n")[0][:300]) from error


def _deny(uri: str) -> Any:
    raise ValueError(f"a schema may not refer to {uri}")
