"""Money is held before a call and settled after it; when it runs short the run waits, and a top-up lets it go on."""

from __future__ import annotations

from runs.engine import events as e
from runs.engine.decisions import Deny, ExtendReservation, Overrun, StartStep, Wait
from runs.engine.script import Ok, ScriptWorld, accepted, top_up
from runs.engine.virtual import drive
from tests.engine.story import PINS, Story, kinds, plan, play, rules, s, starts


def test_it_bounds_holds_and_settles() -> None:
    story = Story.admitted(s("a", "model"), granted=100)
    # What the call may cost is asked for first.
    assert kinds(story.decisions) == ["bound_cost a"]
    assert story.refuses(e.CostBounded, "a", 2, 40) == "not_asked"
    assert story.tell(e.CostBounded, "a", 1, 40) == ["start a"]
    assert story.decision(StartStep).worst_micro_usd == 40
    assert (story.state.held_micro_usd, story.state.spent_micro_usd) == (40, 0)
    assert story.refuses(e.CostBounded, "a", 1, 4) == "not_asked"
    # What it did cost replaces what was held.
    assert story.ok("a", cost=25) == ["finish"]
    assert (story.state.held_micro_usd, story.state.spent_micro_usd) == (0, 25)


def test_it_never_asks_about_money_for_what_is_free() -> None:
    _, journal = play(s("a"), s("b", "look"), granted=0, room=0)
    assert rules(journal) == ["finish :all_steps_done"]


def test_it_asks_for_more_when_short() -> None:
    story = Story.admitted(s("a", "model"), granted=100)
    assert story.tell(e.CostBounded, "a", 1, 130) == ["wait a", "extend_reservation"]
    assert story.decision(Wait).because == {"worst_micro_usd": 130, "headroom_micro_usd": 100}
    wish = story.decision(ExtendReservation)
    assert (wish.by_micro_usd, wish.granted_micro_usd) == (30, 100)
    # The ledger has not answered: the run is not parked yet.
    assert story.status() == "running"
    assert story.tell(e.ReservationExtended, 130) == ["start a"]
    assert story.refuses(e.ReservationExtended, 999) == "not_asked"
    assert story.refuses(e.ReservationRefused, 1, "run") == "not_asked"


def test_it_waits_for_money_and_goes_on_where_it_stopped() -> None:
    story = Story.admitted(s("a", "model"), s("b", "model", "a"), granted=100, limit_micro_usd=100)
    story.tell(e.CostBounded, "a", 1, 60)
    story.ok("a", cost=60)
    story.tell(e.CostBounded, "b", 1, 60)
    # Refused: the run waits for money, with what it has done kept.
    assert story.tell(e.ReservationRefused, 20, "run") == []
    assert (story.status(), story.state.waiting_for, story.state.missing_micro_usd) == ("waiting", "budget", 20)
    assert story.state.wake_at_ms() is None
    # Topped up: it asks the ledger again, and only what was left to do is done.
    assert story.tell(e.ToppedUp, 50, 150, by="bob") == ["resume", "wait b", "extend_reservation"]
    assert (story.state.limit_micro_usd, story.state.missing_micro_usd) == (150, 0)
    assert story.tell(e.ReservationExtended, 120) == ["start b"]
    assert story.ok("b", cost=50) == ["finish"]
    assert story.state.steps["a"].attempt == 1
    assert story.state.spent_micro_usd == 110


def test_it_asks_again_when_the_top_up_was_quicker_than_the_refusal() -> None:
    story = Story.admitted(s("a", "model"), granted=100)
    story.tell(e.CostBounded, "a", 1, 130)
    # The limit is raised while the ledger still answers by the old one.
    assert story.tell(e.ToppedUp, 50, 150) == ["resume", "wait a"]
    assert story.tell(e.ReservationRefused, 30, "run") == ["wait a", "extend_reservation"]
    assert story.tell(e.ReservationRefused, 30, "run") == []
    assert story.state.waiting_for == "budget"


def test_it_lets_a_step_that_fits_go_before_one_that_does_not() -> None:
    story = Story.admitted(s("a", "model"), s("b", "model"), s("c", "model"), granted=100)
    story.tell(e.CostBounded, "a", 1, 80)
    assert story.tell(e.CostBounded, "b", 1, 90) == ["wait b", "extend_reservation"]
    assert story.tell(e.CostBounded, "c", 1, 20) == ["start c"]
    assert story.status("a", "b", "c") == "running waiting running"
    assert story.state.spent_micro_usd + story.state.held_micro_usd == 100


def test_it_starts_who_waits_for_money_when_a_cheaper_end_makes_room() -> None:
    story = Story.admitted(s("a", "model"), s("b", "model"), granted=100)
    story.tell(e.CostBounded, "a", 1, 80)
    story.tell(e.CostBounded, "b", 1, 90)
    story.tell(e.ReservationRefused, 70, "run")
    assert story.ok("a", cost=5) == ["start b"]


def test_it_writes_down_an_overrun_and_settles_the_truth() -> None:
    story = Story.admitted(s("a", "model"), s("b", "model", "a"), granted=100)
    story.tell(e.CostBounded, "a", 1, 40)
    assert story.ok("a", cost=70) == ["overrun a", "bound_cost b"]
    assert (story.decision(Overrun).worst_micro_usd, story.decision(Overrun).cost_micro_usd) == (40, 70)
    assert story.state.spent_micro_usd == 70


def test_it_fails_closed_where_no_price_is_known() -> None:
    story = Story.admitted(s("a", "model"), granted=100)
    assert story.tell(e.CostBounded, "a", 1, None) == ["deny a"]
    assert (story.decision(Deny).code, story.decision(Deny).rule) == ("PRICE_UNKNOWN", "fail_closed")
    assert story.denied("a") == ["no_retry a", "abort a", "finish"]


def test_it_denies_a_call_above_the_limit_per_step() -> None:
    story = Story.admitted(s("a", "model", on_error="continue"), s("b"), granted=None, per_step_max_micro_usd=50)
    assert story.tell(e.CostBounded, "a", 1, 51) == ["deny a"]
    assert (story.decision(Deny).code, story.decision(Deny).rule) == ("BUDGET_EXCEEDED", "per_step_max")
    assert story.denied("a") == ["no_retry a", "continue a"]


def test_it_knows_no_limit() -> None:
    state, journal = play(s("a", "model"), bounds={"a": 10**12}, outcomes={"a": Ok(cost_micro_usd=10**11)})
    assert (state.status, state.spent_micro_usd, rules(journal)) == (
        "succeeded",
        10**11,
        ["bound_cost a:worst_case_first", "finish :all_steps_done"],
    )


def test_it_bounds_again_when_a_person_changed_the_parameters() -> None:
    story = Story.admitted(s("a", "model", on_error="escalate"), granted=100)
    story.tell(e.CostBounded, "a", 1, 40)
    story.fail("a", "INVALID_INPUT", "acked")
    assert story.tell(e.AnswerGiven, "a", {"action": "modify", "params": {}}) == ["retry a", "bound_cost a"]
    assert story.tell(e.CostBounded, "a", 2, 10) == ["start a"]


def test_it_pays_for_failures_too() -> None:
    story = Story.admitted(s("a", "model"), granted=100)
    story.tell(e.CostBounded, "a", 1, 40)
    story.fail("a", "TIMEOUT", "acked", cost_micro_usd=15)
    assert (story.state.spent_micro_usd, story.state.held_micro_usd) == (15, 0)
    # The retry holds its worst case anew.
    assert story.wake() == ["start a"]
    assert story.state.held_micro_usd == 40


def test_it_goes_through_a_whole_plan_on_top_ups() -> None:
    steps = [s(f"s{number}", "model", *([f"s{number - 1}"] if number else [])) for number in range(6)]
    world = ScriptWorld(
        pins=PINS,
        bounds={f"s{number}": 40 for number in range(6)},
        outcomes={f"s{number}": Ok(cost_micro_usd=40) for number in range(6)},
        granted=100,
        room=100,
        people={"$run": [top_up(60), top_up(100)]},
    )
    state, journal = drive(accepted(plan(*steps)), world)
    assert (state.status, state.spent_micro_usd) == ("succeeded", 240)
    assert [attempt for _, attempt, _ in starts(journal)] == [1] * 6
