"""What may be decided about a candidate is a table, and everything that is not in it is refused in words."""

from __future__ import annotations

from itertools import product

import pytest

from catalog.learning.states import (
    ACTIONS,
    ACTIVE,
    OPEN,
    REJECTED,
    SHADOW,
    TRANSITIONS,
    WITHDRAWN,
    actions_from,
    after,
    fault_in_reason,
    why_not,
)

STANDINGS = (OPEN, SHADOW, ACTIVE, REJECTED, WITHDRAWN)
LEGAL = {
    ("approve", OPEN): SHADOW,
    ("reject", OPEN): REJECTED,
    ("activate", SHADOW): ACTIVE,
    ("withdraw", SHADOW): WITHDRAWN,
    ("withdraw", ACTIVE): WITHDRAWN,
    ("reopen", REJECTED): OPEN,
    ("reopen", WITHDRAWN): OPEN,
}


@pytest.mark.parametrize(("action", "standing"), list(product(ACTIONS, STANDINGS)))
def test_it_allows_what_the_table_says_and_nothing_else(action: str, standing: tuple[str, str]) -> None:
    assert after(action, standing) == LEGAL.get((action, standing))  # type: ignore[arg-type, call-overload]


def test_it_never_makes_a_policy_active_that_was_not_in_shadow() -> None:
    assert [source for (_, source), target in TRANSITIONS.items() if target == ACTIVE] == [SHADOW]


def test_it_leaves_a_way_out_of_every_standing() -> None:
    assert all(actions_from(standing) for standing in STANDINGS)


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (SHADOW, "already approved by bob"),
        (ACTIVE, "active"),
        (REJECTED, "rejected by bob"),
        (WITHDRAWN, "withdrawn by bob"),
        (OPEN, "still open"),
    ],
)
def test_it_says_why_not(standing: tuple[str, str], said: str) -> None:
    assert said in why_not(standing, "bob")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("action", "reason", "is_well"),
    [
        ("approve", "", True),
        ("activate", "", True),
        ("reopen", "", True),
        ("reject", "too short", False),
        ("reject", "         x         ", False),
        ("reject", "long enough", True),
        ("withdraw", "", False),
        ("approve", "x" * 501, False),
    ],
)
def test_it_wants_to_know_why_something_is_turned_down(action: str, reason: str, is_well: bool) -> None:
    assert (fault_in_reason(action, reason) == "") is is_well
