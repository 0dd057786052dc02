"""What a call was given and gave, told without its contents: names of parameters, kinds and sizes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BARE = {bool: "yes or no", int: "a number", float: "a number", type(None): "nothing"}


def masked(value: Any) -> str:
    """Return of what kind and how large a value is. Names inside may be somebody's words, as the fields of an answer are."""
    if isinstance(value, str):
        return f"a text of {_many(len(value), 'character')}"
    if isinstance(value, Mapping):
        return f"an object of {_many(len(value), 'field')}"
    if isinstance(value, list | tuple):
        return f"a list of {_many(len(value), 'item')}"
    return _BARE.get(type(value), "a value")


def masked_input(params: Any) -> str:
    """Return the parameters of a call, a line each: their own names are the skill's, and are told."""
    if not isinstance(params, Mapping):
        return masked(params)
    return "\n".join(f"{name}: {masked(value)}" for name, value in params.items()) or "no parameters"


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
