"""Whether, when and how often to try again, as tables."""

from __future__ import annotations

from typing import Any

import pytest

from runs.engine.graph import Node, Retrying
from runs.engine.retry import backoff_for, decide, delay_ms, disposition, fraction, would_help
from runs.engine.state import Failure
from skills.taxonomy import CODES, RETRY_MODES, Backoff, RecoveryMode, spec_of


def node(**fields: Any) -> Node:
    return Node("a", 0, "look", {}, (), frozenset(), **fields)


def asked(failure: Failure, *, of: Node | None = None, effect: str = "read", burned: int = 1, unsent: int = 0, **more: Any) -> Any:
    given: dict[str, Any] = {"now_ms": 1_000, "deadline_at_ms": None, "seed": "r", "key": "a"} | more
    return decide(failure, node=of or node(), effect=effect, burned=burned, unsent=unsent, **given)


def rule(*args: Any, **fields: Any) -> str:
    return str(asked(*args, **fields).rule)


RULES = [
    pytest.param(Failure("TIMEOUT"), {}, "category_default", id="the code's own numbers"),
    pytest.param(Failure("TIMEOUT", advice={"mode": "RETRY_EXPONENTIAL", "source": "tenant"}), {}, "advice_tenant", id="the catalog's"),
    pytest.param(Failure("TIMEOUT"), {"of": node(retry=Retrying())}, "step_policy", id="the step's"),
    pytest.param(Failure("NOT_FOUND"), {}, "not_retryable", id="a permanent code"),
    pytest.param(Failure("TIMEOUT", advice={"mode": "ABORT"}), {}, "not_retryable", id="the catalog says no"),
    pytest.param(Failure("TIMEOUT", advice={"mode": "ABORT"}), {"of": node(on_error="retry")}, "category_default", id="the plan insists"),
    pytest.param(Failure("NOT_FOUND"), {"of": node(on_error="retry")}, "not_retryable", id="the plan insists in vain"),
    pytest.param(
        Failure("NOT_FOUND", advice={"mode": "RETRY_IMMEDIATE", "max_attempts": 2}), {}, "category_default", id="the catalog knows better"
    ),
    pytest.param(Failure("TIMEOUT", phase="acked"), {"effect": "write"}, "unsafe_effect", id="not safe"),
    pytest.param(Failure("TIMEOUT"), {"burned": 2}, "attempts_exhausted", id="tried enough"),
    pytest.param(Failure("TIMEOUT"), {"burned": 0, "unsent": 2}, "attempts_exhausted", id="failed to leave often enough"),
    pytest.param(Failure("TIMEOUT"), {"deadline_at_ms": 1_100}, "deadline_too_near", id="no time"),
    pytest.param(Failure("NEVER_HEARD_OF"), {}, "not_retryable", id="a stranger's code"),
]


@pytest.mark.parametrize(("failure", "fields", "expected"), RULES)
def test_it_names_its_rule(failure: Failure, fields: dict[str, Any], expected: str) -> None:
    assert rule(failure, **fields) == expected


def test_it_has_an_answer_for_every_code() -> None:
    for code, spec in CODES.items():
        decision = asked(Failure(code))
        assert (decision.delay_ms is not None) == (spec.mode in RETRY_MODES and spec.backoff.max_attempts > 1), code


def test_it_retries_a_planner_that_has_no_step() -> None:
    decision = decide(
        Failure("TIMEOUT"), node=None, effect="read", burned=1, unsent=0, now_ms=0, deadline_at_ms=None, seed="r", key="$plan"
    )
    assert decision.rule == "category_default"


@pytest.mark.parametrize(
    ("tries", "expected"),
    [
        pytest.param(1, 100, id="first"),
        pytest.param(2, 200, id="doubled"),
        pytest.param(4, 800, id="and again"),
        pytest.param(9, 5_000, id="capped"),
        pytest.param(10_000, 5_000, id="capped, however often"),
    ],
)
def test_it_backs_off_within_the_jitter(tries: int, expected: int) -> None:
    delays = {delay_ms(Backoff(99, 100, 5_000, 2.0), tries, "RETRY_EXPONENTIAL", None, f"r:a:{number}") for number in range(50)}
    assert min(delays) >= expected * 0.75
    assert max(delays) <= expected
    assert len(delays) > 10, "not all at the same instant"


@pytest.mark.parametrize(
    ("retry_after", "mode", "least"),
    [
        pytest.param(9_000, "RETRY_EXPONENTIAL", 9_000, id="what the upstream asks is never undercut"),
        pytest.param(9_000, "RETRY_IMMEDIATE", 9_000, id="not even at once"),
        pytest.param(None, "RETRY_IMMEDIATE", 0, id="at once"),
        pytest.param(1, "RETRY_WITH_JITTER", 75, id="nor is it a limit"),
    ],
)
def test_it_heeds_retry_after(retry_after: int | None, mode: str, least: int) -> None:
    delay = delay_ms(Backoff(3, 100, 5_000, 2.0), 1, mode, retry_after, "r:a:1")
    assert delay == least or (least == 75 and 75 <= delay <= 100)


def test_it_throws_no_dice() -> None:
    assert fraction("r:a:1") == fraction("r:a:1") != fraction("r:a:2")
    assert all(0 <= fraction(str(number)) < 1 for number in range(1_000))


BACKOFFS = [
    pytest.param({}, None, False, Backoff(2, 200, 5_000, 1.5), id="the code's own"),
    pytest.param({"max_attempts": 5, "first_ms": 0, "cap_ms": 9, "factor": 3}, None, False, Backoff(5, 0, 9, 3.0), id="the advice"),
    pytest.param({"max_attempts": 5}, Retrying(), False, Backoff(3, 200, 5_000, 1.5), id="the step counts, the rest is filled in"),
    pytest.param({}, Retrying(9, 10, 1.0, 20), False, Backoff(9, 10, 20, 1.0), id="the step says it all"),
    pytest.param({}, Retrying(9, 9_000), False, Backoff(9, 9_000, 9_000, 1.5), id="a cap is never below the first"),
    pytest.param({}, Retrying(9, 0, 1.0, 0), False, Backoff(9, 0, 0, 1.0), id="no wait at all"),
    pytest.param({}, None, True, Backoff(2, 200, 5_000, 1.5), id="insisting adds nothing where tries are known"),
]


@pytest.mark.parametrize(("advice", "policy", "insist", "expected"), BACKOFFS)
def test_it_takes_its_numbers_from_the_nearest(advice: dict[str, Any], policy: Retrying | None, insist: bool, expected: Backoff) -> None:
    assert backoff_for(spec_of("TIMEOUT"), advice, policy, insist=insist) == expected


def test_it_tries_what_is_insisted_on_where_nobody_names_a_number() -> None:
    assert backoff_for(spec_of("NOT_FOUND"), {}, None, insist=True).max_attempts == 3


@pytest.mark.parametrize(
    ("mode", "insisted", "helps"),
    [
        ("RETRY_IMMEDIATE", False, True),
        ("CIRCUIT_BREAKER", False, True),
        ("ABORT", False, False),
        ("ABORT", True, True),
        ("SKIP", True, True),
    ],
)
def test_it_tells_whether_it_would_help(mode: str, insisted: bool, helps: bool) -> None:
    assert would_help(spec_of("TIMEOUT"), mode, insisted=insisted) is helps


@pytest.mark.parametrize(
    ("on_error", "mode", "can_fall_back", "expected"),
    [
        ("abort", "SKIP", False, ("abort", "on_error")),
        ("continue", "ABORT", False, ("continue", "on_error")),
        ("retry", "SKIP", False, ("abort", "on_error")),
        ("escalate", "ABORT", False, ("escalate", "on_error")),
        ("fallback", "ABORT", True, ("fallback", "on_error")),
        ("fallback", "SKIP", False, ("abort", "fallback_used_up")),
        (None, "SKIP", False, ("continue", "catalog")),
        (None, "ESCALATE", False, ("escalate", "catalog")),
        (None, "MANUAL_INTERVENTION", False, ("intervene", "catalog")),
        (None, "FALLBACK", False, ("abort", "default")),
        (None, "RETRY_EXPONENTIAL", False, ("abort", "default")),
    ],
)
def test_it_says_what_becomes_of_the_step(on_error: str | None, mode: str, can_fall_back: bool, expected: tuple[str, str]) -> None:
    assert disposition(on_error, mode, planned_fallback=can_fall_back, advised_fallback=False) == expected


def test_it_falls_back_as_the_catalog_advises_where_the_step_says_nothing() -> None:
    assert disposition(None, "FALLBACK", planned_fallback=False, advised_fallback=True) == ("fallback", "catalog")
    assert disposition("abort", "FALLBACK", planned_fallback=False, advised_fallback=True) == ("abort", "on_error")


def test_it_names_what_else_could_have_become_of_the_step() -> None:
    chosen = disposition(None, "SKIP", planned_fallback=False, advised_fallback=False)
    assert chosen.alternatives == ("abort", "escalate", "fallback")


@pytest.mark.parametrize("mode", list(RecoveryMode))
def test_it_has_a_disposition_for_every_mode(mode: RecoveryMode) -> None:
    found = disposition(None, mode, planned_fallback=False, advised_fallback=False)
    assert found.what in ("abort", "continue", "escalate", "intervene")
