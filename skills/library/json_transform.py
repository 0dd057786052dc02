"""json_transform: selects, reshapes and checks JSON (and reads HTML text). Pure: the same input gives the same output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import jsonschema_rs
from pydantic import BaseModel, ConfigDict, Field

from skills.base import Params, Skill, SkillFailure, skill
from skills.contracts import (
    CompositionHints,
    Constraints,
    Effect,
    FailureDetails,
    FaultDetail,
    failure_mode,
    json_pointer,
)
from skills.json_schema import SchemaInvalid, compile_schema
from skills.library.html_reading import HtmlFault
from skills.library.json_operations import NothingSelected, Operation, OperationFault, ValueTooLarge, check_size, select
from skills.library.json_paths import BoundedEnvironment, BudgetExceeded, PathFault
from skills.ports import SkillContext
from skills.schema_work import SchemaTooCostly, SchemaUncountable, check_work

MAX_FAULTS = 20
MAX_FAULT_LENGTH = 300


class JsonTransformParams(Params):
    """What to do, in this order: path, operations, schema."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)

    input: Any = Field(description="Any JSON value, or HTML text for the operations headings and html_text.")
    path: str | None = Field(default=None, min_length=1, max_length=1_000, description="JSONPath (RFC 9535) into the input.")
    path_required: bool = Field(default=True, description="false: a path to one value that is missing gives null.")
    operations: list[Operation] = Field(default=[], max_length=32)
    result_schema: dict[str, Any] | bool | None = Field(default=None, alias="schema", description="JSON Schema 2020-12 of the value.")


class JsonTransformResult(BaseModel):
    """The value that came out."""

    value: Any


def _fault(code: str, pointer: str, error: Exception) -> SkillFailure:
    detail = str(error)[:MAX_FAULT_LENGTH]
    fault = FaultDetail(pointer=pointer, code=code.lower(), detail=detail)
    return SkillFailure(code, f"{pointer}: {detail}", details=FailureDetails(errors=[fault]))


def _guarded(pointer: str, act: Callable[[], Any]) -> Any:
    """Do one part of the work; a fault of it names where in the params it stands."""
    try:
        return check_size(act())
    except NothingSelected as error:
        raise _fault("INVALID_REFERENCE", pointer, error) from error
    except (BudgetExceeded, ValueTooLarge) as error:
        raise _fault("CONTENT_TOO_LARGE", pointer, error) from error
    except (PathFault, OperationFault, HtmlFault) as error:
        raise _fault("INVALID_INPUT", pointer, error) from error


def _selected(params: JsonTransformParams, env: BoundedEnvironment) -> Any:
    if params.path is None:
        return params.input
    try:
        return select(params.input, params.path, env)
    except NothingSelected:
        if params.path_required:
            raise
        return None


def transform(params: JsonTransformParams) -> Any:
    """Return what the params make of their input. Raises SkillFailure with a pointer into the params."""
    env = BoundedEnvironment()
    value = _guarded("/path" if params.path else "/input", partial(_selected, params, env))
    for index, operation in enumerate(params.operations):
        value = _guarded(f"/operations/{index}", partial(operation.apply, value, env))
    if params.result_schema is not None:
        check_schema(params.result_schema, value)
    return value


def check_schema(schema: dict[str, Any] | bool, value: Any) -> None:
    """Raise SCHEMA_VALIDATION_FAILED where the value breaks the schema, INVALID_INPUT where the schema is none."""
    try:
        validator = compile_schema(schema)
    except SchemaInvalid as error:
        raise _fault("INVALID_INPUT", "/schema", error) from error
    faults = [_schema_fault(error) for error in _errors(validator, value, listed=_counted(schema, value))]
    if faults:
        raise SkillFailure("SCHEMA_VALIDATION_FAILED", "the value breaks the schema", details=FailureDetails(errors=faults))


def _counted(schema: dict[str, Any] | bool, value: Any) -> bool:
    """Return whether all faults may be listed. Raises SkillFailure for a schema that asks for too much work."""
    try:
        return check_work(schema, value)
    except SchemaTooCostly as error:
        raise _fault("CONTENT_TOO_LARGE", "/schema", error) from error
    except SchemaUncountable as error:
        raise _fault("INVALID_INPUT", "/schema", error) from error


def _errors(validator: jsonschema_rs.Draft202012Validator, value: Any, *, listed: bool) -> Iterator[jsonschema_rs.ValidationError]:
    """Yield what is wrong. A list of all faults of a large value would need more memory than the value itself."""
    if listed:
        yield from islice(validator.iter_errors(value), MAX_FAULTS)
        return
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as first:
        yield first


def _schema_fault(error: jsonschema_rs.ValidationError) -> FaultDetail:
    where = json_pointer(error.instance_path) or "the whole value"
    return FaultDetail(
        pointer="/schema" + json_pointer(error.schema_path),
        code=str(error.schema_path[-1]) if error.schema_path else "false",
        detail=f"{where}: {error.message}"[:MAX_FAULT_LENGTH],
    )


@skill(
    name="json_transform",
    version="1.0.0",
    description=(
        "Select with JSONPath, reshape with operations, check against a JSON Schema. Operations headings and html_text read HTML text, "
        "such as the body of an http_call. Gives {value}."
    ),
    effect=Effect.NONE,
    deterministic=True,
    avg_latency_ms=1,
    constraints=Constraints(max_input_size_bytes=8_388_608, max_output_size_bytes=8_388_608, timeout_ms=10_000),
    composition_hints=CompositionHints(often_preceded_by=["http_call", "llm_invoke"], often_followed_by=["llm_invoke", "http_call"]),
    failure_modes=[
        failure_mode("INVALID_INPUT", "The path, an operation or the schema cannot be read, or does not fit the value."),
        failure_mode("INVALID_REFERENCE", "The path to one value selects nothing."),
        failure_mode("SCHEMA_VALIDATION_FAILED", "The value breaks the schema, or a parameter is wrong."),
        failure_mode("MISSING_REQUIRED_FIELD", "No input was given."),
        failure_mode("CONTENT_TOO_LARGE", "The input is too large, the value grows too large, or a query visits too many nodes."),
    ],
)
class JsonTransform(Skill):
    Params = JsonTransformParams
    Result = JsonTransformResult

    async def run(self, params: JsonTransformParams, context: SkillContext) -> JsonTransformResult:
        return JsonTransformResult(value=transform(params))
