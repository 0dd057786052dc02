"""The sliding window never lets more than its limit through in any minute, and says when it will let the next one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.contracts import AgentProfile
from agents.limits import (
    EMPTY,
    FINE,
    GRAIN_MS,
    MINUTE_MS,
    Full,
    Limit,
    Window,
    counted,
    decide,
    entered,
    free_at_ms,
    limits_of,
    rules_of,
    wait_ms,
)
from agents.rates import read_window, written_window
from skills.base import ANYWHERE


def after(*instants: int, limit: int = FINE) -> Window:
    """Return the window of calls that passed at these instants."""
    window = EMPTY
    for at in instants:
        window = entered(window, at, limit)
    return window


AT = 1_000_000

# calls that passed before, the limit, now, after how long one more may pass
WAITS = [
    pytest.param((), 1, AT, 0, id="the first"),
    pytest.param((AT,), 1, AT, 60_000, id="a second at the same instant"),
    pytest.param((AT,), 1, AT + 1, 59_999, id="just after it"),
    pytest.param((AT,), 1, AT + 59_999, 1, id="just before its minute is over"),
    pytest.param((AT,), 1, AT + 60_000, 0, id="when its minute is over"),
    pytest.param((AT, AT + 10), 3, AT + 20, 0, id="with room for one more"),
    pytest.param((AT, AT + 10, AT + 20), 3, AT + 30, 59_970, id="full: the oldest goes first"),
    pytest.param((AT, AT + 10, AT + 20), 3, AT + 60_005, 0, id="after the oldest has gone"),
    pytest.param((AT, AT + 10, AT + 20), 1, AT + 30, 59_990, id="a lower limit waits for all but none"),
    pytest.param((AT, AT + 10, AT + 20), 2, AT + 30, 59_980, id="or for all but one"),
    pytest.param((AT,), 1, AT - 3_600_000, 60_000 + GRAIN_MS - 1, id="a clock that was set back an hour"),
]


@pytest.mark.parametrize(("passed", "limit", "now", "wait"), WAITS)
def test_it_says_after_how_long_a_call_may_pass(passed: tuple[int, ...], limit: int, now: int, wait: int) -> None:
    assert wait_ms(after(*passed), now, limit) == wait


def test_it_lets_a_call_go_that_was_a_minute_ago() -> None:
    assert counted(after(AT, AT + 1), AT + MINUTE_MS) == after(AT + 1)
    assert counted(after(AT), AT + MINUTE_MS) == EMPTY


def test_it_says_when_all_of_it_is_there_again() -> None:
    assert free_at_ms(EMPTY, AT) is None
    assert free_at_ms(after(AT, AT + 7), AT + 10) == AT + 7 + MINUTE_MS


def test_it_never_keeps_many_entries_however_many_calls_pass() -> None:
    window, limit = EMPTY, 100_000
    for at in range(AT, AT + 2 * MINUTE_MS, 7):
        assert wait_ms(window, at, limit) == 0
        window = entered(window, at, limit)
    assert len(window.entries) <= MINUTE_MS // GRAIN_MS + 1
    assert len(written_window(window)) < 8_000


STEPS = st.lists(st.tuples(st.sampled_from([0, 1, 7, 99, 100, 101, 999, 20_000, 59_999, 60_000]), st.booleans()), max_size=60)
"""Pauses before each call, and whether it is kept as calls of great limits are: gathered with others."""


@given(STEPS, st.integers(1, 6))
def test_it_lets_through_what_a_list_of_all_calls_would(steps: list[tuple[int, bool]], limit: int) -> None:
    now, window, passed = AT, EMPTY, list[int]()
    for pause, _ in steps:
        now += pause
        lets = wait_ms(window, now, limit) == 0
        assert lets == (sum(at > now - MINUTE_MS for at in passed) < limit)
        if lets:
            window = entered(window, now, limit)
            passed.append(now)


@given(STEPS, st.integers(1, 4))
def test_it_never_passes_its_limit_in_any_minute_by_whichever_grain_calls_are_kept(steps: list[tuple[int, bool]], limit: int) -> None:
    now, window, passed = AT, EMPTY, list[int]()
    for pause, is_gathered in steps:
        now += pause
        if wait_ms(window, now, limit) == 0:
            window = entered(window, now, FINE + 1 if is_gathered else FINE)
            passed.append(now)
    for at in passed:
        assert sum(at - MINUTE_MS < other <= at for other in passed) <= limit


@given(STEPS, st.integers(1, 8), st.integers(0, 130_000))
def test_it_says_exactly_when_it_would_let_the_next_one_through(steps: list[tuple[int, bool]], limit: int, later: int) -> None:
    window = EMPTY
    now = AT
    for pause, is_gathered in steps:
        now += pause
        window = entered(window, now, FINE + 1 if is_gathered else FINE)
    now += later
    window = counted(window, now)
    wait = wait_ms(window, now, limit)
    assert wait_ms(window, now + wait, limit) == 0
    if wait:
        assert wait_ms(window, now + wait - 1, limit) == 1


BACK = st.lists(st.tuples(st.integers(0, 40_000), st.sampled_from([0, 0, 0, 5, 99, 30_000, 3_600_000])), max_size=50)


@given(BACK, st.integers(1, 4))
def test_it_is_not_harmed_by_a_clock_that_is_set_back(steps: list[tuple[int, int]], limit: int) -> None:
    """By the time that really passed no minute has more than the limit, and nobody waits for much longer than a minute."""
    real, behind, window, passed = AT, 0, EMPTY, list[int]()
    for pause, set_back in steps:
        real += pause
        behind += set_back
        now = real - behind
        wait = wait_ms(window, now, limit)
        assert wait < MINUTE_MS + GRAIN_MS
        if wait:
            window = counted(window, now)
        else:
            window = entered(window, now, limit)
            passed.append(real)
    for at in passed:
        assert sum(at - MINUTE_MS < other <= at for other in passed) <= limit


@given(STEPS)
def test_it_reads_the_window_it_wrote(steps: list[tuple[int, bool]]) -> None:
    now, window = AT, EMPTY
    for pause, is_gathered in steps:
        now += pause
        window = entered(window, now, FINE + 1 if is_gathered else FINE)
    assert read_window(written_window(window)) == window


# Several limits


def test_it_takes_of_all_limits_or_of_none() -> None:
    wide, narrow = Limit("agent:agt_1", 5), Limit("skill:look", 1)
    full, windows = decide({}, AT, [wide, narrow])
    assert (full, {scope: window.total for scope, window in windows.items()}) == (None, {"agent:agt_1": 1, "skill:look": 1})
    full, windows = decide(windows, AT + 5, [wide, narrow])
    assert full == Full(narrow, 59_995)
    assert {scope: window.total for scope, window in windows.items()} == {"agent:agt_1": 1, "skill:look": 1}


def test_it_tells_the_limit_that_is_full_for_longest() -> None:
    first, second = Limit("a", 1), Limit("b", 1)
    assert decide({"a": after(AT), "b": after(AT + 300)}, AT + 400, [first, second])[0] == Full(second, 59_900)


# Which limits a call stands under

PROFILE = AgentProfile(
    rate_limit_per_minute=100,
    rate_limits=[
        {"skill": "http_call", "per_minute": 50},
        {"host": "api.example.com", "per_minute": 20},
        {"skill": "http_call", "host": "*.Example.com", "per_minute": 30},
        {"host": "example.org:8080", "per_minute": 5},
        {"host": "[::1]", "per_minute": 2},
        {"host": "[::1]:8080", "per_minute": 1},
    ],
)
RULES = rules_of("agt_1", PROFILE)
ALL, SKILL, API = "agent:agt_1", "agent:agt_1/skill:http_call", "agent:agt_1/host:api.example.com"
BELOW = "agent:agt_1/skill:http_call/host:*.example.com"

STANDS_UNDER = [
    ("say", None, {ALL: 100}),
    ("say", "api.example.com:443", {ALL: 100, API: 20}),
    ("http_call", None, {ALL: 100, SKILL: 50}),
    ("http_call", "api.example.com:443", {ALL: 100, SKILL: 50, API: 20, BELOW: 30}),
    ("http_call", "api.example.com:8080", {ALL: 100, SKILL: 50, API: 20, BELOW: 30}),
    ("http_call", "www.example.com:443", {ALL: 100, SKILL: 50, BELOW: 30}),
    ("http_call", "example.com:443", {ALL: 100, SKILL: 50}),
    ("http_call", "notexample.com:443", {ALL: 100, SKILL: 50}),
    ("http_call", "example.org:8080", {ALL: 100, SKILL: 50, "agent:agt_1/host:example.org:8080": 5}),
    ("http_call", "example.org:80", {ALL: 100, SKILL: 50}),
    ("say", "[::1]:80", {ALL: 100, "agent:agt_1/host:[::1]": 2}),
    ("say", "[::1]:8080", {ALL: 100, "agent:agt_1/host:[::1]": 2, "agent:agt_1/host:[::1]:8080": 1}),
]


@pytest.mark.parametrize(("skill", "target", "expected"), STANDS_UNDER, ids=lambda value: str(value) if not isinstance(value, dict) else "")
def test_it_finds_the_limits_of_a_call(skill: str, target: str | None, expected: dict[str, int]) -> None:
    assert dict(limits_of(skill, None, target, RULES)) == expected


def test_it_counts_a_call_that_may_go_anywhere_in_the_rules_of_every_host() -> None:
    assert {limit.scope for limit in limits_of("http_call", 7, ANYWHERE, RULES)} == {"skill:http_call", *(rule["scope"] for rule in RULES)}


def test_it_holds_a_call_to_what_its_skill_declares() -> None:
    assert limits_of("look", 7, None, []) == [Limit("skill:look", 7)]


def test_it_keeps_the_lowest_of_two_rules_about_the_same() -> None:
    profile = AgentProfile(rate_limits=[{"skill": "look", "per_minute": 9}, {"skill": "look", "per_minute": 4}])
    assert limits_of("look", None, None, rules_of("agt_1", profile)) == [Limit("agent:agt_1/skill:look", 4)]


def test_it_keeps_no_rules_of_a_profile_that_has_none() -> None:
    assert rules_of("agt_1", AgentProfile()) == []


@pytest.mark.parametrize(
    "rule",
    [
        {"per_minute": 5},
        {"skill": "look", "per_minute": 0},
        {"skill": "look", "per_minute": -1},
        {"skill": "look", "per_minute": 1.5},
        {"skill": "look", "per_minute": "many"},
        {"skill": "look", "per_minute": 100_001},
        {"skill": "look"},
        {"host": "no host", "per_minute": 5},
        {"skill": "Look!", "per_minute": 5},
        {"skill": "look", "per_minute": 5, "per_hour": 9},
    ],
    ids=str,
)
def test_it_refuses_a_rule_that_makes_no_sense(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"rate_limits\.0"):
        AgentProfile(rate_limits=[rule])
