"""Our own skills conform to the kit plugin authors use, and the kit finds what it is there to find."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from pydantic import BaseModel

from skills.base import Params, Skill, SkillFailure, Undo
from skills.contracts import Constraints, CostModel, Effect, FailureMode, SideEffect, failure_mode
from skills.library.http_call import HttpCall
from skills.library.json_transform import JsonTransform
from skills.library.llm_invoke import LlmInvoke
from skills.ports import SkillContext
from skills.taxonomy import Category
from skills.testing import Example, check_skill

PAGE = "<h1>One</h1><p>text</p><h2>Two</h2>"


def test_json_transform_conforms() -> None:
    examples = [
        Example({"input": {"a": [3, 1, 2]}, "path": "$.a", "operations": [{"op": "sort"}]}),
        Example({"input": PAGE, "operations": [{"op": "headings"}]}),
        Example({"input": PAGE, "operations": [{"op": "html_text"}]}),
        Example({"input": 2**60}),
        Example({"input": 1, "path": "no path"}, succeeds=False),
        Example({"input": 1, "schema": {"type": "string"}}, succeeds=False),
    ]
    assert check_skill(JsonTransform, examples) == []


def test_http_call_conforms() -> None:
    examples = [
        Example({"url": "https://example.com/"}, succeeds=False),
        Example({"url": "${secrets.URL}", "method": "POST"}, secrets={"URL": "https://example.com/hook/4711"}, succeeds=False),
        Example({"url": "https://e.example/", "headers": {"A": "${secrets.K}\n"}}, secrets={"K": "s3cr3t"}, succeeds=False),
        Example({"url": "https://e.example/", "headers": {"A": "${secrets.NO}"}}, succeeds=False),
    ]
    assert check_skill(HttpCall, examples) == []


class NumberParams(Params):
    number: int = 0


class NumberResult(BaseModel):
    number: Any


class Good(Skill):
    """A skill that keeps every rule; each bad one below breaks one."""

    name = "good"
    version = "1.0.0"
    description = "Gives the number back."
    effect = Effect.NONE
    deterministic = True
    failure_modes = [failure_mode("MISSING_REQUIRED_FIELD", "."), failure_mode("SCHEMA_VALIDATION_FAILED", ".")]
    Params = NumberParams
    Result = NumberResult

    async def run(self, params: NumberParams, context: SkillContext) -> Any:
        return {"number": params.number}


class BadName(Good):
    name = "Bad Name"


class BadVersion(Good):
    version = "one"


class Silent(Good):
    description = " "


class Lenient(Good):
    class Params(BaseModel):
        number: int = 0


class Inventive(Good):
    failure_modes = [FailureMode(code="OOPS", category=Category.PERMANENT, typical_cause=".", retryable=False)]


class Contradicting(Good):
    failure_modes = [FailureMode(code="TIMEOUT", category=Category.PERMANENT, typical_cause=".", retryable=False)]


class Fragile(Good):
    def effect_of(self, params: Mapping[str, Any]) -> Effect:
        return Effect.READ if params["number"] > 1 else Effect.NONE


class Pricey(Good):
    def worst_case_micro_usd(self, params: Mapping[str, Any], config: Mapping[str, Any]) -> Any:
        return 0.5


class Nameless(Good):
    def model_of(self, params: Mapping[str, Any], config: Mapping[str, Any]) -> Any:
        return ""


class Misadvised(Good):
    def cheaper_params(self, params: Mapping[str, Any], config: Mapping[str, Any]) -> Any:
        return {"quality": "low"}


class Undercharging(Good):
    async def run(self, params: NumberParams, context: SkillContext) -> Any:
        context.report.cost_micro_usd, context.report.priced = 5, True
        return {"number": params.number}


class Counted(Good):
    """What it reports holds the base already, which the runtime adds."""

    cost_model = CostModel(base_micro_usd=5, worst_case_micro_usd=5)
    run = Undercharging.run


class Vague(Good):
    async def run(self, params: NumberParams, context: SkillContext) -> Any:
        context.report.cost_micro_usd = None
        return {"number": params.number}


class Random(Good):
    async def run(self, params: NumberParams, context: SkillContext) -> Any:
        return {"number": time.perf_counter_ns()}


class Defective(Good):
    async def run(self, params: NumberParams, context: SkillContext) -> Any:
        return {"number": 1 // params.number}


class Undeclared(Good):
    async def run(self, params: NumberParams, context: SkillContext) -> Any:
        raise SkillFailure("NOT_FOUND", "nothing")


class Touching(Good):
    async def run(self, params: NumberParams, context: SkillContext) -> Any:
        context.report.side_effects.append(SideEffect(type="FILE_WRITE", target="x", effect=Effect.WRITE, phase="acked"))
        return {"number": 0}


class Leaking(Good):
    async def run(self, params: NumberParams, context: SkillContext) -> Any:
        return {"number": context.secrets.reveal("KEY")}


class Probing(Good):
    probe_description = "Looks it up."

    async def probe(self, params: NumberParams, context: SkillContext) -> Any:
        return "happened" if params.number else "unknown"


class ProbesWithoutSayingHow(Good):
    def can_probe(self, params: Mapping[str, Any]) -> bool:
        return True


class RaisingProbe(Probing):
    async def probe(self, params: NumberParams, context: SkillContext) -> Any:
        return 1 // params.number


class LyingProbe(Probing):
    async def probe(self, params: NumberParams, context: SkillContext) -> Any:
        return "perhaps"


class ChangingProbe(Probing):
    async def probe(self, params: NumberParams, context: SkillContext) -> Any:
        context.report.side_effects.append(SideEffect(type="FILE_WRITE", target="x", effect=Effect.WRITE, phase="acked"))
        return "happened"


class Undoing(Good):
    reversible_by: Any = "good"

    def undo_of(self, params: Mapping[str, Any], result: Any, side_effects: Any) -> Any:
        return Undo("good", {"number": -(result or {}).get("number", 0)}, "Gives the number's negative.")


class UndoneByAnother(Undoing):
    reversible_by = "json_transform"


class UndoneByNobody(Undoing):
    reversible_by = "nobody"

    def undo_of(self, params: Mapping[str, Any], result: Any, side_effects: Any) -> Any:
        return Undo("nobody", {}, "Nothing.")


class UndoneByNonsense(Undoing):
    def undo_of(self, params: Mapping[str, Any], result: Any, side_effects: Any) -> Any:
        return Undo("good", {"sum": 1}, "Nothing.")


class RaisingUndo(Undoing):
    def undo_of(self, params: Mapping[str, Any], result: Any, side_effects: Any) -> Any:
        return result["number"].upper()


class Deaf(Good):
    deterministic = False
    constraints = Constraints(timeout_ms=100)

    async def run(self, params: NumberParams, context: SkillContext) -> Any:
        for _ in range(60):
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                continue
        return {"number": 0}


BREAKS = {
    "metadata": [BadName, BadVersion, Silent],
    "schema": [Lenient],
    "unknown_params": [Lenient],
    "failure_modes": [Inventive, Contradicting, Undeclared],
    "raw_params": [Fragile, Pricey, Nameless, Misadvised, ProbesWithoutSayingHow],
    "probe": [RaisingProbe, LyingProbe, ChangingProbe],
    "undo": [UndoneByAnother, UndoneByNobody, UndoneByNonsense, RaisingUndo],
    "cost": [Undercharging, Counted, Vague],
    "deterministic": [Random],
    "raises": [Defective],
    "side_effects": [Touching],
    "secrets": [Leaking],
    "deadline": [Deaf],
    "cancellation": [Deaf],
}


def test_llm_invoke_conforms() -> None:
    examples = [
        Example({"prompt": "What is it about?", "input": PAGE}),
        Example({"prompt": "x"}, config={"provider": "anthropic"}, succeeds=False),
        Example({"prompt": "x"}, config={"provider": "openai_compatible", "model": "nobody-knows-7b"}, succeeds=False),
    ]
    assert check_skill(LlmInvoke, examples) == []


@pytest.mark.parametrize("cls", [Good, Probing, Undoing])
def test_the_good_one_conforms(cls: type[Skill]) -> None:
    assert check_skill(cls, [Example({"number": 1})]) == []


def test_a_skill_that_charges_by_the_call_conforms() -> None:
    assert check_skill(type("Charging", (Good,), {"cost_model": CostModel(base_micro_usd=5, worst_case_micro_usd=5)}), [Example({})]) == []


@pytest.mark.parametrize(("rule", "cls"), [(rule, cls) for rule, classes in BREAKS.items() for cls in classes])
def test_the_kit_finds_what_breaks(rule: str, cls: type[Skill]) -> None:
    assert rule in broken_by(cls)


@cache
def broken_by(cls: type[Skill]) -> set[str]:
    """Return the rules a skill is found to break; once, for one that does not listen is waited for long."""
    return {finding.rule for finding in check_skill(cls, [Example({"number": 0}, secrets={"KEY": "s3cr3t-value"})])}


def test_the_kit_finds_an_example_that_does_not_hold() -> None:
    assert [finding.rule for finding in check_skill(Good, [Example({"number": "x"})])] == ["example"]
