"""Reads what people type or name on the command line: `key=value` pairs, and JSON files as strictly as a request's body."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from skills.refusal import Refusal
from skills.strict_json import MAX_BYTES, read_strict


def pairs(texts: Iterable[str], *, option: str) -> dict[str, Any]:
    """Return `k=v` pairs as an object of texts, `@file.json` as the object in that file; what comes later wins."""
    found: dict[str, Any] = {}
    for text in texts:
        if text.startswith("@"):
            found |= json_object(text[1:])
            continue
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise Refusal("INVALID_INPUT", f"{option} takes name=value or @file.json, not '{text}'")
        found[name] = value
    return found


def milliseconds(seconds: float, *, option: str) -> int:
    """Return seconds as whole milliseconds. Raises Refusal for what is no number of them."""
    if not math.isfinite(seconds):
        raise Refusal("INVALID_INPUT", f"{option} takes a number of seconds, not {seconds}")
    return round(seconds * 1_000)


def json_object(path: str) -> dict[str, Any]:
    """Return the JSON object in a file, `-` being standard input. Raises Refusal."""
    value = json_value(path)
    if not isinstance(value, dict):
        raise Refusal("INVALID_INPUT", f"{_where(path)} holds no JSON object")
    return value


def json_value(path: str) -> Any:
    """Return the JSON value in a file, `-` being standard input. Raises Refusal."""
    try:
        raw = _read(path)
    except OSError as error:
        raise Refusal("INVALID_INPUT", f"{_where(path)} cannot be read: {error.strerror or error}") from None
    return read_strict(raw, _where(path))


def _where(path: str) -> str:
    return "standard input" if path == "-" else path


def _read(path: str) -> bytes:
    if path == "-":
        raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise Refusal("CONTENT_TOO_LARGE", f"at most {MAX_BYTES} bytes of JSON are taken")
    return raw


def plan_in(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the plan in a document: the document itself, or what stands under `plan` as in a request body."""
    inner = raw.get("plan")
    return inner if isinstance(inner, dict) and "steps" not in raw else raw
