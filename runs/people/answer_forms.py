"""What an answer to a question may be: checked against the form of the question, here and nowhere else, whoever answers by whatever way."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import jsonschema_rs

from skills.canonical import canonical_json
from skills.contracts import json_pointer
from skills.json_schema import SchemaInvalid, compile_schema
from skills.refusal import Refusal
from skills.requests import refuse_inexact
from skills.schema_work import SchemaTooCostly, SchemaUncountable, check_work

Json = dict[str, Any]

MOST_BYTES = 262_144
"""How long an answer is at most, as JSON: it goes into the journal and into the parameters of later steps."""

MOST_FAULTS = 20
_MOST_DETAIL = 300

# Where one of these says what else an object may hold, its properties are not all there is to it.
_OPENING = (
    *("additionalProperties", "patternProperties", "unevaluatedProperties", "propertyNames"),
    *("$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "dependentSchemas"),
)


def checked_answer(form: Any, value: Any, *, pointer: str = "/value") -> Any:
    """Return an answer that fits the form. Raises Refusal with a pointer to each fault of one that does not.

    A form without a rule takes everything. An object that names its properties takes no others, unless it says that it does:
    an answer becomes the parameters of later steps, and nobody is to slip in what was not asked for.
    """
    refuse_inexact(value)
    if len(canonical_json(value)) > MOST_BYTES:
        raise _refused([_fault(pointer, "CONTENT_TOO_LARGE", f"an answer has {MOST_BYTES} bytes at most")])
    if form in (None, {}, True):
        return value
    faults = [_of_error(error, pointer) for error in _errors(form, value)]
    if faults:
        raise _refused(faults)
    return value


def unreadable(form: Any) -> str:
    """Say why a form cannot be read as a JSON Schema, "" where it can."""
    try:
        _compiled(form)
    except SchemaInvalid as error:
        return str(error)
    return ""


def closed(schema: Any) -> Any:
    """Return a schema whose objects take no properties but those they name, where they do not say otherwise themselves."""
    if not isinstance(schema, dict):
        return schema
    made = dict(schema)
    if isinstance(schema.get("properties"), dict):
        made["properties"] = {name: closed(inner) for name, inner in schema["properties"].items()}
        if not any(word in schema for word in _OPENING):
            made["additionalProperties"] = False
    if isinstance(schema.get("items"), dict):
        made["items"] = closed(schema["items"])
    return made


def _compiled(form: Any) -> jsonschema_rs.Draft202012Validator:
    if not isinstance(form, dict | bool):
        raise SchemaInvalid("a schema is an object, true or false")
    # As it was given first: what is wrong with it is said in its own words.
    compile_schema(form)
    return compile_schema(closed(form))


def _errors(form: Any, value: Any) -> Iterator[jsonschema_rs.ValidationError]:
    try:
        validator = _compiled(form)
        check_work(form, value)
    except (SchemaInvalid, SchemaTooCostly, SchemaUncountable) as error:
        hint = "Cancel the run and mend the form, or let the step run out of time."
        raise Refusal("INVALID_INPUT", f"the form of this question cannot be used: {error}", status=409, suggestions=[hint]) from error
    return islice(validator.iter_errors(value), MOST_FAULTS)


def _of_error(error: jsonschema_rs.ValidationError, pointer: str) -> Json:
    path, detail = list(error.instance_path), error.message
    kind = str(error.schema_path[-1]) if error.schema_path else "false"
    missing = getattr(error.kind, "property", None) if kind == "required" else None
    if missing is not None:
        # Beside the field that is missing, not the object that misses it.
        path, detail = [*path, missing], "this must be given"
    elif kind == "enum":
        detail = "this is none of what there is to choose from"
    return _fault(pointer + json_pointer(path), kind, detail)


def _fault(pointer: str, code: str, detail: str) -> Json:
    # What is wrong stands at the end, behind the value that is.
    return {"pointer": pointer, "code": code, "detail": detail if len(detail) <= _MOST_DETAIL else "…" + detail[1 - _MOST_DETAIL :]}


def _refused(faults: list[Json]) -> Refusal:
    return Refusal("SCHEMA_VALIDATION_FAILED", "the answer breaks the form of the question", status=422, errors=faults)
