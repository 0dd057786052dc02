"""Conditions of steps: CEL (Common Expression Language) over `steps` and `inputs`. The only place that knows the library."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

MAX_LENGTH = 512
MAX_SUMS = 8

_ENV = cel.NewEnv(variables={"steps": cel.Type.DYN, "inputs": cel.Type.DYN, "item": cel.Type.DYN, "index": cel.Type.INT})
# The words of CEL. A text stands in one or three quotes of either kind; raw, after an r, it knows no escapes.
_TOKEN = re.compile(
    r"""
      (?P<text> [bB]?[rR] (?: \"{3}.*?\"{3} | '{3}.*?'{3} | "[^"\n]*" | '[^'\n]*' )
              | [bB]? (?: \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3} | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' ) )
    | (?P<name> \w+ | `[^`]*` )
    | (?P<nothing> \s+ | //[^\n]* )
    | (?P<sign> . )
    """,
    re.DOTALL | re.VERBOSE,
)

_LOOP = re.compile(r"\b(?:all|exists|exists_one|filter|map)\b")
_PLAIN_TEXT = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_ODD_TEXT = re.compile(r"\\|\"\"\"|\'\'\'")
_BYTES = re.compile(r"\bbytes\b")


class ConditionError(ValueError):
    """A condition that cannot be read, fails, or does not give true or false."""


@lru_cache(maxsize=1_024)
def compile_condition(text: str) -> Any:
    """Return the compiled form. Raises ConditionError where the text is no condition."""
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"a condition has at most {MAX_LENGTH} characters")
    _refuse_growth(text)
    try:
        compiled = _ENV.compile(text)
    except RuntimeError as error:
        raise ConditionError(_first_line(error)) from None
    except TypeError:
        raise ConditionError("a condition must be text that can be written as UTF-8") from None
    if compiled.return_type() not in (cel.Type.BOOL, cel.Type.DYN):
        raise ConditionError(f"a condition must give true or false, this gives {compiled.return_type().name()}")
    return compiled


def _refuse_growth(text: str) -> None:
    """Refuse what could fill the worker's memory: the library bounds its turns, but not the texts and lists it makes.

    `[s + s].map(a, [a + a].map(a, …))` doubles a text with every loop.
    """
    # Where texts are hard to tell from code, all counts as code.
    code = text if _ODD_TEXT.search(text) else _PLAIN_TEXT.sub("''", text)
    sums = code.count("+")
    if _LOOP.search(code) and (sums or _BYTES.search(code)):
        raise ConditionError("a condition with a loop (all, exists, exists_one, filter, map) may neither add with + nor use bytes()")
    if sums > MAX_SUMS:
        raise ConditionError(f"a condition adds with + at most {MAX_SUMS} times")


def evaluate(text: str, variables: Mapping[str, Any]) -> bool:
    """Return whether the condition holds. Raises ConditionError where it fails or is not boolean."""
    compiled = compile_condition(text)
    try:
        value = compiled.eval(data=dict(variables))
    except RuntimeError as error:
        # The one failure the library raises instead of returning: its budget of iterations is used up, or a text is no UTF-8.
        raise ConditionError(_first_line(error)) from None
    if value.type() == cel.Type.BOOL:
        return bool(value.value())
    if value.type() == cel.Type.ERROR:
        raise ConditionError(_first_line(value.value()))
    raise ConditionError(f"a condition must give true or false, this gave {value.type().name()}")


def steps_read(text: str) -> list[str]:
    """Return the ids of the steps a condition reads, in order, once each."""
    return list(_steps_read(text))


@lru_cache(maxsize=1_024)
def _steps_read(text: str) -> tuple[str, ...]:
    words = [(str(match.lastgroup), match[0]) for match in _TOKEN.finditer(text) if match.lastgroup != "nothing"]
    found = (_step_at(words, place) for place, word in enumerate(words) if word == ("name", "steps"))
    return tuple(dict.fromkeys(step for step in found if step is not None))


def _step_at(words: list[tuple[str, str]], place: int) -> str | None:
    """Return the step that `steps` at this place reads, written `steps.a` or `steps["a"]`; None where it names none."""
    before = words[place - 1][1] if place else ""
    after = [*words[place + 1 : place + 4], ("", ""), ("", ""), ("", "")]
    (_, sign), (kind, named), (_, end) = after[:3]
    # `inputs.steps.total` reads an input, and `steps.all(…)` calls a function.
    if before == ".":
        return None
    if sign == "." and kind == "name" and end != "(":
        return named.strip("`")
    if sign == "[" and kind == "text" and end == "]":
        return named.lstrip("rR").strip("'\"")
    return None


def _first_line(error: object) -> str:
    return str(error).partition("\n")[0].removeprefix("INVALID_ARGUMENT: ").removeprefix("INTERNAL: ").removeprefix("ERROR: ")
