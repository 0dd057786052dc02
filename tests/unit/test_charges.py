"""Which charges a fact leads to: each call that cost something once, lost ones at their worst case, and which of them were waste."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from runs.engine import events as e
from runs.engine.events import Fact
from runs.engine.machine import step as machine_step
from runs.engine.virtual import drive
from runs.shell.charges import Calls, ChargeRow, charges_of
from runs.shell.claims import Claimed
from tests.engine.generated import Anybody, runs
from tests.engine.story import Story, s

RUN = Claimed(7, "run_1", 1, "acme", 2, "active", 0, 0, "", 0, False, None)
USAGE = {"input": 1_000, "output": 20, "cache_read": 300, "cache_write": 0}


def charged(facts: Iterable[Fact]) -> tuple[list[ChargeRow], list[int]]:
    """Return the charges of a journal, and how far they are from what the run has spent at each of its events."""
    state, rows, off, calls = None, [], [], Calls()
    for seq, fact in enumerate(facts, start=1):
        state, decisions = machine_step(state, fact)
        rows += charges_of(RUN, seq, fact, decisions, state, calls)
        off.append(sum(row.cost_micro_usd for row in rows) - state.spent_micro_usd)
    return rows, off


def of(story: Story) -> list[ChargeRow]:
    rows, off = charged(story.facts)
    assert not any(off)
    return rows


def told(row: ChargeRow, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)


def a_call(*steps: dict[str, Any], model: str = "large", **terms: Any) -> Story:
    """Return the story of a plan whose first step is being called."""
    story = admitted(*(steps or (s("a", "model"),)), **terms)
    bound(story, "a", 40, model)
    return story


def admitted(*steps: dict[str, Any], **terms: Any) -> Story:
    return Story.admitted(*steps, granted=None, **terms)


def bound(story: Story, key: str, worst: int = 40, model: str = "large") -> list[str]:
    return story.tell(e.CostBounded, key, story.state.steps[key].attempt + 1, worst, model)


@settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(runs())
def test_they_are_what_a_run_has_spent_at_every_event(run: tuple[e.RunAccepted, Anybody, list[Fact]]) -> None:
    _, journal = drive(*run)
    rows, off = charged(entry.fact for entry in journal)
    assert not any(off)
    calls = [(row.step, row.attempt) for row in rows]
    assert len(calls) == len(set(calls)), "a call was charged twice"


def test_it_charges_a_call_with_its_skill_model_tokens_and_price() -> None:
    story = a_call()
    story.tell(e.StepSucceeded, "a", 1, "said", 25, usage=USAGE, pricing="priced", pricing_version="2026-11/x")
    (row,) = of(story)
    assert told(row, "tenant_id", "agent_id", "run_public_id") == (1, 2, "run_1")
    assert told(row, "seq", "step", "attempt", "at_ms") == (len(story.facts), "a", 1, story.now)
    assert told(row, "skill", "skill_version", "model", "cost_micro_usd") == ("model", "1.0.0", "large", 25)
    assert told(row, "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens") == (1_000, 20, 300, 0)
    assert told(row, "pricing_status", "pricing_version", "waste") == ("priced", "2026-11/x", "")


@pytest.mark.parametrize(
    ("fields", "charges"),
    [
        pytest.param({}, 0, id="free"),
        pytest.param({"usage": dict.fromkeys(USAGE, 0)}, 0, id="free, no tokens"),
        pytest.param({"usage": USAGE}, 1, id="free, with tokens"),
        pytest.param({"cost_micro_usd": 1}, 1, id="paid"),
    ],
)
def test_it_charges_what_cost_money_or_used_tokens(fields: dict[str, Any], charges: int) -> None:
    story = a_call()
    story.tell(e.StepSucceeded, "a", 1, **fields)
    assert len(of(story)) == charges


def test_it_charges_nothing_for_a_fact_that_came_twice() -> None:
    story = a_call(s("a", "model"), s("b", "work", "a"))
    story.ok("a", cost=25)
    again = e.StepSucceeded(story.now + 1, "a", 1, None, 25)
    rows, _ = charged([*story.facts, again])
    assert len(rows) == 1


@pytest.mark.parametrize(
    ("pricing", "status"), [("priced", "priced"), ("free", "priced"), ("unpriced", "unpriced")], ids=lambda value: str(value)
)
def test_it_says_where_a_cost_comes_from(pricing: str, status: str) -> None:
    story = a_call()
    story.tell(e.StepSucceeded, "a", 1, cost_micro_usd=40, pricing=pricing)
    assert of(story)[0].pricing_status == status


def test_a_provider_that_reports_nonsense_costs_no_row() -> None:
    story = a_call()
    story.tell(e.StepSucceeded, "a", 1, cost_micro_usd=40, usage={"input": -5, "output": 10**30}, pricing_version="x\x00\ud800y" * 100)
    (row,) = of(story)
    assert told(row, "input_tokens", "output_tokens", "cache_read_tokens") == (0, 2**53 - 1, 0)
    assert row.pricing_version == ("xy" * 100)[:160]


def test_it_names_the_provider_the_call_asks_for() -> None:
    story = a_call(s("a", "model", params={"provider": "anthropic"}))
    story.ok("a", cost=5)
    assert of(story)[0].provider == "anthropic"


# Waste


def test_a_failed_call_is_waste_and_the_one_that_works_is_not() -> None:
    story = a_call(s("a", "model", retry={"max_attempts": 3, "backoff_ms": 0}))
    story.fail("a", "TIMEOUT", "acked", cost_micro_usd=10)
    story.ok("a", cost=25)
    assert [told(row, "attempt", "cost_micro_usd", "waste") for row in of(story)] == [(1, 10, "retry"), (2, 25, "")]


def test_a_call_somebody_stopped_is_no_waste() -> None:
    story = a_call()
    story.tell(e.CancelRequested)
    story.fail("a", "CANCELLED", "maybe_sent", cost_micro_usd=40)
    assert [told(row, "cost_micro_usd", "waste") for row in of(story)] == [(40, "")]


def test_a_call_that_falls_back_is_charged_as_what_it_was() -> None:
    story = a_call(s("a", "model", on_error="fallback", fallback_skill="work", fallback_params={}))
    story.fail("a", "LLM_REFUSED", "acked", cost_micro_usd=10)
    assert story.state.steps["a"].on_fallback
    assert [told(row, "skill", "model", "waste") for row in of(story)] == [("model", "large", "retry")]


def test_a_call_that_repeats_an_earlier_one_is_a_loop() -> None:
    plan = [s(f"s{n}", "model", *([f"s{n - 1}"] if n else []), params={"x": n == 2}) for n in range(5)]
    story = admitted(*plan)
    for n, result in enumerate(["said", "said", "said", "other", "said"]):
        bound(story, f"s{n}")
        story.ok(f"s{n}", result, cost=5)
    # The third asks something else, the fourth hears something else; the fifth is the first again.
    assert [row.waste for row in of(story)] == ["", "loop", "", "", "loop"]


def test_a_loop_is_seen_by_a_worker_that_did_not_see_its_begin() -> None:
    story = admitted(s("a", "model"), s("b", "model", "a"))
    for key in ("a", "b"):
        bound(story, key)
        story.ok(key, "said", cost=5)
    state = None
    for fact in story.facts:
        state, decisions = machine_step(state, fact)
    assert [row.waste for row in charges_of(RUN, 9, story.facts[-1], decisions, state, Calls())] == ["loop"]


# Lost calls


def test_a_lost_call_is_charged_at_its_worst_case() -> None:
    story = a_call()
    story.tell(e.RunReclaimed, 1)
    story.ok("a", cost=25)
    lost, done = of(story)
    assert told(lost, "attempt", "cost_micro_usd", "pricing_status", "waste", "model") == (1, 40, "estimated", "retry", "large")
    assert told(done, "attempt", "cost_micro_usd", "pricing_status", "waste") == (2, 25, "priced", "")


def test_all_calls_that_were_lost_together_are_charged() -> None:
    story = admitted(s("a", "model"), s("b", "model"), s("c", "work"))
    bound(story, "a", 40)
    bound(story, "b", 30, "small")
    story.tell(e.RunReclaimed, 1)
    assert [told(row, "step", "cost_micro_usd", "model") for row in of(story)] == [("a", 40, "large"), ("b", 30, "small")]


def test_a_call_that_was_lost_is_charged_once_though_workers_are_lost_twice_in_one_millisecond() -> None:
    story = admitted(s("a", "model"), s("b", "model"))
    bound(story, "a", 40)
    bound(story, "b", 30)
    story.tell(e.RunReclaimed, 0)
    story.tell(e.StepSucceeded, "a", 2, "said", 0, after=0)
    story.tell(e.RunReclaimed, 0, after=0)
    assert [told(row, "step", "attempt", "cost_micro_usd") for row in of(story)] == [("a", 1, 40), ("b", 1, 30), ("b", 2, 30)]


@pytest.mark.parametrize("how", [(e.CancelRequested, e.RunReclaimed), (e.RunPoisoned,)], ids=["while it was stopped", "once too often"])
def test_a_call_that_is_lost_for_good_is_charged(how: tuple[type[Fact], ...]) -> None:
    story = a_call()
    for kind in how:
        story.tell(kind, *([4] if kind is e.RunPoisoned else []))
    assert [told(row, "cost_micro_usd", "waste") for row in of(story)] == [(40, "retry")]


def test_a_call_that_was_called_back_is_charged_what_is_known() -> None:
    story = a_call()
    story.tell(e.RunHandedBack)
    story.tell(e.StepInterrupted, "a", 1, "maybe_sent", 40)
    story.tell(e.RunReclaimed, 0)
    assert [told(row, "cost_micro_usd", "pricing_status", "waste") for row in of(story)] == [(40, "estimated", "retry")]


# Planning


def planning() -> Story:
    story = Story(e.RunAccepted(0, "r", e.Terms(), goal="g", planner="claude", planner_free=False))
    story.tell(e.CostBounded, "$plan", 1, 50)
    story.tell(e.ReservationExtended, 100)
    return story


def test_planning_is_charged_and_a_refused_plan_is_waste() -> None:
    story = planning()
    story.tell(e.PlanRejected, [{"pointer": "/steps", "detail": "none"}], {}, 1, 20, usage=USAGE, model="m-1", pricing_version="v")
    story.tell(e.CostBounded, "$plan", 2, 50)
    story.tell(e.PlanProposed, {"steps": [s("a")]}, 2, "claude", model="m-1", cost_micro_usd=30, usage=USAGE)
    rejected, proposed = of(story)
    assert told(rejected, "step", "skill", "skill_version", "model") == ("$plan", "planner:claude", "", "m-1")
    assert told(rejected, "cost_micro_usd", "pricing_status", "waste", "input_tokens") == (20, "priced", "retry", 1_000)
    # Without a price's version nobody knew the price.
    assert told(proposed, "cost_micro_usd", "pricing_status", "waste") == (30, "unpriced", "")


def test_a_planner_that_failed_is_charged() -> None:
    story = planning()
    story.fail("$plan", "LLM_REFUSED", "acked", cost_micro_usd=20, usage=USAGE, pricing="priced")
    assert [told(row, "step", "skill", "cost_micro_usd", "waste") for row in of(story)] == [("$plan", "planner:claude", 20, "retry")]
