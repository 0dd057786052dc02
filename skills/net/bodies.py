"""Reads a response body into a JSON value that every store and hash of AOS can hold."""

from __future__ import annotations

import base64
import codecs
import json
import math
import re
from typing import Any, Literal

from skills.net.inflate import unreadable

Parse = Literal["auto", "json", "text"]
Encoding = Literal["json", "text", "base64"]

MAX_DEPTH = 64

# Canonical JSON and most readers are exact only up to here; a longer number keeps its digits as a string.
MAX_EXACT_INTEGER = 2**53 - 1

_JSON_TYPE = re.compile(r"application/(json|[\w.-]+\+json)|text/json", re.IGNORECASE)
_TEXT_TYPE = re.compile(r"text/|application/(xml|[\w.-]+\+xml|javascript|x-www-form-urlencoded|yaml|x-yaml|x-ndjson)", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)


def read_body(raw: bytes, content_type: str, parse: Parse) -> tuple[Any, Encoding]:
    """Return the body as JSON, text or base64, and which. Raises INVALID_RESPONSE for JSON that is none."""
    is_json = _JSON_TYPE.match(content_type.strip()) is not None
    if parse == "json" or (parse == "auto" and is_json and raw.strip()):
        return parse_json(raw), "json"
    text = _text(raw, content_type, lenient=parse == "text" or is_json or _TEXT_TYPE.match(content_type.strip()) is not None)
    if text is None:
        return base64.b64encode(raw).decode("ascii"), "base64"
    return storable_text(text), "text"


def _text(raw: bytes, content_type: str, *, lenient: bool) -> str | None:
    named = _CHARSET.search(content_type)
    try:
        charset = codecs.lookup(named.group(1)).name if named else "utf-8"
        return raw.decode(charset, errors="replace" if lenient else "strict")
    except LookupError:
        return raw.decode("utf-8", errors="replace")
    except UnicodeDecodeError:
        return None


def parse_json(raw: bytes) -> Any:
    """Parse JSON strictly. Raises INVALID_RESPONSE for what is not JSON, too deep, or beyond a finite number."""
    try:
        value = json.loads(raw, parse_int=_exact_integer, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise unreadable("the body is not readable JSON") from error
    return storable(value)


def _exact_integer(digits: str) -> int | str:
    if len(digits) > 17 or abs(int(digits)) > MAX_EXACT_INTEGER:
        return digits
    return int(digits)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def storable(value: Any, depth: int = 0) -> Any:
    """Return a JSON value without what databases refuse. Raises INVALID_RESPONSE for depth and infinite numbers."""
    if depth > MAX_DEPTH:
        raise unreadable(f"the body is nested more than {MAX_DEPTH} deep")
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise unreadable("the body has a number too large to hold")
    if isinstance(value, list):
        return [storable(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {storable_text(key): storable(item, depth + 1) for key, item in value.items()}
    return value


def storable_text(text: str) -> str:
    """Return text with NUL and lone surrogates replaced: PostgreSQL and UTF-8 can hold neither."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
