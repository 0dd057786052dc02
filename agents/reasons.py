"""How much a reason says at least, and at most, where somebody must say why: one rule for decisions, one for changes. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from skills.refusal import Refusal

LEAST_REASON, LONGEST_REASON = 10, 500
"""Of a decision, in characters; at least so many that can be seen."""
SHORTEST_REASON = 3
"""Of a change that can be made back: a word may be enough."""

TOO_SHORT = f"say why, in {LEAST_REASON} characters at least"
HINT = "Give `reason`: what you saw, or with whom it was agreed. It is kept with the decision."

# What shows nothing, beside the controls and formats of Unicode: joiners, fillers, selectors of variants, the empty braille cell.
_SHAPELESS = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def length_of(reason: str) -> int:
    """Return how many characters of a text can be seen. Space counts once in a row, and around the text not at all."""
    seen = (each for each in _SHAPELESS.sub("", reason) if each.isspace() or unicodedata.category(each)[0] != "C")
    return len(" ".join("".join(seen).split()))


def _seen(least: int) -> AfterValidator:
    def check(reason: str) -> str:
        if length_of(reason) < least:
            raise PydanticCustomError("string_too_short", "say why, in {least} characters at least that can be seen", {"least": least})
        return reason

    return AfterValidator(check)


Why = Annotated[str, Field(min_length=LEAST_REASON, max_length=LONGEST_REASON), _seen(LEAST_REASON)]
"""A reason in the body of a request that always needs one."""
WhyChanged = Annotated[str, Field(min_length=SHORTEST_REASON, max_length=LONGEST_REASON), _seen(SHORTEST_REASON)]
"""The same of a change."""


def is_reason(text: str, least: int) -> bool:
    """Tell whether a text is a reason: of at least so many characters that can be seen, and not longer than one may be."""
    return length_of(text) >= least and len(text) <= LONGEST_REASON


def is_too_short(reason: str) -> bool:
    """Tell whether a text says too little to be a reason."""
    return length_of(reason) < LEAST_REASON


def refuse_short(reason: str) -> None:
    """Raise Refusal (422, at `/reason`) where a text says too little to be a reason."""
    if is_too_short(reason):
        fault = {"pointer": "/reason", "code": "INVALID_INPUT", "detail": TOO_SHORT}
        raise Refusal("INVALID_INPUT", TOO_SHORT, status=422, errors=[fault], suggestions=[HINT])
