"""Reads what people type: durations, files, `name=value`."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aos_sdk.cli.refusals import plain, usage

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_KINDS = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
MOST_DIGITS = 100
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
        return _strictly(text)
    except (OSError, UnicodeDecodeError) as error:
        raise usage(f"{named} cannot be read: {plain(error)}") from None
    except ValueError as error:
        raise usage(f"{named} is no JSON: {error}") from None
    except RecursionError:
        raise usage(f"{named} is nested too deeply") from None


class _Twice(ValueError):
    """An object gives a name more than once, so that what it means is anybody's guess."""


def _strictly(text: str) -> Any:
    """Return the JSON value as the server would read it. Raises ValueError for what it could not be sent as, or would be refused."""
    return json.loads(text, object_pairs_hook=_once, parse_int=_integer, parse_float=_finite, parse_constant=_finite)


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        names = [name for name, _ in members]
        raise _Twice(f"'{next(name for name in names if names.count(name) > 1)}' is given more than once in one object")
    return found


def _integer(digits: str) -> int:
    # Of very long ones Python tells how to have it read them all the same, which is of no use here.
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"{digits[:20]}… is no number a server takes")
    return int(digits)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is no number a server takes")
    return number


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
        found[name] = _value(value, option)
    return found


def _value(text: str, option: str) -> Any:
    try:
        return _strictly(text)
    except _Twice as error:
        raise usage(f"{option}: {error}") from None
    except (ValueError, RecursionError):
        return text
