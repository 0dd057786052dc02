"""Folding a journal costs the same per fact however long it is: state is changed in place (docs/adr/0001)."""

from __future__ import annotations

from time import process_time

from runs.engine.events import Fact
from runs.engine.script import Ok, ScriptWorld, accepted
from runs.engine.virtual import drive, fold
from tests.engine.story import plan, s

SHORT, LONG = 1_000, 10_000


def journal_of(items: int) -> list[Fact]:
    looped = s("each", for_each="${inputs.all}", max_items=items, params={"it": "${item}"})
    first = accepted(plan(looped))
    first.inputs["all"] = list(range(items))
    state, journal = drive(first, ScriptWorld(outcomes={"each": Ok("done")}))
    assert state.status == "succeeded"
    return [entry.fact for entry in journal]


def cost_per_fact(facts: list[Fact]) -> float:
    """Return the best of five: what else the machine did meanwhile is no cost of ours."""
    best = float("inf")
    for _ in range(5):
        begun = process_time()
        fold(facts)
        best = min(best, process_time() - begun)
    return best / len(facts)


def test_it_costs_no_more_per_fact_in_a_long_journal() -> None:
    assert cost_per_fact(journal_of(LONG)) < 3 * cost_per_fact(journal_of(SHORT))
