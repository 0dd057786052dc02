"""Whatever the plan: under every fault and pair a run ends or waits honestly, and asking about doubts duplicates and loses nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.engine import story
from tests.engine.generated import INPUTS, steps
from tests.engine.rehearsed import report, stage

KEPT = settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@st.composite
def plans(draw: st.DrawFn) -> list[dict[str, Any]]:
    return [draw(steps(number)) for number in range(draw(st.integers(1, 4)))]


@seed(20_261_129)
@given(plans(), st.sampled_from(["ask", "assume_happened", "assume_not"]))
@KEPT
def test_every_run_ends_or_waits_for_somebody_who_can_settle_it(planned: list[dict[str, Any]], policy: str) -> None:
    told = report(stage(*planned, pins=story.PINS, inputs=INPUTS, in_doubt_policy=policy))
    cases = [*told.cases, *(told.pairs.cases if told.pairs else ())]
    assert [case for case in cases if not case.honest] == []


@seed(20_261_130)
@given(plans())
@KEPT
def test_who_asks_about_doubts_and_has_no_second_way_does_nothing_twice_and_claims_nothing(planned: list[dict[str, Any]]) -> None:
    one_way = [{**step, "on_error": "continue"} if step["on_error"] == "fallback" else step for step in planned]
    told = report(stage(*one_way, pins=story.PINS, inputs=INPUTS))
    assert (told.passed, [case for case in told.cases if case.duplicates or case.missing]) == (True, [])


@seed(20_261_131)
@given(plans(), st.sampled_from(["ask", "assume_not"]))
@KEPT
def test_the_same_plan_gives_the_same_report(planned: list[dict[str, Any]], policy: str) -> None:
    first, second = (report(stage(*planned, pins=story.PINS, inputs=INPUTS, in_doubt_policy=policy)) for _ in range(2))
    assert first == second
