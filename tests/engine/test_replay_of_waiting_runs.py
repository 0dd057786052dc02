"""A run that waits is replayed up to where it is, and not into a future it has not had."""

from __future__ import annotations

from runs.engine.replay import tape, verify
from runs.engine.script import ScriptWorld, accepted
from runs.engine.virtual import drive
from tests.engine.story import PINS, plan, s


def test_it_replays_a_run_that_waits_for_approval_up_to_there() -> None:
    first = accepted(plan(s("look", "look"), s("pay", "pay", "look", approval="always")))
    state, journal = drive(first, ScriptWorld(pins=PINS), until_ms=first.at_ms + 60_000)
    assert state.waiting_for == "approval"
    for replayed in (verify(journal), tape(journal)):
        assert replayed.difference is None
        assert replayed.state.waiting_for == "approval"
        assert all(held for _, held, _ in replayed.invariants)
