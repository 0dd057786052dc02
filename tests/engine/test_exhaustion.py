"""What follows when a scope is short, by the agent's word: wait, fail, or finish by cheaper means. Nothing under way is touched."""

from __future__ import annotations

import pytest

from runs.engine import events as e
from runs.engine.decisions import Deny, Downgrade, ExtendReservation, StartStep
from runs.engine.script import Ok, Priced, ScriptWorld, accepted, top_up
from runs.engine.virtual import drive
from tests.engine.story import PINS, Story, plan, play, rules, s, starts

DAY = {"code": "DAILY_LIMIT_EXCEEDED", "retry_at_ms": 86_400_000}


def short(*steps: dict[str, object], **terms: object) -> Story:
    """Return the story of a run whose first step has just been refused its money, 40 micro-USD of which 10 are there."""
    story = Story.admitted(*steps, granted=10, **terms)
    story.tell(e.CostBounded, "a", 1, 40)
    return story


def test_it_waits_for_the_day_to_begin_on_which_there_is_room() -> None:
    story = short(s("a", "model"))
    assert story.tell(e.ReservationRefused, 5, "tenant:ten_1@2026-11-28", "DAILY_LIMIT_EXCEEDED", 86_400_000) == []
    assert (story.state.waiting_for, story.state.wake_at_ms()) == ("budget", 86_400_000)
    # The day begins: it asks again, with another question.
    assert story.wake() == ["resume", "wait a", "extend_reservation"]
    assert story.decision(ExtendReservation).number == 2
    assert story.tell(e.ReservationExtended, 40) == ["start a"]


def test_it_does_not_wait_for_a_day_that_has_begun() -> None:
    story = short(s("a", "model"))
    story.tell(e.ReservationRefused, 5, "tenant:ten_1@2026-11-28", "DAILY_LIMIT_EXCEEDED", 1)
    assert (story.state.waiting_for, story.state.wake_at_ms()) == ("budget", None)


def test_it_asks_again_when_a_scope_has_room_again() -> None:
    story = short(s("a", "model"))
    story.tell(e.ReservationRefused, 5, "agent:agt_1")
    assert story.tell(e.FundsFreed, "agent:agt_1") == ["resume", "wait a", "extend_reservation"]
    # Freed once more while the ledger still answers by what it knew: it asks again after the answer.
    assert story.tell(e.FundsFreed, "agent:agt_1") == []
    assert story.tell(e.ReservationRefused, 5, "agent:agt_1") == ["wait a", "extend_reservation"]
    assert story.tell(e.ReservationExtended, 40) == ["start a"]
    assert story.refuses(e.FundsFreed, "agent:agt_1") == "nothing_short"


def test_it_fails_where_the_agent_says_so_and_keeps_what_is_done() -> None:
    state, journal = play(
        s("a"),
        s("b", "model", "a"),
        s("c", "model", "b"),
        granted=10,
        room=10,
        bounds={"b": 40},
        refusal={"code": "DAILY_LIMIT_EXCEEDED"},
        # Even a catalog that would ask a person does not: the agent has answered.
        advice={"DAILY_LIMIT_EXCEEDED": {"mode": "MANUAL_INTERVENTION"}},
        terms={"on_exhausted": "fail"},
    )
    assert (state.status, state.failure and state.failure.code) == ("failed", "DAILY_LIMIT_EXCEEDED")
    assert state.steps["a"].status == "succeeded"
    assert starts(journal) == [("a", 1, starts(journal)[0][2])]
    assert "deny b:on_exhausted_fail" in rules(journal)


def test_it_lets_what_is_under_way_finish_and_settle_before_it_fails() -> None:
    story = Story.admitted(s("a", "model"), s("b", "model"), granted=40, on_exhausted="fail")
    story.tell(e.CostBounded, "a", 1, 40)
    story.tell(e.CostBounded, "b", 1, 40)
    assert story.tell(e.ReservationRefused, 40, "run:run_1") == ["deny b"]
    assert story.denied("b") == ["no_retry b", "abort b", "cancel_step a"]
    # It was called back too late, and is settled with what it did cost.
    assert story.ok("a", cost=30) == ["finish"]
    assert (story.state.spent_micro_usd, story.state.held_micro_usd) == (30, 0)
    assert story.ending == ("failed", "BUDGET_EXCEEDED")


@pytest.mark.parametrize(
    ("step", "way", "skill"),
    [
        pytest.param(s("a", "model"), "cheaper_parameters", "model", id="the skill knows cheaper parameters"),
        pytest.param(s("a", "paid", on_error="fallback", fallback_skill="work"), "fallback", "work", id="the step has a fallback"),
    ],
)
def test_it_finishes_by_cheaper_means(step: dict[str, object], way: str, skill: str) -> None:
    pins = PINS | {"paid": e.Pin("paid", "1.0.0", effect="read", free=False)}
    state, journal = play(step, granted=10, room=10, bounds={"a": [40, 0]}, pins=pins, terms={"on_exhausted": "finish_cheap"})
    (downgrade,) = [d for _, decisions in journal for d in decisions if isinstance(d, Downgrade)]
    (start,) = [d for _, decisions in journal for d in decisions if isinstance(d, StartStep)]
    assert (downgrade.way, start.skill, state.status) == (way, skill, "succeeded")


def test_it_calls_with_the_cheaper_parameters() -> None:
    story = short(s("a", "model", params={"model": "large", "prompt": "why"}), on_exhausted="finish_cheap")
    assert story.tell(e.ReservationRefused, 30, "run:run_1") == ["downgrade a", "bound_cost a"]
    # What is cheaper still has its price, and its model.
    assert story.tell(e.CostBounded, "a", 1, 8, "small") == ["wait a", "extend_reservation"]
    assert story.decision(ExtendReservation).model == "small"
    assert story.tell(e.ReservationExtended, 10, {"small": 8}) == ["start a"]
    assert story.state.steps["a"].params == {"model": "none", "prompt": "why"}


def test_it_leaves_out_what_has_no_cheaper_way_and_goes_on() -> None:
    pins = PINS | {"paid": e.Pin("paid", "1.0.0", effect="read", free=False)}
    state, journal = play(
        s("a"), s("b", "paid"), s("c"), granted=10, room=10, bounds={"b": 40}, pins=pins, terms={"on_exhausted": "finish_cheap"}
    )
    assert (state.status, state.steps["b"].status) == ("partial", "failed")
    assert {step for step, _, _ in starts(journal)} == {"a", "c"}
    assert "continue b:on_exhausted" in rules(journal)


def test_it_finds_no_cheaper_way_to_plan() -> None:
    first = accepted(None, on_exhausted="finish_cheap")
    world = ScriptWorld(plan(s("a")), bounds={"$plan": 40}, room=10)
    state, _ = drive(e.RunAccepted(0, "run_1", first.terms, planner_free=False), world)
    assert (state.status, state.failure and state.failure.code) == ("failed", "BUDGET_EXCEEDED")


def test_it_asks_for_money_on_the_model_that_lacks_it() -> None:
    story = Story.admitted(s("a", "model"), granted=100)
    assert story.tell(e.CostBounded, "a", 1, 60, "large") == ["wait a", "extend_reservation"]
    wish = story.decision(ExtendReservation)
    # In all there is enough; on the model nothing is held yet.
    assert (wish.by_micro_usd, wish.model, wish.by_model_micro_usd) == (0, "large", 60)
    assert story.tell(e.ReservationExtended, 100, {"large": 60}) == ["start a"]
    story.ok("a", cost=25)
    assert (story.state.spent_by_model, story.state.held_by_model) == ({"large": 25}, {"large": 0})


def test_it_waits_for_the_budget_of_a_model_while_others_go_on() -> None:
    state, journal = play(
        s("a", "model"), s("b", "look"), granted=100, bounds={"a": Priced(60, "large")}, room_by_model={"large": 50}, people={"$run": []}
    )
    assert (state.status, state.waiting_for, state.short_scope, state.missing_micro_usd) == ("waiting", "budget", "model:large", 10)
    assert [step for step, _, _ in starts(journal)] == ["b"]


def test_it_starts_nothing_while_it_owes() -> None:
    story = Story.admitted(s("a", "model"), s("b", "look", "a"), granted=50)
    story.tell(e.CostBounded, "a", 1, 50)
    # The call cost more than it could: the truth is settled and flagged, and even what is free waits for the ledger.
    assert story.ok("a", cost=80) == ["overrun a", "extend_reservation"]
    wish = story.decision(ExtendReservation)
    assert (wish.rule, wish.by_micro_usd) == ("overdrawn", 30)
    assert story.tell(e.ReservationRefused, 30, "run:run_1") == []
    assert (story.status(), story.state.waiting_for) == ("waiting", "budget")
    assert story.tell(e.ToppedUp, 30, 80) == ["resume", "extend_reservation"]
    assert story.tell(e.ReservationExtended, 80) == ["start b"]
    assert story.ok("b") == ["finish"]
    assert story.state.steps["a"].attempt == 1


def test_it_gives_nothing_back_while_it_owes() -> None:
    story = Story.admitted(s("a", "model"), s("b", "look", "a"), granted=50)
    story.tell(e.CostBounded, "a", 1, 40, "large")
    story.tell(e.ReservationExtended, 50, {"large": 40})
    story.ok("a", cost=80)
    story.tell(e.ReservationRefused, 30, "run:run_1")
    # It has overdrawn its model too; whoever took that for money to give back would forgive itself what it owes, and go on.
    assert story.refuses(e.ReservationReturned) == "nothing_to_return"
    assert (story.status("b"), story.state.granted_micro_usd, story.state.waiting_for) == ("pending", 50, "budget")


def test_it_ends_though_it_owes_when_nothing_is_left_to_start() -> None:
    story = Story.admitted(s("a", "model"), granted=50)
    story.tell(e.CostBounded, "a", 1, 50)
    assert story.ok("a", cost=80) == ["overrun a", "finish"]
    assert story.ending == ("succeeded", "")


@pytest.mark.parametrize(("policy", "status"), [("fail", "failed"), ("finish_cheap", "succeeded")])
def test_it_ends_or_goes_on_with_a_debt_as_the_agent_says(policy: str, status: str) -> None:
    state, _ = play(
        s("a", "model"),
        s("b", "look", "a"),
        outcomes={"a": Ok(cost_micro_usd=80)},
        granted=50,
        room=50,
        bounds={"a": 50},
        terms={"on_exhausted": policy},
    )
    assert (state.status, state.spent_micro_usd) == (status, 80)


def test_it_gives_back_what_it_does_not_need_and_asks_for_it_again() -> None:
    story = Story.admitted(s("a", "model"), s("b", "model", "a", approval="always"), granted=100)
    story.tell(e.CostBounded, "a", 1, 40)
    story.ok("a", cost=30)
    story.tell(e.CostBounded, "b", 1, 40)
    assert story.state.waiting_for == "approval"
    # It will wait for long: the ledger gets the rest.
    assert story.tell(e.ReservationReturned) == []
    assert (story.state.granted_micro_usd, story.state.spent_micro_usd) == (30, 30)
    assert story.refuses(e.ReservationReturned) == "nothing_to_return"
    assert story.tell(e.ApprovalDecided, "b", story.state.steps["b"].action_hash, True) == ["resume b", "wait b", "extend_reservation"]
    assert story.decision(ExtendReservation).by_micro_usd == 40
    assert story.tell(e.ReservationExtended, 70) == ["start b"]


@pytest.mark.parametrize(("model", "asks"), [("", (40, 0)), ("large", (40, 40))])
def test_it_will_need_the_rest_again_that_it_gave_back_when_it_was_refused(model: str, asks: tuple[int, int]) -> None:
    story = Story.admitted(s("a", "model"), granted=21)
    story.tell(e.CostBounded, "a", 1, 40, model)
    story.tell(e.ReservationRefused, 19, "run:run_1")
    assert story.state.asked_micro_usd == 19
    story.tell(e.ReservationReturned)
    assert (story.state.asked_micro_usd, story.state.asked_on_model_micro_usd) == asks
    story.tell(e.FundsFreed, "run:run_1")
    assert story.decision(ExtendReservation).by_micro_usd == 40


def test_it_tells_once_when_most_of_the_limit_is_spent() -> None:
    story = Story.admitted(s("a", "model"), s("b", "model", "a"), s("c", "model", "b"), granted=100, limit_micro_usd=100)
    story.tell(e.CostBounded, "a", 1, 79)
    assert story.ok("a", cost=79) == ["bound_cost b"]
    story.tell(e.CostBounded, "b", 1, 1)
    assert story.ok("b", cost=1) == ["alert", "bound_cost c"]
    story.tell(e.CostBounded, "c", 1, 10)
    # Told once a limit: a top-up makes it a new one.
    story.tell(e.ToppedUp, 10, 110)
    assert story.ok("c", cost=10) == ["alert", "finish"]


def test_it_finishes_after_a_top_up_with_no_step_done_again() -> None:
    state, journal = play(
        s("a", "model"), s("b", "model", "a"), granted=40, room=40, bounds={"a": 40, "b": 40}, outcomes={"a": Ok(cost_micro_usd=40)},
        people={"$run": [top_up(40)]}, terms={"limit_micro_usd": 40},
    )  # fmt: skip
    assert state.status == "succeeded"
    assert [(step, attempt) for step, attempt, _ in starts(journal)] == [("a", 1), ("b", 1)]


def test_it_denies_by_the_code_of_the_scope_that_is_short() -> None:
    story = short(s("a", "model"), on_exhausted="fail")
    story.tell(e.ReservationRefused, 5, "tenant:ten_1@2026-11-28", "DAILY_LIMIT_EXCEEDED")
    assert story.decision(Deny).code == "DAILY_LIMIT_EXCEEDED"
    assert story.decision(Deny).message == "tenant:ten_1@2026-11-28 lacks 5 micro-USD"
