"""What may be decided about a recovery candidate, as a table: by which action it comes from where to where.

open ──approve──▸ approved/shadow ──activate──▸ approved/active
 │ ▴                    │                             │
 │ └──reopen── rejected │ withdraw                    │ withdraw
 └──reject───▸          └──────▸ withdrawn ◂──────────┘      (withdrawn ──reopen──▸ open)
"""

from __future__ import annotations

from typing import NamedTuple

from agents.reasons import LONGEST_REASON, TOO_SHORT, is_too_short


class Standing(NamedTuple):
    """A state of the candidate and what its policy does meanwhile."""

    state: str
    policy: str


OPEN, REJECTED, WITHDRAWN = Standing("open", "none"), Standing("rejected", "none"), Standing("withdrawn", "none")
SHADOW, ACTIVE = Standing("approved", "shadow"), Standing("approved", "active")

TRANSITIONS: dict[tuple[str, Standing], Standing] = {
    ("approve", OPEN): SHADOW,
    ("activate", SHADOW): ACTIVE,
    ("reject", OPEN): REJECTED,
    ("withdraw", SHADOW): WITHDRAWN,
    ("withdraw", ACTIVE): WITHDRAWN,
    ("reopen", REJECTED): OPEN,
    ("reopen", WITHDRAWN): OPEN,
}
ACTIONS = tuple(dict.fromkeys(action for action, _ in TRANSITIONS))
NEEDS_REASON = frozenset({"reject", "withdraw"})

_DONE = {
    SHADOW: "already approved by {by}",
    ACTIVE: "already approved by {by}, and active",
    REJECTED: "rejected by {by}",
    WITHDRAWN: "withdrawn by {by}",
    OPEN: "still open: approve it first",
}


def after(action: str, standing: Standing) -> Standing | None:
    """Return where an action leads from here, None where it is not legal."""
    return TRANSITIONS.get((action, standing))


def actions_from(standing: Standing) -> list[str]:
    """Return what may be decided now, in the order of the table."""
    return [action for action, source in TRANSITIONS if source == standing]


def why_not(standing: Standing, by: str) -> str:
    """Say in words why an action is not legal here."""
    return f"the candidate is {_DONE[standing].format(by=by or 'somebody')}"


def fault_in_reason(action: str, reason: str) -> str:
    """Return what is wrong with the reason given for an action, or nothing."""
    if len(reason.strip()) > LONGEST_REASON:
        return f"at most {LONGEST_REASON} characters"
    return TOO_SHORT if action in NEEDS_REASON and is_too_short(reason) else ""
