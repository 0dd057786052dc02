"""A run that does another one again takes over results it is given: those steps are done, and nothing of them happens."""

from __future__ import annotations

from typing import Any

import msgspec

from runs.engine.decisions import Carry, StartStep
from runs.engine.events import Pin
from runs.engine.replay import hashes, tape, verify
from runs.engine.script import Ok, ScriptWorld, accepted
from runs.engine.virtual import drive
from tests.engine.story import PINS, plan, s

PLAN = plan(
    s("fetch", "look"),
    s("pay", "pay", params={"sum": "${steps.fetch.result.sum}"}, reads=["fetch"]),
    s("tell", "work", "pay", params={"text": "${steps.fetch.result.sum}"}),
)


def played(carried: dict[str, Any], **pins: Pin) -> tuple[Any, list[Any]]:
    first = msgspec.structs.replace(accepted(PLAN), carried=carried, from_step="pay")
    return drive(first, ScriptWorld(PLAN, {"fetch": [Ok({"sum": 1}, cost_micro_usd=5)]}, pins={**PINS, **pins}))


def started(journal: list[Any]) -> list[str]:
    return [d.step for entry in journal for d in entry.decisions if isinstance(d, StartStep)]


def test_it_calls_nothing_whose_result_is_carried_over() -> None:
    state, journal = played({"fetch": {"sum": 7}})
    assert state.status == "succeeded"
    assert started(journal) == ["pay", "tell"]
    assert [d.step for entry in journal for d in entry.decisions if isinstance(d, Carry)] == ["fetch"]
    assert (state.steps["fetch"].status, state.steps["fetch"].result, state.steps["fetch"].attempts) == ("succeeded", {"sum": 7}, [])


def test_it_hands_the_carried_result_to_who_reads_it() -> None:
    state, _ = played({"fetch": {"sum": 7}})
    assert state.steps["pay"].params == {"sum": 7}
    assert state.steps["tell"].params == {"text": 7}


def test_it_pays_nothing_for_what_is_carried_over() -> None:
    assert played({})[0].spent_micro_usd == 5
    assert played({"fetch": {"sum": 7}})[0].spent_micro_usd == 0


def test_it_ends_at_once_where_everything_is_carried_over() -> None:
    state, journal = played({"fetch": {"sum": 7}, "pay": None, "tell": "done"})
    assert state.status == "succeeded" and started(journal) == []


def test_it_is_replayed_from_its_own_journal_alone() -> None:
    _, journal = played({"fetch": {"sum": 7}})
    for replayed in (verify(journal), tape(journal)):
        assert replayed.difference is None and all(held for _, held, _ in replayed.invariants)
        assert hashes(replayed)[0] == hashes(verify(journal))[0]


def test_it_behaves_otherwise_than_a_run_that_called() -> None:
    carried, called = verify(played({"fetch": {"sum": 1}})[1]), verify(played({})[1])
    assert hashes(carried)[0] != hashes(called)[0]
    assert hashes(carried)[1] == hashes(called)[1], "what came out is the same"
