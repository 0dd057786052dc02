"""What a call costs by itself stands in its outcome, whatever came of the call: what may have left is charged, what never left is not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from skills.adapters.price_table import PER_CALL, Clause, DatedPrice, PriceTable
from skills.adapters.prices import put_in_force, today
from skills.base import Params, Skill, SkillFailure
from skills.contracts import CostModel, Effect, Phase, SideEffect, StructuredOutcome
from skills.costs import worst_case_of
from skills.execution import run_skill
from skills.ports import SkillContext
from skills.testing import DictSecrets, RefusingHttp


@pytest.fixture(autouse=True)
def _shipped_prices_after() -> Iterator[None]:
    yield
    put_in_force(None)


class DoParams(Params):
    sends: Phase | None = None
    then: str = "answer"
    says: Phase = "not_sent"
    cost: Any = 0


class DoResult(Params):
    text: str = ""


class Charging(Skill):
    """Does what its parameters say; each call of it costs 50."""

    name = "charging"
    version = "1.0.0"
    description = "For tests."
    effect = Effect.READ
    failure_modes = []
    cost_model = CostModel(base_micro_usd=50, worst_case_micro_usd=100)
    Params = DoParams
    Result = DoResult

    async def run(self, params: DoParams, context: SkillContext) -> Any:
        if params.sends is not None:
            context.report.side_effects.append(SideEffect(type="TEST", target="t", effect=self.effect, phase=params.sends))
        context.report.cost_micro_usd = params.cost
        if params.then == "fail":
            raise SkillFailure("UPSTREAM_ERROR", "no", phase=params.says)
        if params.then == "break":
            raise ZeroDivisionError
        if params.then == "hang":
            await asyncio.sleep(30)
        return {"number": 1} if params.then == "lie" else {}


class Computing(Charging):
    """The same, but nothing ever leaves the process."""

    effect = Effect.NONE


def outcome_of(skill: Skill, params: dict[str, Any], *, cancel: bool = False) -> StructuredOutcome:
    async def run() -> StructuredOutcome:
        context = SkillContext(http=RefusingHttp(), secrets=DictSecrets({}), config={}, idempotency_key="k", timeout_ms=50)
        task = asyncio.create_task(run_skill(skill, params, context))
        if cancel:
            await asyncio.sleep(0.01)
            task.cancel()
        return await task

    return asyncio.run(run())


CALLS: dict[str, tuple[dict[str, Any], int, int]] = {
    # parameters, cost where something is sent, cost where nothing ever is
    "a result": ({}, 50, 50),
    "a result, with costs of its own": ({"cost": 30}, 80, 80),
    "a failure before anything left": ({"then": "fail"}, 0, 50),
    "a failure that may have left": ({"then": "fail", "says": "maybe_sent"}, 50, 50),
    "a failure that came back": ({"then": "fail", "says": "acked"}, 50, 50),
    "a failure that says less than it did": ({"then": "fail", "sends": "maybe_sent"}, 50, 50),
    "a failure with costs of its own": ({"then": "fail", "says": "acked", "cost": 30}, 80, 80),
    "a defect before anything left": ({"then": "break"}, 0, 50),
    "a defect after": ({"then": "break", "sends": "acked"}, 50, 50),
    "running out of time": ({"then": "hang", "sends": "maybe_sent"}, 50, 50),
    "a result that breaks its schema": ({"then": "lie", "sends": "acked"}, 50, 50),
    "parameters that are refused": ({"unknown": 1}, 0, 0),
}


@pytest.mark.parametrize(("params", "sending", "computing"), CALLS.values(), ids=CALLS)
def test_it_costs(params: dict[str, Any], sending: int, computing: int) -> None:
    for skill, cost in ((Charging(), sending), (Computing(), computing)):
        execution = outcome_of(skill, params).execution
        assert (execution.cost_micro_usd, execution.pricing_status) == (cost, "priced" if cost else "free")
        assert execution.pricing_version == ("declared/charging/1.0.0" if cost >= 50 else None)
        worst = worst_case_of(skill, params, {})
        assert worst is not None and cost <= worst


def test_it_costs_what_was_cancelled_after_it_left() -> None:
    assert outcome_of(Charging(), {"then": "hang", "sends": "maybe_sent"}, cancel=True).execution.cost_micro_usd == 50
    assert outcome_of(Charging(), {"then": "hang"}, cancel=True).execution.cost_micro_usd == 0


@pytest.mark.parametrize("cost", [None, -1, 0.5, "9", 10**40, [], float("nan")])
def test_it_says_that_nobody_knows_where_a_skill_reports_nonsense(cost: Any) -> None:
    outcome = outcome_of(Charging(), {"cost": cost})
    assert outcome.success
    assert (outcome.execution.cost_micro_usd, outcome.execution.pricing_status) == (None, "unpriced")


def test_an_operator_prices_calls_of_a_skill_that_declares_no_price() -> None:
    free = type("Free", (Charging,), {"cost_model": CostModel(), "name": "free_one"})()
    assert outcome_of(free, {}).execution.pricing_status == "free"
    row = DatedPrice(PER_CALL, "free_one", (Clause("equals", "free_one"),), today(), "operator/…", per_call_micro_usd=70, by_operator=True)
    put_in_force(PriceTable([row]))
    execution = outcome_of(free, {"cost": 5}).execution
    assert (execution.cost_micro_usd, execution.pricing_status, execution.pricing_version) == (75, "priced", "operator/…")
    assert worst_case_of(free, {}, {}) == 70
