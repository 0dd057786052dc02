"""What follows from an effect class, as tables."""

from __future__ import annotations

import pytest

from runs.engine.effects import barrier_of, is_doubtful, is_repeatable, is_safe_to_retry
from skills.contracts import Effect

REPEATABLE = ["none", "read", "idempotent_write"]
FINAL = ["write", "irreversible"]


def test_it_knows_every_class() -> None:
    assert sorted(REPEATABLE + FINAL) == sorted(Effect)


@pytest.mark.parametrize("effect", REPEATABLE)
def test_it_repeats(effect: str) -> None:
    assert is_repeatable(effect)
    assert not is_doubtful(effect, "maybe_sent")
    assert is_safe_to_retry(effect, "maybe_sent", "TIMEOUT")


@pytest.mark.parametrize("effect", [*FINAL, "something new"])
def test_it_does_not_repeat(effect: str) -> None:
    assert not is_repeatable(effect)
    assert is_doubtful(effect, "maybe_sent")
    assert not is_doubtful(effect, "not_sent")
    assert not is_doubtful(effect, "acked")


@pytest.mark.parametrize(
    ("phase", "code", "safe"),
    [
        pytest.param("not_sent", "CONNECTION_REFUSED", True, id="it never left the house"),
        pytest.param("acked", "RATE_LIMITED", True, id="the upstream says it did nothing"),
        pytest.param("acked", "CONCURRENCY_LIMITED", True, id="the upstream says it has no room"),
        pytest.param("acked", "HTTP_5XX", False, id="the upstream broke while at it"),
        pytest.param("maybe_sent", "TIMEOUT", False, id="nobody knows"),
    ],
)
@pytest.mark.parametrize("effect", FINAL)
def test_it_judges_a_retry_of_what_may_not_happen_twice(effect: str, phase: str, code: str, safe: bool) -> None:
    assert is_safe_to_retry(effect, phase, code) is safe


@pytest.mark.parametrize(
    ("effect", "free", "barrier"),
    [
        pytest.param("none", True, "none", id="pure and free"),
        pytest.param("none", False, "outcome", id="pure and paid"),
        pytest.param("read", True, "outcome", id="a read"),
        pytest.param("idempotent_write", True, "outcome", id="a write that may be repeated"),
        pytest.param("write", True, "intent", id="a write"),
        pytest.param("irreversible", False, "intent", id="final"),
        pytest.param("something new", True, "intent", id="unknown is final"),
    ],
)
def test_it_says_what_must_be_durable(effect: str, free: bool, barrier: str) -> None:
    assert barrier_of(effect, free) == barrier
