"""Structured answers: is this a JSON Schema we accept, and does a model's text fit it? Pure."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs

from skills.contracts import FaultDetail, json_pointer
from skills.json_schema import SchemaInvalid, compile_schema
from skills.schema_work import SchemaTooCostly, SchemaUncountable, check_work

MAX_SCHEMA_BYTES = 16_384
MAX_FAULTS = 20

# Models like to wrap JSON in a fence, told not to or not.
_FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*)\n\s*```\s*", re.DOTALL)


class StructuredAnswerInvalid(ValueError):
    """A text that is no JSON, or JSON that does not fit its schema."""

    def __init__(self, message: str, faults: list[FaultDetail] | None = None) -> None:
        super().__init__(message)
        self.faults = faults or []


def validator_of(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Return the compiled schema of an answer. Raises SchemaInvalid, for one that is too large or too much work too."""
    if len(json.dumps(schema)) > MAX_SCHEMA_BYTES:
        raise SchemaInvalid(f"a schema may have at most {MAX_SCHEMA_BYTES} bytes")
    compiled = compile_schema(schema)
    try:
        check_work(schema, None)
    except (SchemaTooCostly, SchemaUncountable) as error:
        raise SchemaInvalid(str(error)) from error
    return compiled


def parse_answer(text: str, schema: dict[str, Any] | None) -> Any:
    """Return the JSON value a model wrote, checked where a schema is given. Raises StructuredAnswerInvalid with its faults."""
    fenced = _FENCED.fullmatch(text)
    try:
        value = json.loads(fenced.group(1) if fenced else text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise StructuredAnswerInvalid(f"the answer is no JSON ({error})") from error
    if schema is not None:
        check_answer(value, schema)
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def check_answer(value: Any, schema: dict[str, Any]) -> None:
    """Raise StructuredAnswerInvalid where a value does not fit its schema."""
    faults: list[FaultDetail] = []
    validator = validator_of(schema)
    try:
        check_work(schema, value)
    except SchemaTooCostly as costly:
        raise StructuredAnswerInvalid(f"the answer cannot be checked: {costly}") from costly
    for error in validator.iter_errors(value):
        pointer = json_pointer(error.instance_path)
        faults.append(FaultDetail(pointer=pointer, code="SCHEMA_VALIDATION_FAILED", detail=error.message[:300]))
        if len(faults) == MAX_FAULTS:
            break
    if faults:
        raise StructuredAnswerInvalid(f"the answer does not fit its schema: {faults[0].detail}", faults)
