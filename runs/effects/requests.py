"""The bodies callers send about effects: what became of one in doubt, what is to be taken back, what is to be tried again."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field

from agents.reasons import Why
from agents.tenancy import not_found
from runs.requests import Reason
from skills.requests import RequestModel

_STEP = re.compile(r"[a-z0-9_-]{1,64}(#\d{1,4})?")


def checked_step_id(step_id: str) -> str:
    """Return the step's key, or refuse as for any step that is not there what cannot be one at all."""
    if not _STEP.fullmatch(step_id):
        raise not_found("step")
    return step_id


class VerdictBody(RequestModel):
    """What became of an effect. `result` is what the step gives where it happened; the reason is kept in the journal."""

    verdict: Literal["happened", "did_not_happen", "probe_again"]
    reason: Why
    result: Any = None


class UndoBody(RequestModel):
    reason: Reason = ""


class RequeueBody(RequestModel):
    """`accept_doubt`: make effects again that happened, or may have."""

    reason: Annotated[str, Field(min_length=3, max_length=500)]
    accept_doubt: Annotated[bool, Field(strict=True)] = False
