"""Reads what people type: durations, files, `name=value`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aos_sdk.cli.refusals import plain, usage

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_KINDS = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
_SECONDS = {"ms": 0.001, "s": 1.0, None: 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


if TYPE_CHECKING:
    Parameter = click.ParamType[float]
else:
    Parameter = click.ParamType  # generic only in newer versions


class Duration(Parameter):
    """Seconds, or `500ms`, `30s`, `5m`, `1h`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = _DURATION.fullmatch(str(value).strip())
        if found is None:
            self.fail(f"'{value}' is no duration; it looks like 30s, 5m or 1h", param, ctx)
        return float(found[1]) * _SECONDS[found[2]]


def json_in(path: str) -> Any:
    """Return the JSON of a file, or of standard input for `-`. Raises Refusal."""
    named = _named(path)
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        return json.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise usage(f"{named} cannot be read: {plain(error)}") from None
    except ValueError as error:
        raise usage(f"{named} is no JSON: {error}") from None
    except RecursionError:
        raise usage(f"{named} is nested too deeply") from None


def _named(path: str) -> str:
    return "standard input" if path == "-" else path


def object_in(path: str) -> dict[str, Any]:
    """Return the JSON object of a file. Raises Refusal."""
    found = json_in(path)
    if not isinstance(found, dict):
        raise usage(f"{_named(path)} holds {_KINDS.get(type(found), 'a number')}, and an object is wanted")
    return found


def plan_in(path: str) -> dict[str, Any]:
    """Return the plan of a file, which holds it alone or as `plan`. Raises Refusal."""
    found = object_in(path)
    inner = found.get("plan")
    return inner if isinstance(inner, dict) and "steps" not in found else found


def pairs(texts: Sequence[str], option: str) -> dict[str, Any]:
    """Return `name=value` and `@file.json` as one object; a value that is JSON is what it says. Raises Refusal."""
    found: dict[str, Any] = {}
    for text in texts:
        if text.startswith("@"):
            found.update(object_in(text[1:]))
            continue
        name, is_there, value = text.partition("=")
        if not is_there or not name:
            raise usage(f"{option} takes NAME=VALUE or @FILE, not '{text}'")
        found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
