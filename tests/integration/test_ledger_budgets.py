"""A budget is in force the instant it is set, topped up once for one key, and refuses what is no budget with pointers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from agents import ledger
from agents.days import now_ms
from agents.ledger import Amounts, Drawn, Short
from agents.models import Budget, LedgerEntry
from agents.services import create_agent, delete_agent
from skills.refusal import Refusal
from tests.integration.purses import DAY_MS, House, a_house, assert_the_books_add_up

SCOPES = {"tenant": None, "agent": "agent-0", "model": "m"}


@pytest.fixture
def house(db: None) -> Iterator[House]:
    yield a_house()
    assert_the_books_add_up()


def topped_up(house: House, amount: int, key: str | None = None, kind: str = "tenant", period: str = "total", by: str = "alice") -> Any:
    return ledger.top_up_budget(
        tenant=house.tenant, kind=kind, period=period, key=SCOPES[kind], amount_micro_usd=amount, idempotency_key=key, by=by
    )


def removed(house: House, kind: str = "tenant", period: str = "total") -> Any:
    return ledger.remove_budget(tenant=house.tenant, kind=kind, period=period, key=SCOPES[kind])


@pytest.mark.parametrize("period", ["total", "day"])
@pytest.mark.parametrize("kind", SCOPES)
def test_it_is_in_force_at_once(kind: str, period: str, house: House) -> None:
    purse, key = house.purse(), SCOPES[kind]
    purse.draw(Amounts(60, {"m": 60}), "a")
    house.budget(kind, 100, period, key)
    assert isinstance(purse.draw(Amounts(41, {"m": 41}), "b"), Short)
    house.budget(kind, 101, period, key)
    assert purse.draw(Amounts(41, {"m": 41}), "b") == Drawn(Amounts(101, {"m": 101}))
    house.budget(kind, 50, period, key)
    assert isinstance(purse.draw(Amounts(1, {"m": 1}), "c"), Short)
    removed(house, kind, period)
    assert purse.draw(Amounts(1_000, {"m": 1_000}), "c") == Drawn(Amounts(1_101, {"m": 1_101}))


def test_it_limits_the_days_to_come_too(house: House) -> None:
    tomorrow = now_ms() + DAY_MS
    house.purse().draw(Amounts(60), "a", at_ms=tomorrow)
    house.budget("tenant", 100, "day")
    assert isinstance(house.purse().draw(Amounts(41), "b", at_ms=tomorrow), Short)
    assert isinstance(house.purse().draw(Amounts(101), "b", at_ms=tomorrow + DAY_MS), Short)


def test_it_shows_what_is_spent_and_left(house: House) -> None:
    shown = ledger.set_budget(tenant=house.tenant, kind="agent", period="day", limit_micro_usd=1_000_000, key=house.agents[0].public_id)
    assert shown == {
        "scope": shown["scope"],
        "kind": "agent",
        "key": house.agents[0].public_id,
        "period": "day",
        "limit_micro_usd": 1_000_000,
        "total_micro_usd": 1_000_000,
        "spent_micro_usd": 0,
        "reserved_micro_usd": 0,
        "remaining_micro_usd": 1_000_000,
        "cents": {"total": 100.0, "spent": 0.0, "reserved": 0.0, "remaining": 100.0},
    }
    house.budget("tenant", None)
    house.budget("model", 7, key="m")
    purse = house.purse()
    purse.draw(Amounts(500_000), "a")
    purse.give_back(Amounts(300_000))
    purse.draw(Amounts(100_000), "b")
    told = ledger.list_budgets(tenant=house.tenant)
    assert json.loads(json.dumps(told)) == told
    numbers = {
        (each["kind"], each["period"]): (each["spent_micro_usd"], each["reserved_micro_usd"], each["remaining_micro_usd"]) for each in told
    }
    assert numbers == {
        ("agent", "day"): (300_000, 100_000, 600_000),
        ("model", "total"): (0, 0, 7),
        ("tenant", "total"): (300_000, 100_000, None),
    }
    assert ledger.list_budgets(tenant=a_house("rival").tenant) == []


def test_it_shows_todays_numbers_of_a_days_budget(house: House) -> None:
    house.budget("tenant", 100, "day")
    house.purse().draw(Amounts(60), "a")
    assert [each["reserved_micro_usd"] for each in ledger.list_budgets(tenant=house.tenant)] == [60]
    [tomorrow] = ledger.list_budgets(tenant=house.tenant, at_ms=now_ms() + DAY_MS)
    assert (tomorrow["reserved_micro_usd"], tomorrow["remaining_micro_usd"]) == (0, 100)


# Top-ups


@pytest.mark.parametrize("period", ["total", "day"])
@pytest.mark.parametrize("kind", SCOPES)
def test_it_tops_up_once_for_one_key(kind: str, period: str, house: House) -> None:
    house.budget(kind, 100, period, SCOPES[kind])
    told = [topped_up(house, 50, "k", kind, period) for _ in range(2)]
    assert [(each["total_micro_usd"], each["repeated"]) for each in told] == [(150, False), (150, True)]
    assert house.purse().draw(Amounts(150, {"m": 150}), "a") == Drawn(Amounts(150, {"m": 150}))
    assert isinstance(house.purse().draw(Amounts(1, {"m": 1}), "b"), Short)
    assert LedgerEntry.objects.filter(kind="top_up").count() == 1


def test_it_tops_up_each_time_without_a_key_and_for_each_person(house: House) -> None:
    house.budget("tenant", 100)
    assert [topped_up(house, 5)["total_micro_usd"] for _ in range(2)] == [105, 110]
    assert topped_up(house, 5, "k", by="alice")["total_micro_usd"] == 115
    assert topped_up(house, 5, "k", by="bob")["total_micro_usd"] == 120
    assert Budget.objects.get().limit_micro_usd == 120


def test_it_tops_up_todays_share_of_a_days_budget_alone(house: House) -> None:
    house.budget("tenant", 100, "day")
    topped_up(house, 50, period="day")
    assert Budget.objects.get().limit_micro_usd == 100
    assert isinstance(house.purse().draw(Amounts(101), "a", at_ms=now_ms() + DAY_MS), Short)


def test_it_refuses_a_key_that_comes_back_with_another_amount(house: House) -> None:
    house.budget("tenant", 100)
    topped_up(house, 50, "k")
    with pytest.raises(Refusal) as refused:
        topped_up(house, 51, "k")
    assert (refused.value.status, refused.value.errors[0]["pointer"]) == (422, "/Idempotency-Key")
    assert Budget.objects.get().limit_micro_usd == 150


@pytest.mark.parametrize(
    ("limit", "amount", "status"),
    [
        pytest.param(None, 1, 409, id="unlimited"),
        pytest.param(2**53 - 1, 1, 422, id="past-the-largest"),
        pytest.param(2**53 - 2, 2, 422, id="past-the-largest-by-one"),
    ],
)
def test_it_refuses_a_top_up_that_leads_nowhere(limit: int | None, amount: int, status: int, house: House) -> None:
    house.budget("tenant", limit)
    with pytest.raises(Refusal) as refused:
        topped_up(house, amount)
    assert refused.value.status == status
    assert Budget.objects.get().limit_micro_usd == limit


def test_it_tops_up_to_the_largest_there_is(house: House) -> None:
    house.budget("tenant", 2**53 - 2)
    assert topped_up(house, 1)["total_micro_usd"] == 2**53 - 1


# What is no budget


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        pytest.param({"limit_micro_usd": -1}, "/limit_micro_usd", id="negative"),
        pytest.param({"limit_micro_usd": 0.5}, "/limit_micro_usd", id="fractional"),
        pytest.param({"limit_micro_usd": 100.0}, "/limit_micro_usd", id="whole-but-no-integer"),
        pytest.param({"limit_micro_usd": "100"}, "/limit_micro_usd", id="string"),
        pytest.param({"limit_micro_usd": True}, "/limit_micro_usd", id="boolean"),
        pytest.param({"limit_micro_usd": 2**53}, "/limit_micro_usd", id="past-what-JSON-says-exactly"),
        pytest.param({"limit_micro_usd": 10**400}, "/limit_micro_usd", id="enormous"),
        pytest.param({"limit_micro_usd": float("nan")}, "/limit_micro_usd", id="no-number"),
        pytest.param({"limit_micro_usd": [1]}, "/limit_micro_usd", id="list"),
        pytest.param({"kind": "run"}, "/kind", id="a-run"),
        pytest.param({"kind": "planet"}, "/kind", id="unknown-kind"),
        pytest.param({"kind": 7}, "/kind", id="kind-of-another-type"),
        pytest.param({"period": "month"}, "/period", id="unknown-period"),
        pytest.param({"period": None}, "/period", id="no-period"),
        pytest.param({"key": "ten_of_another"}, "/key", id="another-tenant"),
        pytest.param({"kind": "agent", "key": None}, "/key", id="no-agent"),
        pytest.param({"kind": "model", "key": ""}, "/key", id="no-model"),
        pytest.param({"kind": "model", "key": "m" * 161}, "/key", id="a-name-too-long"),
        pytest.param({"kind": "model", "key": "a\x00b"}, "/key", id="a-name-with-nul"),
        pytest.param({"kind": "model", "key": 5}, "/key", id="a-number-for-a-name"),
    ],
)
def test_it_refuses_what_is_no_budget(wrong: dict[str, Any], pointer: str, house: House) -> None:
    with pytest.raises(Refusal) as refused:
        ledger.set_budget(**{"tenant": house.tenant, "kind": "tenant", "period": "total", "limit_micro_usd": 100, **wrong})
    assert refused.value.status == 422
    assert [fault["pointer"] for fault in refused.value.errors] == [pointer]
    assert not Budget.objects.exists()


@pytest.mark.parametrize("amount", [0, -1, 0.5, "1", None, 2**53], ids=repr)
def test_it_refuses_what_is_no_top_up(amount: Any, house: House) -> None:
    house.budget("tenant", 100)
    with pytest.raises(Refusal) as refused:
        topped_up(house, amount)
    assert [fault["pointer"] for fault in refused.value.errors] == ["/amount_micro_usd"]


@pytest.mark.parametrize("ref", ["nobody", "agt_" + "0" * 32, "\x00", "another's"])
def test_it_knows_only_agents_of_the_tenant(ref: str, house: House) -> None:
    rival = a_house("rival")
    key = rival.agents[0].public_id if ref == "another's" else ref
    with pytest.raises(Refusal) as refused:
        house.budget("agent", 100, key=key)
    assert refused.value.status == 404


@pytest.mark.parametrize("what", ["top up", "remove"])
def test_it_refuses_what_is_about_a_budget_nobody_set(what: str, house: House) -> None:
    with pytest.raises(Refusal) as refused:
        topped_up(house, 5) if what == "top up" else removed(house)
    assert refused.value.status == 404


def test_it_takes_away_the_budget_of_an_agent_that_is_gone(house: House) -> None:
    agent = create_agent(tenant=house.tenant, name="short-lived")
    house.budget("agent", 100, "total", agent.public_id)
    delete_agent(tenant=house.tenant, agent_id=agent.public_id)
    ledger.remove_budget(tenant=house.tenant, kind="agent", period="total", key=agent.public_id)
    assert ledger.list_budgets(tenant=house.tenant) == []
    with pytest.raises(Refusal, match="no such"):
        ledger.set_budget(tenant=house.tenant, kind="agent", period="total", key=agent.public_id, limit_micro_usd=1)
