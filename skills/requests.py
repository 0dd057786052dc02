"""Reads what a caller sent into a frozen pydantic model, or refuses it with a pointer to each fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError

from skills.canonical import digest
from skills.contracts import faults_of
from skills.refusal import Refusal

M = TypeVar("M", bound=BaseModel)

LARGEST_EXACT = 2**53 - 1


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("this is in no year there is in UTC") from None


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A time with its zone, as callers send it: the last evening of the year 9999 in the west is not one a database can keep."""


class RequestModel(BaseModel):
    """Base of request bodies and query strings: an unknown field is refused, so nothing is ignored in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def parse_body(model: type[M], data: Any, *, at: str = "") -> M:
    """Return the body as a model. Raises Refusal (422) whose pointers start at `at`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise broken_schema(error, "the request body breaks its schema", at=at) from None


def parse_query(model: type[M], params: Mapping[str, Any]) -> M:
    """Return the query string as a model. Raises Refusal (400); of a repeated parameter the last one counts."""
    try:
        return model.model_validate({name: params[name] for name in params})
    except ValidationError as error:
        errors = [fault.model_dump() for fault in faults_of(error)]
        raise Refusal("INVALID_INPUT", "a query parameter makes no sense", errors=errors) from None


def broken_schema(error: ValidationError, detail: str, *, at: str = "") -> Refusal:
    """Return the refusal that says what pydantic found."""
    errors = [{"pointer": at + fault.pointer, "code": fault.code, "detail": fault.detail} for fault in faults_of(error)]
    missing = all(fault["code"] == "missing" for fault in errors)
    return Refusal("MISSING_REQUIRED_FIELD" if missing else "SCHEMA_VALIDATION_FAILED", detail, errors=errors)


def fingerprint_of(route: str, body: Any) -> str:
    """Return the hash by which two requests with one idempotency key are told apart. Raises Refusal as below."""
    refuse_inexact(body)
    return digest({"route": route, "body": body})


def refuse_inexact(value: Any) -> None:
    """Raise Refusal for integers canonical JSON cannot say exactly: whatever is hashed must hold none."""
    if _is_exact(value):
        return
    errors = [
        {"pointer": pointer, "code": "INTEGER_NOT_EXACT", "detail": "integers beyond 2^53 go as text"} for pointer in _inexact(value, "")
    ]
    if errors:
        raise Refusal("SCHEMA_VALIDATION_FAILED", "the body holds integers that JSON readers disagree about", errors=errors[:20])


def _is_exact(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_exact, value.values()))
    if isinstance(value, list):
        return all(map(_is_exact, value))
    return not isinstance(value, int) or abs(value) <= LARGEST_EXACT


def _inexact(value: Any, at: str) -> Iterator[str]:
    if isinstance(value, int) and abs(value) > LARGEST_EXACT:
        yield at
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _inexact(item, f"{at}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _inexact(item, f"{at}/{position}")
