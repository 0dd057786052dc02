"""A run draws on every scope at once or on none, never past a limit; what it gives back and spends is exact, repeated or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agents import ledger
from agents.ledger import Amounts, Crossing, Drawn, Raised, ReferenceReused, RunPurse, ScopeMissing, Short
from agents.models import LedgerEntry, LedgerLot, LedgerScope
from tests.integration.purses import DAY_MS, NOON_MS, House, a_house, assert_the_books_add_up, at_day, books

NOTHING = Amounts()
MIDNIGHT_MS = NOON_MS + DAY_MS // 2


@pytest.fixture
def house(db: None) -> Iterator[House]:
    yield a_house(agents=2)
    assert_the_books_add_up()


def drawn(total: int, **by_model: int) -> Drawn:
    return Drawn(Amounts(total, by_model))


# Drawing


def test_it_draws_on_every_scope(house: House) -> None:
    assert house.purse().draw(Amounts(60, {"m": 25}), "admit", at_ms=NOON_MS) == drawn(60, m=25)
    whole = ["tenant:T", "tenant:T@2026-06-10", "agent:A0", "agent:A0@2026-06-10", "run:run_1"]
    assert books(house.tenant) == {
        **{house.label(label): (None, 60, 0) for label in whole},
        "model:m": (None, 25, 0),
        "model:m@2026-06-10": (None, 25, 0),
    }


def test_it_draws_for_a_model_alone(house: House) -> None:
    house.purse().draw(Amounts(60), "admit")
    assert house.purse().draw(Amounts(0, {"m": 60}), "extend:1") == drawn(60, m=60)
    assert house.purse().draw(Amounts(0, {"m": 60}), "extend:1") == drawn(60, m=60)
    assert (house.says("tenant:T"), house.says("model:m")) == ((None, 60, 0), (None, 60, 0))


LIMITS: dict[str, tuple[Callable[[House], RunPurse], str]] = {
    "tenant": (lambda house: limited(house, "tenant"), "tenant:T"),
    "agent": (lambda house: limited(house, "agent", key="agent-0"), "agent:A0"),
    "model": (lambda house: limited(house, "model", key="m"), "model:m"),
    "run": (lambda house: house.purse("run_1", 100), "run:run_1"),
    "caller": (lambda house: called_by(house, "run_0"), "run:run_0"),
    "caller's caller": (lambda house: called_by(house, "run_0", "run_00"), "run:run_0"),
    "tenant's day": (lambda house: limited(house, "tenant", period="day"), "tenant:T@2026-06-10"),
    "agent's day": (lambda house: limited(house, "agent", key="agent-0", period="day"), "agent:A0@2026-06-10"),
    "model's day": (lambda house: limited(house, "model", key="m", period="day"), "model:m@2026-06-10"),
}


def limited(house: House, kind: str, **budget: Any) -> RunPurse:
    house.budget(kind, 100, **budget)
    return house.purse()


def called_by(house: House, *callers: str) -> RunPurse:
    house.purse(callers[0], 100).open()
    return house.purse("run_1", None, *callers)


@pytest.mark.parametrize("scope", LIMITS)
def test_it_draws_up_to_the_limit_and_not_one_more(scope: str, house: House) -> None:
    make, label = LIMITS[scope]
    purse = make(house)
    assert purse.draw(Amounts(100, {"m": 100}), "a", at_ms=NOON_MS) == drawn(100, m=100)
    before = books(house.tenant)
    code, until_ms = ("DAILY_LIMIT_EXCEEDED", MIDNIGHT_MS) if "day" in scope else ("BUDGET_EXCEEDED", None)
    assert purse.draw(Amounts(1, {"m": 1}), "b", at_ms=NOON_MS) == Short(1, house.label(label), code, until_ms)
    assert books(house.tenant) == before
    assert purse.held() == Amounts(100, {"m": 100})


def test_it_is_stopped_by_the_budget_of_its_own_agent_and_model_only(house: House) -> None:
    house.budget("agent", 0, key="agent-1")
    house.budget("model", 0, key="n")
    assert house.purse().draw(Amounts(100, {"m": 100}), "a") == drawn(100, m=100)


def test_it_names_the_scope_that_lacks_most(house: House) -> None:
    house.budget("tenant", 50)
    assert house.purse("run_1", 30).draw(Amounts(60), "a") == Short(30, "run:run_1")


def test_it_names_a_day_only_where_another_day_would_help(house: House) -> None:
    house.budget("tenant", 10, "day")
    house.budget("agent", 50, key="agent-0")
    assert house.purse().draw(Amounts(60), "a", at_ms=NOON_MS) == Short(10, house.label("agent:A0"))


def test_it_does_not_promise_another_day_that_has_no_more(house: House) -> None:
    house.budget("tenant", 50, "day")
    label = house.label("tenant:T@2026-06-10")
    assert house.purse().draw(Amounts(51), "a", at_ms=NOON_MS) == Short(1, label, "DAILY_LIMIT_EXCEEDED", None)


def test_it_never_refuses_where_there_is_no_limit(house: House) -> None:
    house.budget("tenant", None)
    assert house.purse().draw(Amounts(10**15, {"m": 10**15}), "a") == drawn(10**15, m=10**15)
    assert house.purse().draw(Amounts(10**15), "b") == drawn(2 * 10**15, m=10**15)
    house.purse().close(Amounts(10**15 + 1, {"m": 7}))
    assert (house.says("tenant:T"), house.says("model:m"), house.says("run:run_1")) == (
        (None, 0, 10**15 + 1),
        (None, 0, 7),
        (None, 0, 10**15 + 1),
    )


def test_it_draws_once_for_one_reference(house: House) -> None:
    purse = house.purse("run_1", 100)
    assert purse.draw(Amounts(60), "admit") == drawn(60)
    assert purse.draw(Amounts(60), "admit") == drawn(60)
    assert purse.draw(Amounts(99, {"m": 5}), "admit", at_ms=at_day(5)) == drawn(60)
    assert purse.draw(Amounts(0, {"m": 5}), "admit") == drawn(60)
    purse.draw(Amounts(20), "extend:1")
    assert purse.draw(Amounts(60), "admit") == drawn(80)
    assert LedgerLot.objects.count() == 2


def test_it_draws_for_a_reference_that_was_refused_once_there_is_room(house: House) -> None:
    purse = house.purse("run_1", 100)
    assert isinstance(purse.draw(Amounts(120), "extend:1"), Short)
    purse.raise_limit(20, "top")
    assert purse.draw(Amounts(120), "extend:1") == drawn(120)


def test_it_writes_nothing_for_nothing(house: House) -> None:
    assert house.purse().draw(Amounts(0, {"m": 0, "": 0}), "a") == drawn(0)
    assert not LedgerLot.objects.exists()
    assert not LedgerEntry.objects.exists()


# Giving back, and the end


def test_it_settles_what_was_spent_and_gives_the_rest_back(house: House) -> None:
    purse = house.purse("run_1", 100)
    purse.draw(Amounts(80, {"m": 50}), "admit")
    for _ in range(2):
        assert purse.give_back(Amounts(30, {"m": 20})) == []
        assert purse.held() == purse.spent() == Amounts(30, {"m": 20})
        assert (house.says("run:run_1"), house.says("model:m")) == ((100, 0, 30), (None, 0, 20))
    assert purse.draw(Amounts(71), "extend:1") == Short(1, "run:run_1")
    assert purse.draw(Amounts(70), "extend:1") == drawn(100, m=20)
    assert purse.draw(Amounts(80), "admit") == drawn(100, m=20)


def test_it_settles_all_at_the_end_and_draws_no_more(house: House) -> None:
    purse = house.purse("run_1", 100)
    purse.draw(Amounts(80), "admit")
    purse.give_back(Amounts(30))
    purse.draw(Amounts(40), "extend:1")
    purse.close(Amounts(65, {"m": 5}))
    after = books(house.tenant)
    assert (after["run:run_1"], after["model:m"]) == ((100, 0, 65), (None, 0, 5))
    for again in (purse.close, purse.give_back):
        assert again(Amounts(90, {"m": 50})) == []
    assert purse.draw(Amounts(1), "late") == Short(1, "run:run_1")
    # What it drew while it went on, it is told it has; a worker that does not know of the end draws nothing by it.
    assert purse.draw(Amounts(80), "admit") == drawn(65, m=5)
    assert books(house.tenant) == after


def test_it_takes_in_what_was_overspent(house: House) -> None:
    house.budget("tenant", 100)
    purse = house.purse("run_1", 100)
    purse.draw(Amounts(90), "admit")
    purse.give_back(Amounts(120, {"m": 120}))
    assert (house.says("run:run_1"), house.says("tenant:T"), house.says("model:m")) == ((100, 0, 120), (100, 0, 120), (None, 0, 120))
    assert purse.draw(Amounts(1), "extend:1") == Short(21, house.label("tenant:T"))
    assert house.purse("run_2").draw(Amounts(1), "admit") == Short(21, house.label("tenant:T"))
    purse.close(Amounts(125))
    assert house.says("run:run_1") == (100, 0, 125)


def test_it_pays_a_debt_before_it_draws_anew(house: House) -> None:
    purse = house.purse("run_1", 100)
    purse.draw(Amounts(50), "admit")
    assert purse.draw(Amounts(20), "extend:1") == drawn(70)
    purse.close(Amounts(70))
    assert list(LedgerEntry.objects.filter(kind="absorb")) == []


def test_it_takes_back_nothing_that_was_settled(house: House) -> None:
    purse = house.purse()
    purse.draw(Amounts(50, {"m": 50}), "admit")
    purse.give_back(Amounts(40, {"m": 40}))
    purse.close(Amounts(30))
    assert purse.spent() == Amounts(40, {"m": 40})
    assert house.says("tenant:T") == (None, 0, 40)


def test_it_ends_what_never_drew(house: House) -> None:
    assert house.purse().close(NOTHING) == []
    assert house.purse().draw(Amounts(1), "late") == Short(1, "run:run_1")
    house.purse("run_2").close(Amounts(7))
    assert house.says("tenant:T") == (None, 0, 7)


@pytest.mark.parametrize("method", ["draw", "give_back", "close"])
@pytest.mark.parametrize("amount", [-1, 0.5, "1", True, 2**53], ids=repr)
def test_it_refuses_what_is_no_amount(method: str, amount: Any, house: House) -> None:
    with pytest.raises(ValueError, match="whole number"):
        getattr(house.purse(), method)(Amounts(amount), *(["a"] if method == "draw" else []))
    assert not LedgerScope.objects.exists()


# Days


def test_it_counts_what_was_drawn_on_its_day(house: House) -> None:
    house.budget("tenant", 100, "day")
    purse = house.purse()
    assert purse.draw(Amounts(100), "a", at_ms=at_day(0)) == drawn(100)
    assert purse.draw(Amounts(60), "b", at_ms=at_day(1)) == drawn(160)
    assert purse.draw(Amounts(41), "c", at_ms=at_day(1)) == Short(
        1, house.label("tenant:T@2026-06-11"), "DAILY_LIMIT_EXCEEDED", MIDNIGHT_MS + DAY_MS
    )
    purse.close(Amounts(170, {"m": 3}), at_ms=at_day(2))
    told = {"2026-06-10": (100, 0, 100), "2026-06-11": (100, 0, 60), "2026-06-12": (100, 0, 10)}
    assert {day: house.says(f"tenant:T@{day}") for day in told} == told
    assert (house.says("tenant:T"), house.says("model:m@2026-06-12")) == ((None, 0, 170), (None, 0, 3))


def test_it_settles_the_oldest_day_first_and_gives_the_newest_back(house: House) -> None:
    purse = house.purse()
    purse.draw(Amounts(50), "a", at_ms=at_day(0))
    purse.draw(Amounts(50), "b", at_ms=at_day(1))
    purse.give_back(Amounts(60), at_ms=at_day(3))
    told = {"2026-06-10": (None, 0, 50), "2026-06-11": (None, 0, 10)}
    assert {day: house.says(f"agent:A0@{day}") for day in told} == told
    assert house.label("agent:A0@2026-06-13") not in books(house.tenant)


def test_it_goes_by_the_days_of_the_tenant(db: None) -> None:
    house = a_house(time_zone="Pacific/Auckland")  # already the 11th
    house.budget("tenant", 10, "day")
    assert house.purse().draw(Amounts(10), "a", at_ms=NOON_MS + 1) == drawn(10)
    assert house.purse().draw(Amounts(1), "b", at_ms=NOON_MS + 1) == Short(
        1, house.label("tenant:T@2026-06-11"), "DAILY_LIMIT_EXCEEDED", NOON_MS + DAY_MS
    )
    assert house.purse().draw(Amounts(10), "b", at_ms=NOON_MS + DAY_MS) == drawn(20)


# Top-ups


def test_it_goes_on_after_a_top_up(house: House) -> None:
    purse = house.purse("run_1", 100)
    purse.draw(Amounts(100), "a")
    assert [purse.raise_limit(50, "top") for _ in range(2)] == [Raised(150, repeated=False), Raised(150, repeated=True)]
    assert purse.draw(Amounts(51), "b") == Short(1, "run:run_1")
    assert purse.draw(Amounts(50), "b") == drawn(150)


def test_it_refuses_a_top_up_that_comes_back_with_another_amount(house: House) -> None:
    house.purse("run_1", 100).raise_limit(50, "top")
    with pytest.raises(ReferenceReused):
        house.purse("run_1", 100).raise_limit(51, "top")
    assert house.purse("run_2", 100).raise_limit(51, "top") == Raised(151, repeated=False)


def test_it_leaves_an_unlimited_run_unlimited(house: House) -> None:
    assert house.purse().raise_limit(50, "top") == Raised(None, repeated=False)
    assert house.purse("run_1", 7).draw(Amounts(10**9), "a") == Short(10**9 - 7, "run:run_1")


def test_it_refuses_a_top_up_by_less_than_nothing(house: House) -> None:
    with pytest.raises(ValueError, match="whole number"):
        house.purse("run_1", 100).raise_limit(-1, "top")


# Runs that call runs


def test_it_rolls_up_what_called_runs_spend_and_counts_it_once(house: House) -> None:
    root, child = house.purse("run_1", 100), house.purse("run_2", None, "run_1", agent=1)
    grandchild = house.purse("run_3", 40, "run_1", "run_2")
    root.draw(Amounts(30), "admit")
    child.draw(Amounts(20), "admit")
    grandchild.draw(Amounts(10), "admit")
    assert [house.says(f"run:run_{n}") for n in (1, 2, 3)] == [(100, 60, 0), (None, 30, 0), (40, 10, 0)]
    assert [house.says(label)[1] for label in ("tenant:T", "agent:A0", "agent:A1")] == [60, 40, 20]
    assert grandchild.draw(Amounts(41), "more") == Short(11, "run:run_3")
    assert child.draw(Amounts(41), "more") == Short(1, "run:run_1")
    grandchild.close(Amounts(12))
    child.close(Amounts(5))
    assert [house.says(f"run:run_{n}") for n in (1, 2, 3)] == [(100, 30, 17), (None, 0, 17), (40, 0, 12)]
    root.close(Amounts(30))
    assert [purse.spent().total for purse in (root, child, grandchild)] == [30, 5, 12]
    assert [house.says(label)[2] for label in ("run:run_1", "tenant:T", "agent:A0", "agent:A1")] == [47, 47, 42, 5]


def test_it_limits_a_caller_that_draws_after_what_it_called(house: House) -> None:
    child = house.purse("run_2", None, "run_1")
    child.draw(Amounts(60), "admit")
    assert house.says("run:run_1") == (None, 60, 0)
    assert house.purse("run_1", 100).draw(Amounts(41), "admit") == Short(1, "run:run_1")
    assert child.draw(Amounts(41), "more") == Short(1, "run:run_1")


def test_it_settles_a_called_run_in_its_callers_scopes_whoever_settles_it(house: House) -> None:
    for run, callers in {"run_2": ("run_1",), "run_3": ("run_1", "run_2")}.items():
        house.purse(run, None, *callers).draw(Amounts(20), "admit")
    house.purse("run_3").close(Amounts(25))
    assert [house.says(f"run:run_{n}") for n in (1, 2, 3)] == [(None, 20, 25), (None, 20, 25), (None, 0, 25)]


def test_it_settles_what_a_called_run_spends_after_its_caller_has_ended(house: House) -> None:
    root, child = house.purse("run_1", 100), house.purse("run_2", None, "run_1")
    root.draw(Amounts(10), "admit")
    child.draw(Amounts(20), "admit")
    root.close(Amounts(10))
    child.close(Amounts(25))
    assert house.says("run:run_1") == (100, 0, 35)


# Alerts


def test_it_tells_once_that_most_of_a_limit_is_spent(house: House) -> None:
    purse = house.purse("run_1", 100)
    purse.draw(Amounts(100), "a")
    assert purse.give_back(Amounts(79)) == []
    assert purse.give_back(Amounts(80)) == [Crossing("run:run_1", 80, 100)]
    assert purse.give_back(Amounts(81)) == []
    purse.raise_limit(20, "top")
    assert purse.give_back(Amounts(82)) == []
    assert purse.give_back(Amounts(96)) == [Crossing("run:run_1", 96, 120)]
    assert purse.close(Amounts(120)) == []


def test_it_tells_of_every_scope_whose_limit_is_mostly_spent(house: House) -> None:
    house.budget("tenant", 100)
    house.budget("agent", 100, "day", key="agent-0")
    house.budget("model", 50, key="m")
    house.budget("model", 51, key="n")
    purse = house.purse("run_1", 1_000)
    purse.draw(Amounts(90, {"m": 40, "n": 40}), "a", at_ms=NOON_MS)
    told = purse.close(Amounts(90, {"m": 40, "n": 40}), at_ms=NOON_MS)
    labels = {house.label(label): limit for label, limit in {"tenant:T": 100, "agent:A0@2026-06-10": 100}.items()} | {"model:m": 50}
    assert {crossing.scope: crossing.limit_micro_usd for crossing in told} == labels


def test_it_tells_again_by_another_limit_and_not_of_one_that_is_gone(house: House) -> None:
    house.budget("tenant", 100)
    purse = house.purse()
    purse.draw(Amounts(100), "a")
    assert len(purse.give_back(Amounts(90))) == 1
    house.budget("tenant", None)
    assert purse.give_back(Amounts(91)) == []
    house.budget("tenant", 50)
    assert purse.give_back(Amounts(92)) == [Crossing(house.label("tenant:T"), 92, 50)]


def test_it_tells_of_a_called_run_to_its_caller(house: House) -> None:
    house.purse("run_1", 10).open()
    child = house.purse("run_2", None, "run_1")
    child.draw(Amounts(9), "a")
    assert child.close(Amounts(9)) == [Crossing("run:run_1", 9, 10)]


# Whose


@pytest.mark.parametrize("whose", ["no tenant", "no agent", "another's agent"])
def test_it_fails_closed_where_nobody_pays(whose: str, house: House) -> None:
    rival = a_house("rival")
    tenant, agent = house.tenant.pk, house.agents[0].pk
    purse = {
        "no tenant": RunPurse(tenant + 1_000, agent, "run_1", None),
        "no agent": RunPurse(tenant, agent + 1_000, "run_1", None),
        "another's agent": RunPurse(tenant, rival.agents[0].pk, "run_1", None),
    }[whose]
    for move in (lambda: purse.draw(Amounts(1), "a"), lambda: purse.close(Amounts(1)), lambda: purse.raise_limit(1, "t")):
        with pytest.raises(ScopeMissing):
            move()
    assert not LedgerScope.objects.exists()


def test_it_keeps_tenants_out_of_each_others_scopes(house: House) -> None:
    rival = a_house("rival")
    rival.budget("model", 10, key="m")
    for each in (house, rival):
        assert each.purse("run_1", 100).draw(Amounts(10, {"m": 10}), "a") == drawn(10, m=10)
    assert rival.purse("run_1", 100).draw(Amounts(1, {"m": 1}), "b") == Short(1, "model:m")
    assert house.purse("run_1", 100).draw(Amounts(90, {"m": 90}), "b") == drawn(100, m=100)
    assert rival.purse().held() == Amounts(10, {"m": 10})


# Reading


def test_it_says_how_all_scopes_of_a_run_stand(house: House) -> None:
    house.budget("tenant", 500)
    house.budget("model", 30, "day", key="n")
    house.purse("run_1", 100).open()
    house.purse("run_2", 50, "run_1").draw(Amounts(20, {"m": 20}), "a", at_ms=NOON_MS)
    told = ledger.scopes_of_run(
        tenant_id=house.tenant.pk, agent_id=house.agents[0].pk, run_id="run_2", ancestors=("run_1",), models=["n"], at_ms=NOON_MS
    )
    numbers = [(each.scope, each.limit_micro_usd, each.reserved_micro_usd, each.remaining_micro_usd) for each in told]
    assert numbers == [
        (house.label("tenant:T"), 500, 20, 480),
        (house.label("tenant:T@2026-06-10"), None, 20, None),
        (house.label("agent:A0"), None, 20, None),
        (house.label("agent:A0@2026-06-10"), None, 20, None),
        ("model:m", None, 20, None),
        ("model:m@2026-06-10", None, 20, None),
        ("model:n", None, 0, None),
        ("model:n@2026-06-10", 30, 0, 30),
        ("run:run_1", 100, 20, 80),
        ("run:run_2", 50, 20, 30),
    ]


def test_it_says_how_the_scopes_of_a_run_would_stand_that_is_only_thought_of(house: House) -> None:
    house.budget("agent", 5, "day", key="agent-1")
    told = ledger.scopes_of_run(tenant_id=house.tenant.pk, agent_id=house.agents[1].pk, at_ms=at_day(900))
    assert [(each.kind, each.day is None, each.remaining_micro_usd) for each in told] == [
        ("tenant", True, None),
        ("tenant", False, None),
        ("agent", True, None),
        ("agent", False, 5),
    ]
    assert told[0].limit_micro_usd is None
    started = ledger.scopes_of_run(tenant_id=house.tenant.pk, agent_id=house.agents[1].pk, run_id="run_9", limit_micro_usd=8)
    assert (started[-1].scope, started[-1].remaining_micro_usd) == ("run:run_9", 8)


@pytest.mark.parametrize(
    ("label", "room"),
    [
        pytest.param("tenant:T", 470, id="limited"),
        pytest.param("agent:A0", None, id="unlimited"),
        pytest.param("run:run_1", 70, id="run"),
        pytest.param("run:run_9", None, id="nobody-knows-it"),
        pytest.param("model:org/m@2026-01-01@2026-06-10", -5, id="overdrawn-and-oddly-called"),
        pytest.param("model:org/m@2026-01-01", None, id="called-like-a-day"),
        pytest.param("tenant:T@2026-06-10", 20, id="day"),
        pytest.param("tenant:T@2026-06-11", 50, id="day-to-come"),
        pytest.param("tenant:T@2026-06-09", None, id="day-that-is-over"),
    ],
)
def test_it_says_what_room_a_scope_has(label: str, room: int | None, house: House) -> None:
    house.budget("tenant", 500)
    house.budget("tenant", 50, "day")
    house.budget("model", 25, "day", key="org/m@2026-01-01")
    house.purse("run_1", 100).draw(Amounts(30), "a", at_ms=NOON_MS)
    house.purse("run_1", 100).give_back(Amounts(30, {"org/m@2026-01-01": 30}), at_ms=NOON_MS)
    assert ledger.room_of(house.tenant.pk, house.label(label), at_ms=NOON_MS) == room
