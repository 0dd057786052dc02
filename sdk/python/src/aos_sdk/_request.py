"""A request as a value: every operation of the API builds one, and clients of either kind execute it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from aos_sdk._errors import AOSError, ConfigurationError
from aos_sdk._record import R, shaped

T_co = TypeVar("T_co", covariant=True)

API_ROOT = "/api/v1"


@dataclass(frozen=True)
class Request(Generic[T_co]):
    """What to send, and how to read the answer."""

    method: str
    path: str
    read: Callable[[Any], T_co]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    creates: bool = False
    """It makes something: it carries an idempotency key, the same over retries."""
    repeatable: bool = True
    """It may be sent again when nobody knows whether the first one arrived."""
    binary: bool = False
    """The answer is a file."""
    allowance: float = 0.0
    """Seconds the server may take beyond the time-out, because it was asked to wait."""


def at(*parts: Any) -> str:
    """Return the path of these parts below the API's root, each quoted. Raises AOSError for one that is empty or would lead elsewhere."""
    return API_ROOT + "".join(f"/{_quoted(str(part))}" for part in parts)


def _quoted(part: str) -> str:
    if part in ("", ".", ".."):
        raise AOSError(f"'{part}' cannot be an id or a name", told={"code": "INVALID_INPUT", "category": "validation"})
    return quote(part, safe=":")


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that were given: None stands for what the caller leaves to the server."""
    return {name: value for name, value in values.items() if value is not None}


def content_bytes(body: Any) -> bytes:
    """Return a body as it travels; what is signed is exactly this."""
    return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()


def get(kind: type[R], *parts: Any, query: Mapping[str, Any] | None = None) -> Request[R]:
    """Return a request that reads."""
    return Request("GET", at(*parts), partial(shaped, kind), query=given(query or {}))


def post(kind: type[R], *parts: Any, body: Mapping[str, Any] | None = None, repeatable: bool = True) -> Request[R]:
    """Return a request that asks, or does what done twice is done once."""
    return Request("POST", at(*parts), partial(shaped, kind), body=given(body or {}), repeatable=repeatable)


def create(
    kind: type[R], *parts: Any, body: Mapping[str, Any] | None = None, key: str | None = None, wait: float | None = None
) -> Request[R]:
    """Return a request that makes something, under this idempotency key or a new one. Raises ConfigurationError for one no header holds."""
    if key is not None and not (key.isascii() and key.isprintable()):
        raise ConfigurationError("an idempotency key is 1 to 255 visible ASCII characters")
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    if wait is not None:
        headers["Prefer"] = f"wait={int(wait)}"
    return Request(
        "POST", at(*parts), partial(shaped, kind), body=given(body or {}), headers=headers, creates=True, allowance=float(wait or 0)
    )


def change(method: str, kind: type[R], *parts: Any, body: Mapping[str, Any]) -> Request[R]:
    """Return a PUT or PATCH."""
    return Request(method, at(*parts), partial(shaped, kind), body=given(body))


def delete(kind: type[R], *parts: Any, query: Mapping[str, Any] | None = None) -> Request[R]:
    """Return a DELETE whose answer is of this kind."""
    return Request("DELETE", at(*parts), partial(shaped, kind), query=given(query or {}))


def remove(*parts: Any) -> Request[None]:
    """Return a DELETE without an answer."""
    return Request("DELETE", at(*parts), _nothing)


def download(*parts: Any, query: Mapping[str, Any] | None = None) -> Request[bytes]:
    """Return a request for a file."""
    return Request("GET", at(*parts), _as_bytes, query=given(query or {}), binary=True)


def _nothing(_: Any) -> None:
    return None


def _as_bytes(content: Any) -> bytes:
    return bytes(content)
