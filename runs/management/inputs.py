"""Reads what people type or name on the command line: `key=value` pairs and JSON files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from skills.refusal import Refusal

LARGEST_FILE = 1_048_576


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


def json_object(path: str) -> dict[str, Any]:
    """Return the JSON object in a file, `-` being standard input. Raises Refusal."""
    where = "standard input" if path == "-" else path
    try:
        value = json.loads(_read(path), parse_constant=_no_number)
        # Half a surrogate pair is JSON, and nothing that could be stored or hashed.
        json.dumps(value, ensure_ascii=False).encode()
    except OSError as error:
        raise Refusal("INVALID_INPUT", f"{where} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise Refusal("INVALID_INPUT", f"{where} is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise Refusal("INVALID_INPUT", f"{where} holds no JSON object")
    return value


def _read(path: str) -> str:
    if path == "-":
        text = sys.stdin.read(LARGEST_FILE + 1)
    else:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(LARGEST_FILE + 1)
    if len(text) > LARGEST_FILE:
        raise Refusal("CONTENT_TOO_LARGE", f"at most {LARGEST_FILE} characters of JSON are taken")
    return text


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def plan_in(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the plan in a document: the document itself, or what stands under `plan` as in a request body."""
    inner = raw.get("plan")
    return inner if isinstance(inner, dict) and "steps" not in raw else raw
