"""By what right an operation goes on: what whoever began it was let in with is asked for again while it is worked off."""

from __future__ import annotations

from typing import Any

from agents.access.standing_rights import person_may
from agents.roles import OPERATING_ROLES
from agents.tenancy import SCOPES, Principal, is_still_valid
from runs.models import BulkOperation

SCOPE = "runs:write"
Json = dict[str, Any]


def rights_of(principal: Principal, user_id: int | None) -> Json:
    """Return what is kept of how somebody was let in: a person of the console, a key, or a token until its end."""
    if user_id is not None:
        return {"user": user_id}
    return {"key": principal.key_id} if principal.key_id is not None else {"until": principal.ends_at}


def principal_of(operation: BulkOperation) -> Principal:
    """Return who an operation is done for, under the name it was begun with."""
    kept = operation.begun_with
    return Principal(operation.tenant, operation.created_by, frozenset(SCOPES), kept.get("key"), kept.get("until"))


def may_go_on(operation: BulkOperation) -> bool:
    """Tell whether whoever began an operation might begin it now."""
    if "user" in operation.begun_with:
        return person_may(operation.begun_with["user"], OPERATING_ROLES, operation.tenant_id)
    return is_still_valid(principal_of(operation), SCOPE)
