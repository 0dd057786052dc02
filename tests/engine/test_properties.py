"""Whatever plan, whatever failures, whoever interferes: the rules hold at every position and every run ends."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, seed, settings

from runs.engine import events as e
from runs.engine.decisions import Finish
from runs.engine.digests import behaviour_hash, content_hash
from runs.engine.events import Fact
from runs.engine.script import Fail, Priced, ScriptWorld, accepted
from runs.engine.virtual import drive, fold
from tests.engine.generated import Anybody, runs
from tests.engine.invariants import Watch
from tests.engine.story import PINS, encoded, plan, s

EXAMPLES = 800 * int(os.environ.get("AOS_TEST_ROUNDS", "1"))

# Half a minute on one free core, and cores are not always free.
pytestmark = pytest.mark.timeout(600)


@seed(20261120)
@settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(runs())
def test_it_keeps_every_rule_and_ends(run: tuple[e.RunAccepted, Anybody, list[Fact]]) -> None:
    first, world, outside = run
    state, journal = drive(first, world, outside)
    assert state.finished, f"{state.status} {state.waiting_for}"
    watch = Watch()
    again = watch.follow(journal)
    assert watch.finishes == 1
    assert any(isinstance(decision, Finish) for decision in journal[-1].decisions)
    assert encoded(again) == encoded(state)
    assert (behaviour_hash(again), content_hash(again)) == (behaviour_hash(state), content_hash(state))


def test_a_cap_of_a_model_is_passed_by_what_a_step_cost_before_it_went_another_way() -> None:
    body = plan(s("a", "model", on_error="fallback", fallback_skill="ask", retry={"max_attempts": 1}))
    outcomes = {"a": Fail("TIMEOUT", "not_sent", cost_micro_usd=90)}
    world = ScriptWorld(body, outcomes, pins=PINS, bounds={"a": Priced(40, "large")}, granted=0, room=200)
    Watch().follow(drive(accepted(body), world)[1])


@seed(20261121)
@settings(max_examples=50, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(runs())
def test_it_folds_to_the_same_state_from_the_facts_alone(run: tuple[e.RunAccepted, Anybody, list[Fact]]) -> None:
    state, journal = drive(*run)
    again, decided = fold([entry.fact for entry in journal])
    assert decided == journal
    assert encoded(again) == encoded(state)
