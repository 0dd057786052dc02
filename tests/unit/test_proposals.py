"""What is suggested for a group of failures is what worked there, then what reruns say, then the category's default."""

from __future__ import annotations

import pytest

from catalog.learning.proposals import GroupSeen, ModeSeen, gravest, propose

BACKED_OFF = ModeSeen("RETRY_EXPONENTIAL", 10, 9)
LUCKY = ModeSeen("RETRY_IMMEDIATE", 1, 1)
FAILING = ModeSeen("RETRY_EXPONENTIAL", 5, 0)

CASES = [
    pytest.param(GroupSeen("s", "TIMEOUT", "read", [BACKED_OFF, LUCKY]), "RETRY_EXPONENTIAL", "9 of 10", id="what worked most surely"),
    pytest.param(GroupSeen("s", "TIMEOUT", "read", [LUCKY, FAILING]), "RETRY_IMMEDIATE", "1 of 1", id="what worked at all"),
    pytest.param(
        GroupSeen("s", "HTTP_4XX", "read", [], 3), "CHECKPOINT_RESTORE", "3 of the runs", id="begin afresh where reruns came through"
    ),
    pytest.param(GroupSeen("s", "HTTP_4XX", "write", [], 3), "ESCALATE", "not repeated unasked", id="but never a write"),
    pytest.param(GroupSeen("s", "HTTP_4XX", "", [], 3), "ESCALATE", "not repeated unasked", id="nor what nobody knows"),
    pytest.param(GroupSeen("s", "TIMEOUT", "read"), "RETRY_EXPONENTIAL", "category", id="the category's default"),
    pytest.param(GroupSeen("s", "NOT_FOUND", "read"), "ABORT", "category", id="the category's default where no retry helps"),
    pytest.param(GroupSeen("s", "NEW_CODE", "read"), "ABORT", "category", id="ABORT for a code nobody knows"),
    pytest.param(
        GroupSeen("s", "TIMEOUT", "read", [FAILING]), "ESCALATE", "5 times and never", id="a person where the default never works"
    ),
    pytest.param(
        GroupSeen("s", "TIMEOUT", "read", [ModeSeen("RETRY_EXPONENTIAL", 9, 2)]), "RETRY_EXPONENTIAL", "category", id="seldom is not worked"
    ),
]


ENTRYS = GroupSeen("s", "NOT_FOUND", "read", entry_mode="FALLBACK", parameters={"fallback_skill": "other"})


def test_it_suggests_what_the_entry_says_where_nothing_was_tried() -> None:
    assert propose(ENTRYS)[:2] == ("FALLBACK", {"fallback_skill": "other"})


@pytest.mark.parametrize(("group", "mode", "because"), CASES)
def test_it_suggests(group: GroupSeen, mode: str, because: str) -> None:
    found = propose(group)
    assert found.mode == mode
    assert because in found.because


def test_it_keeps_the_pace_that_worked() -> None:
    group = GroupSeen("s", "TIMEOUT", "read", [BACKED_OFF], 0, "RETRY_EXPONENTIAL", {"first_ms": 700})
    assert propose(group).parameters == {"first_ms": 700}


@pytest.mark.parametrize(
    ("effects", "found"),
    [(["read", "write", "none"], "write"), (["read", "", "none"], "read"), (["write", "unheard_of"], "unheard_of"), ([], "")],
)
def test_it_takes_the_gravest_effect(effects: list[str], found: str) -> None:
    assert gravest(effects) == found
