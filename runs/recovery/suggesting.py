"""Asks what to do about a failure, or about a code, and puts the answer into its published form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.learning.candidates import suggest_for_code, suggest_for_match
from catalog.learning.views import suggestion_json
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.tenancy import Principal


def suggest(*, principal: Principal, code: str | None = None, match_id: str | None = None, skill: str = "") -> dict[str, Any]:
    """Return what is suggested for a failure, which is kept as a candidate, or for a code. Raises Refusal."""
    if match_id is not None:
        found = suggest_for_match(principal=principal, match_id=match_id)
    elif code is not None:
        found = suggest_for_code(tenant=principal.tenant, code=code, skill=skill)
    else:
        raise Refusal("MISSING_REQUIRED_FIELD", "name a code, or a failure by its id (fmt_…)")
    return suggestion_json(principal.tenant, found)
