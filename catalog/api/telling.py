"""What the API tells of failures, circuits and recoveries to whom: by a role no more than a page of the console tells that role."""

from __future__ import annotations

from typing import Any

from agents.roles import CAUSE_ROLES, COST_ROLES, PAYLOAD_ROLES, Roles
from agents.tenancy import Principal
from skills.refusal import Refusal

TOLD_TO: dict[str, Roles] = {
    # `scope` is the name of a circuit, which is made of the host.
    **dict.fromkeys(("host", "cause", "scope", "fallback_params", "alternatives"), CAUSE_ROLES),
    "message": PAYLOAD_ROLES,
    **dict.fromkeys(("cost_micro_usd", "wasted_micro_usd"), COST_ROLES),
}
"""Which fields are for some roles alone. A key of no account has no role: whoever gave it `catalog:read` gave it all of them."""


def told_to(principal: Principal, answer: Any) -> Any:
    """Return an answer without what is not told to the role who asks goes by: null, or an empty list, stands in its place."""
    hidden = frozenset(name for name, roles in TOLD_TO.items() if not principal.goes_by(roles))
    return _without(answer, hidden) if hidden else answer


def _without(value: Any, hidden: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_without(each, hidden) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: _blank(each) if name in hidden else _without(each, hidden) for name, each in value.items()}


def _blank(value: Any) -> Any:
    return [] if isinstance(value, list) else None


def refuse_asking(principal: Principal, what: str, field: str) -> None:
    """Raise Refusal for who would choose, sort or take out by what they are not told: how many there are would tell it."""
    if not principal.goes_by(TOLD_TO[field]):
        fault = {"pointer": f"/{what}", "code": "PERMISSION_DENIED", "detail": "your role is not told this, and cannot ask by it"}
        raise Refusal("PERMISSION_DENIED", f"{what} is not for your role", errors=[fault])
