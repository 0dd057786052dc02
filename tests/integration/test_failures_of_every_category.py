"""A real worker decides about failures of every category as the table of the docs says, and stores each of them once."""

from __future__ import annotations

import pytest

from skills.taxonomy import Category, spec_of
from tests.engine.recovery_matrix import decisions_on, kind_of
from tests.integration.workshop import Workshop, a_worker, decided, matches, now, parked, step, wait_for

CASES = [
    ("TIMEOUT", "read", "acked", None),
    ("CONNECTION_RESET", "write", "maybe_sent", None),
    ("NOT_FOUND", "read", "acked", "continue"),
    ("OUTCOME_UNKNOWN", "read", "acked", None),
    ("CONCURRENCY_LIMITED", "write", "acked", None),
    ("DEADLINE_EXCEEDED", "read", "not_sent", "escalate"),
    ("PERMISSION_DENIED", "write", "acked", "abort"),
    ("INVALID_INPUT", "idempotent_write", "not_sent", "fallback"),
]


def test_it_names_every_category() -> None:
    assert {spec_of(code).category for code, *_ in CASES} == set(Category)


@pytest.mark.parametrize(("code", "effect", "phase", "on_error"), CASES)
def test_it_decides_as_the_machine_does_in_the_script_world(
    workshop: Workshop, code: str, effect: str, phase: str, on_error: str | None
) -> None:
    fallback = {"fallback_skill": "say", "fallback_params": {}} if on_error == "fallback" else {}
    planned = step("a", "fails", code=code, effect=effect, phase=phase, **({"on_error": on_error} if on_error else {}), **fallback)
    run = workshop.submit(planned)
    expected = [kind_of(decision) for decision in decisions_on(code, effect, phase, on_error)]
    if "ask_person" in expected:
        # There nobody comes, and the question expires.
        expected = expected[: expected.index("ask_person") + 1]
    if "fallback" in expected:
        # There the fallback fails too.
        expected = expected[: expected.index("fallback") + 2]
    with a_worker():
        if "ask_person" in expected or "hold_doubt" in expected:
            parked(run, "in_doubt" if "hold_doubt" in expected else "input")
        else:
            wait_for(lambda: now(run).is_terminal)
    assert decided(run, "a") == expected
    stored = matches(run)
    assert len(stored) == sum(kind == "start" for kind in expected) - ("fallback" in expected)
    assert {(match.code, match.phase, match.effect) for match in stored} == {(code, phase, effect)}
    assert all(match.signature and match.cause and match.agent_id == run.agent_id for match in stored)
