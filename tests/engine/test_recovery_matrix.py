"""Every code, of every effect class, however far the call had come, under every on_error: decided as the docs say."""

from __future__ import annotations

from pathlib import Path

import pytest

from runs.engine.decisions import Decision, HoldDoubt, NoRetry, Retry
from skills.taxonomy import CODES, RETRY_MODES, Category, RecoveryMode, spec_of
from tests.engine.recovery_matrix import ADVICE, EFFECTS, ON_ERROR, PHASES, decisions_on, kind_of, table, told

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "recovery-matrix.md"
REPEATABLE = ("none", "read", "idempotent_write")
INSISTED = 3


def in_words(code: str, effect: str, phase: str, on_error: str | None) -> str:
    """Say by the rules of the docs, without the machine, what is decided."""
    mode = RecoveryMode(ADVICE[code]["mode"])
    if phase == "maybe_sent" and effect not in REPEATABLE:
        return "in doubt"
    helps = mode in RETRY_MODES or (on_error == "retry" and spec_of(code).retryable)
    is_safe = effect in REPEATABLE or phase == "not_sent" or code in ("RATE_LIMITED", "CONCURRENCY_LIMITED")
    tries = 1
    if helps and is_safe:
        tries = ADVICE[code]["max_attempts"]
        tries = INSISTED if on_error == "retry" and tries < 2 else tries
    return (f"retry ×{tries} → " if tries > 1 else "") + ending(mode, on_error)


def ending(mode: RecoveryMode, on_error: str | None) -> str:
    if on_error is not None:
        return {"continue": "go on without it", "escalate": "ask: retry, modify, skip, abort", "fallback": "fall back"}.get(
            on_error, "abort"
        )
    return {
        RecoveryMode.SKIP: "go on without it",
        RecoveryMode.ESCALATE: "ask: retry, modify, skip, abort",
        RecoveryMode.MANUAL_INTERVENTION: "ask: approve, modify, abort",
    }.get(mode, "abort")


@pytest.mark.parametrize("code", CODES)
def test_it_decides_as_the_rules_say(code: str) -> None:
    for effect in EFFECTS:
        for phase in PHASES:
            for on_error in ON_ERROR:
                decided = decisions_on(code, effect, phase, on_error)
                assert told(decided) == in_words(code, effect, phase, on_error), (effect, phase, on_error)
                assert_is_recorded(decided)


def assert_is_recorded(decided: list[Decision]) -> None:
    """Every failure has a record of its own, with the rule that answered it and what it read."""
    answers = [decision for decision in decided if isinstance(decision, Retry | NoRetry | HoldDoubt)]
    failures = sum(kind_of(decision) == "start" for decision in decided)
    assert len(answers) == failures
    assert all(decision.rule for decision in decided)
    assert all(decision.because["code"] for decision in answers)
    chosen = ("retry", "continue", "fallback", "escalate", "hold_doubt")
    assert all(decision.alternatives for decision in decided if kind_of(decision) in chosen)


def test_it_is_what_the_docs_say() -> None:
    assert PAGE.read_text() == table(), "run: python -m tests.engine.recovery_matrix > docs/reference/recovery-matrix.md"


def test_it_leaves_no_category_without_a_line() -> None:
    assert {spec_of(code).category for code in CODES} == set(Category)
