"""How much a reason says at least, and at most, where somebody must say why: one rule for decisions, one for changes. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from skills.refusal import Refusal

LEAST_REASON, LONGEST_REASON = 10, 500
"""Of a decision, in characters, without space around it."""
SHORTEST_REASON = 3
"""Of a change that can be made back: a word may be enough."""

TOO_SHORT = f"say why, in {LEAST_REASON} characters at least"
HINT = "Give `reason`: what you saw, or with whom it was agreed. It is kept with the decision."

Why = Annotated[str, Field(min_length=LEAST_REASON, max_length=LONGEST_REASON)]
"""A reason in the body of a request that always needs one."""
WhyChanged = Annotated[str, Field(min_length=SHORTEST_REASON, max_length=LONGEST_REASON)]
"""The same of a change."""


def is_too_short(reason: str) -> bool:
    """Tell whether a text says too little to be a reason."""
    return len(reason.strip()) < LEAST_REASON


def refuse_short(reason: str) -> None:
    """Raise Refusal (422, at `/reason`) where a text says too little to be a reason."""
    if is_too_short(reason):
        fault = {"pointer": "/reason", "code": "INVALID_INPUT", "detail": TOO_SHORT}
        raise Refusal("INVALID_INPUT", TOO_SHORT, status=422, errors=[fault], suggestions=[HINT])
