"""A goal becomes a plan before anything runs: proposed, mended once if it is refused, admitted once."""

from __future__ import annotations

from typing import Any

from runs.engine import events as e
from runs.engine.decisions import Deny, Retry
from runs.engine.script import Fail, Lost, Ok, Rejected, ScriptWorld, accepted
from runs.engine.virtual import drive
from tests.engine.story import Story, plan, rules, s, starts

FAULT = {"pointer": "/steps/0/skill", "code": "SKILL_NOT_FOUND", "detail": "no skill 'x' is registered"}


def goal(**fields: Any) -> Story:
    return Story(e.RunAccepted(0, "r", e.Terms(**fields.pop("terms", {})), goal="g", planner="stub", **fields))


def test_it_plans_admits_and_runs() -> None:
    story = goal()
    assert story.tell(e.PlanProposed, plan(s("a")), planner="stub", planner_version="3") == ["admit $admit"]
    assert story.refuses(e.PlanProposed, plan(s("b"))) == "not_asked"
    assert (story.state.planner, story.state.planner_version) == ("stub", "3")
    assert story.tell(e.RunAdmitted, {"a": e.Pin("work", "1.0.0")}, "h", granted_micro_usd=None) == ["start a"]
    assert story.refuses(e.RunAdmitted, {}, "h2") == "not_asked"
    assert story.state.plan_hash == "h"


def test_it_has_a_refused_plan_mended_once() -> None:
    story = goal()
    assert story.tell(e.PlanRejected, [FAULT], {"steps": []}) == ["retry $plan", "call_planner $plan"]
    assert story.decision(Retry).rule == "repair_plan"
    # The planner is shown what was wrong.
    assert (story.state.faults, story.state.rejected) == ([FAULT], {"steps": []})
    assert story.refuses(e.PlanRejected, [FAULT], {}, 1) == "not_asked"
    assert story.tell(e.PlanProposed, plan(s("a")), 2) == ["admit $admit"]


def test_it_fails_when_the_mended_plan_is_refused_too() -> None:
    story = goal()
    story.tell(e.PlanRejected, [FAULT], {})
    assert story.tell(e.PlanRejected, [FAULT], {}, 2) == ["deny $plan"]
    deny = story.decision(Deny)
    assert (deny.code, deny.rule) == ("PLAN_INVALID", "repair_used_up")
    assert "/steps/0/skill: no skill 'x' is registered" in deny.message
    assert story.denied("$plan") == ["no_retry $plan", "abort $plan", "finish"]
    assert story.ending == ("failed", "PLAN_INVALID")


def test_it_asks_a_planner_again_that_is_rate_limited() -> None:
    world = ScriptWorld(plan(s("a")), {"$plan": [Fail("RATE_LIMITED", retry_after_ms=5_000), Lost(), Rejected(), Ok()]})
    state, journal = drive(accepted(), world)
    assert rules(journal) == [
        "retry $plan:category_default",
        "lost $plan:repeatable_effect",
        "retry $plan:repair_plan",
        "finish :all_steps_done",
    ]
    assert (state.status, state.steps["$plan"].attempt) == ("succeeded", 4)
    assert starts(journal)[0][2] >= 5_000


def test_it_fails_with_the_planner() -> None:
    state, journal = drive(accepted(), ScriptWorld(outcomes={"$plan": Fail("LLM_REFUSED")}))
    assert rules(journal) == ["no_retry $plan:not_retryable", "abort $plan:on_error", "finish :stopped"]
    assert (state.status, state.failure and state.failure.code) == ("failed", "LLM_REFUSED")


def test_it_fails_with_the_admission() -> None:
    state, _ = drive(accepted(plan(s("a"))), ScriptWorld(outcomes={"$admit": Fail("SKILL_NOT_FOUND")}))
    assert (state.status, state.failure and state.failure.code) == ("failed", "SKILL_NOT_FOUND")


def test_it_pays_for_planning_before_and_after() -> None:
    story = goal(planner_free=False)
    # Nothing is reserved yet, so planning asks for its worst case first.
    assert story.tell(e.CostBounded, "$plan", 1, 50) == ["wait $plan", "extend_reservation"]
    assert story.tell(e.ReservationExtended, 50) == ["call_planner $plan"]
    # A refused plan costs too, and mending it is bounded anew.
    assert story.tell(e.PlanRejected, [FAULT], {}, 1, 20) == ["retry $plan", "bound_cost $plan"]
    assert story.tell(e.CostBounded, "$plan", 2, 60) == ["wait $plan", "extend_reservation"]
    story.tell(e.ReservationExtended, 80)
    story.tell(e.PlanProposed, plan(s("a")), 2, cost_micro_usd=30)
    assert (story.state.spent_micro_usd, story.state.held_micro_usd) == (50, 0)


def test_it_does_not_mend_a_plan_of_a_cancelled_run() -> None:
    story = goal()
    story.tell(e.CancelRequested)
    assert story.tell(e.PlanRejected, [FAULT], {}) == ["finish"]
    assert story.ending == ("cancelled", "CANCELLED")
