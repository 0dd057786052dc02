"""run_skill always answers with an outcome: whatever the skill does, whatever it is given, whenever it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from skills.base import Params, Skill, SkillFailure
from skills.contracts import Constraints, Effect, Phase, SideEffect, StructuredOutcome
from skills.execution import retry_safety, run_skill
from skills.ports import SkillContext
from skills.testing import DictSecrets, RefusingHttp


class DoParams(Params):
    do: str
    size: int = 0


class DoResult(BaseModel):
    text: str


class Actor(Skill):
    """Does what its parameter says."""

    name = "actor"
    version = "1.0.0"
    description = "For tests."
    effect = Effect.WRITE
    failure_modes = []
    constraints = Constraints(max_input_size_bytes=200, max_output_size_bytes=200)
    Params = DoParams
    Result = DoResult

    def effect_of(self, params: Mapping[str, Any]) -> Effect:
        if params.get("do") == "confuse":
            raise KeyError("confused")
        return self.effect

    async def run(self, params: DoParams, context: SkillContext) -> Any:
        noted = SideEffect(type="TEST", target="t", effect=Effect.WRITE, phase="maybe_sent")
        if params.do == "fail":
            raise SkillFailure("NOT_FOUND", "nothing there", phase="acked", retry_after_ms=5)
        if params.do == "break":
            raise ZeroDivisionError("secret detail")
        if params.do in ("hang", "hang after sending"):
            context.report.side_effects += [noted] if params.do == "hang after sending" else []
            await asyncio.sleep(30)
        if params.do == "lie":
            return {"number": 1}
        return {"text": "x" * params.size}


def outcome_of(params: Any, *, timeout_ms: int = 2_000, cancel: bool = False, attempt: int = 1) -> StructuredOutcome:
    async def run() -> StructuredOutcome:
        context = SkillContext(
            http=RefusingHttp(), secrets=DictSecrets({}), config={}, idempotency_key="k", timeout_ms=timeout_ms, attempt=attempt
        )
        task = asyncio.create_task(run_skill(Actor(), params, context))
        if cancel:
            await asyncio.sleep(0.05)
            task.cancel()
        return await task

    return asyncio.run(run())


def test_it_gives_the_result_in_its_envelope() -> None:
    outcome = outcome_of({"do": "well", "size": 2}, attempt=3)
    assert (outcome.success, outcome.result, outcome.failure) == (True, {"text": "xx"}, None)
    execution = outcome.execution
    assert (execution.skill, execution.version, execution.attempt, execution.retries) == ("actor", "1.0.0", 3, 2)
    assert (execution.cost_micro_usd, execution.cost_cents, execution.pricing_status) == (0, 0.0, "free")
    assert execution.timestamp.endswith("Z")


FAILURES: dict[str, tuple[dict[str, Any], dict[str, Any], str, Phase, str]] = {
    "an anticipated failure": ({"do": "fail"}, {}, "NOT_FOUND", "acked", "unsafe"),
    "a defect": ({"do": "break"}, {}, "INTERNAL_ERROR", "not_sent", "safe"),
    "running out of time": ({"do": "hang"}, {"timeout_ms": 30}, "TIMEOUT", "not_sent", "safe"),
    "running out of time after sending": ({"do": "hang after sending"}, {"timeout_ms": 30}, "TIMEOUT", "maybe_sent", "unknown"),
    "being cancelled": ({"do": "hang"}, {"cancel": True}, "CANCELLED", "not_sent", "safe"),
    "being cancelled after sending": ({"do": "hang after sending"}, {"cancel": True}, "CANCELLED", "maybe_sent", "unknown"),
    "a result that breaks its schema": ({"do": "lie"}, {}, "INVALID_RESPONSE", "not_sent", "safe"),
    "a result that is too large": ({"do": "well", "size": 500}, {}, "CONTENT_TOO_LARGE", "not_sent", "safe"),
    "parameters that are too large": ({"do": "x" * 500}, {}, "CONTENT_TOO_LARGE", "not_sent", "safe"),
    "a missing parameter": ({}, {}, "MISSING_REQUIRED_FIELD", "not_sent", "safe"),
    "an unknown parameter": ({"do": "well", "x": 1}, {}, "SCHEMA_VALIDATION_FAILED", "not_sent", "safe"),
    "a wrong and a missing parameter": ({"size": "x"}, {}, "SCHEMA_VALIDATION_FAILED", "not_sent", "safe"),
}


@pytest.mark.parametrize(("params", "how", "code", "phase", "safety"), FAILURES.values(), ids=FAILURES.keys())
def test_it_answers(params: dict[str, Any], how: dict[str, Any], code: str, phase: Phase, safety: str) -> None:
    outcome = outcome_of(params, **how)
    assert (outcome.success, outcome.result) == (False, None)
    assert outcome.failure is not None
    assert (outcome.failure.code, outcome.failure.phase, outcome.failure.retry_safety) == (code, phase, safety)


def test_it_answers_for_a_skill_that_cannot_say_its_effect() -> None:
    assert outcome_of({"do": "confuse"}).success
    failure = outcome_of({"do": "confuse", "x": 1}).failure
    assert failure is not None
    assert failure.code == "SCHEMA_VALIDATION_FAILED"


def test_it_tells_nothing_of_a_defect_but_its_kind() -> None:
    assert "secret detail" not in outcome_of({"do": "break"}).model_dump_json()


def test_it_points_to_the_parameter() -> None:
    failure = outcome_of({"do": "well", "a/b~c": 1}).failure
    assert failure is not None
    assert [fault.pointer for fault in failure.details.errors] == ["/a~1b~0c"]


def test_it_keeps_what_was_reported_before_the_end() -> None:
    assert [noted.phase for noted in outcome_of({"do": "hang after sending"}, timeout_ms=30).side_effects] == ["maybe_sent"]


SAFETY: list[tuple[Effect, Phase, str]] = [
    (Effect.NONE, "acked", "safe"),
    (Effect.READ, "maybe_sent", "safe"),
    (Effect.IDEMPOTENT_WRITE, "maybe_sent", "safe"),
    (Effect.WRITE, "not_sent", "safe"),
    (Effect.WRITE, "maybe_sent", "unknown"),
    (Effect.WRITE, "acked", "unsafe"),
    (Effect.IRREVERSIBLE, "maybe_sent", "unknown"),
    (Effect.IRREVERSIBLE, "acked", "unsafe"),
]


@pytest.mark.parametrize(("effect", "phase", "safety"), SAFETY)
def test_repeating_is(effect: Effect, phase: Phase, safety: str) -> None:
    assert retry_safety(effect, phase) == safety
