"""The same call with the same result again and again is a loop; so is a run that makes more calls than it may."""

from __future__ import annotations

import pytest

from runs.engine.script import Fail, Ok
from tests.engine.story import play, rules, s, starts


def chain(skill: str, count: int, **fields: object) -> list[dict[str, object]]:
    return [s(f"s{n}", skill, *([f"s{n - 1}"] if n else []), **fields) for n in range(count)]


def test_it_refuses_the_call_that_has_given_the_same_so_often() -> None:
    state, journal = play(*chain("look", 5, params={"url": "x"}), outcomes={f"s{n}": Ok("pending") for n in range(5)}, terms=MOST_THREE)
    assert (state.status, state.failure and state.failure.code) == ("failed", "LOOP_DETECTED")
    assert [step for step, _, _ in starts(journal)] == ["s0", "s1", "s2"]
    assert "deny s3:repetition" in rules(journal)


MOST_THREE = {"max_repetitions": 3}


@pytest.mark.parametrize(
    ("steps", "results", "terms"),
    [
        pytest.param(chain("look", 5, params={}), [1, 2, 1, 2, 1], MOST_THREE, id="other results in between"),
        pytest.param([s(f"s{n}", "look", params={"n": n}) for n in range(5)], [1] * 5, MOST_THREE, id="other parameters"),
        pytest.param(chain("work", 5), [1] * 5, MOST_THREE, id="free and pure"),
        pytest.param(chain("look", 5), [1] * 5, {}, id="nobody counts"),
        pytest.param(chain("look", 3), [1] * 3, MOST_THREE, id="not more often than it may"),
    ],
)
def test_it_lets_through_what_is_no_loop(steps: list[dict[str, object]], results: list[int], terms: dict[str, object]) -> None:
    state, _ = play(*steps, outcomes={f"s{n}": Ok(result) for n, result in enumerate(results)}, terms=terms)
    assert state.status == "succeeded"


def test_it_makes_no_more_calls_than_it_may_retries_included() -> None:
    advice = {"mode": "RETRY_IMMEDIATE", "max_attempts": 9}
    state, journal = play(
        *chain("look", 3),
        outcomes={"s0": [Fail("TIMEOUT", advice=advice), Fail("TIMEOUT", advice=advice), Ok()]},
        terms={"max_attempts": 4},
    )
    assert (state.status, state.failure and state.failure.code) == ("failed", "QUOTA_EXHAUSTED")
    assert [step for step, _, _ in starts(journal)] == ["s0", "s0", "s0", "s1"]
    assert "deny s2:max_attempts" in rules(journal)


def test_it_counts_no_call_twice_that_was_lost() -> None:
    state, _ = play(*chain("look", 2), terms={"max_attempts": 2})
    assert state.status == "succeeded"
    assert state.calls == 2
