"""Budgets over the API: set, read with live numbers, topped up once, removed; each tenant's own; nonsense is refused with a pointer."""

from __future__ import annotations

from typing import Any

import pytest

from agents import ledger
from agents.models import Agent, AuditEntry, Budget, LedgerEntry, Tenant
from runs.api.budgets import BudgetView
from runs.models import Run
from tests.api.cast import Caller

pytestmark = pytest.mark.django_db

URL = "/api/v1/budgets"
NO_BUDGET = "bud_" + "0" * 32


def put(caller: Caller, status: int = 200, **body: Any) -> dict[str, Any]:
    answer = caller.send("PUT", URL, {"kind": "tenant", "period": "total", **body})
    assert answer.status_code == status, answer.json()
    told: dict[str, Any] = answer.json()
    return told


def listed(caller: Caller) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = caller.get(URL).json()["data"]
    return data


@pytest.mark.parametrize(
    ("body", "scope"),
    [
        pytest.param({"kind": "tenant", "period": "total"}, "tenant:", id="tenant"),
        pytest.param({"kind": "tenant", "period": "day"}, "tenant:", id="tenant each day"),
        pytest.param({"kind": "agent", "key": "worker", "period": "day"}, "agent:", id="agent by name"),
        pytest.param({"kind": "model", "key": "a/b c:7@x", "period": "total"}, "model:a/b c:7@x", id="model"),
    ],
)
def test_it_sets_reads_and_removes_a_budget(alice: Caller, agent: Agent, body: dict[str, Any], scope: str) -> None:
    told = put(alice, **body, limit_micro_usd=500)
    assert told["scope"].startswith(scope)
    assert ("@" in told["scope"].removeprefix(scope)) == (body["period"] == "day")
    assert (told["limit_micro_usd"], told["total_micro_usd"], told["remaining_micro_usd"]) == (500, 500, 500)
    assert (told["spent_micro_usd"], told["reserved_micro_usd"], told["runs_waiting"], told["cents"]["total"]) == (0, 0, 0, 0.05)
    assert told["agent"] == ("worker" if body["kind"] == "agent" else None)
    assert set(told) == set(BudgetView.model_json_schema(mode="serialization")["properties"])
    assert listed(alice) == [told]
    assert alice.get(f"{URL}/{told['budget_id']}").json() == told
    query = "&".join(f"{name}={value}" for name, value in body.items()).replace(" ", "%20")
    assert alice.send("DELETE", f"{URL}?{query}").json()["scope"] == told["scope"]
    assert listed(alice) == []


def test_it_changes_a_budget_by_setting_it_again(alice: Caller) -> None:
    first = put(alice, limit_micro_usd=500)
    assert put(alice, limit_cents=1.5)["limit_micro_usd"] == 15_000
    told = put(alice, limit_micro_usd=None)
    assert (told["budget_id"], told["limit_micro_usd"], told["remaining_micro_usd"]) == (first["budget_id"], None, None)
    assert Budget.objects.count() == 1


def test_it_shows_what_is_spent_and_reserved_now_and_who_waits(alice: Caller, acme: Tenant, agent: Agent) -> None:
    told = put(alice, limit_micro_usd=100)
    purse = ledger.RunPurse(acme.pk, agent.pk, "run_x", None)
    purse.draw(ledger.Amounts(70), "admit")
    purse.give_back(ledger.Amounts(30))
    purse.draw(ledger.Amounts(20), "more")
    Run.objects.create(tenant=acme, agent=agent, status="waiting", waiting_for="budget", blocked_by=told["scope"])
    (now,) = listed(alice)
    assert (now["spent_micro_usd"], now["reserved_micro_usd"], now["remaining_micro_usd"], now["runs_waiting"]) == (30, 20, 50, 1)


def test_it_tops_up_once_per_idempotency_key(alice: Caller, assert_problem: Any) -> None:
    path = f"{URL}/{put(alice, limit_micro_usd=100)['budget_id']}/top-up"
    told = [alice.post(path, {"amount_micro_usd": 50}, Idempotency_Key="one") for _ in range(2)]
    assert [answer.headers.get("Idempotency-Replayed") for answer in told] == [None, "true"]
    first, again = (answer.json() for answer in told)
    assert (first["limit_micro_usd"], first["repeated"], again["limit_micro_usd"], again["repeated"]) == (150, False, 150, True)
    assert alice.post(path, {"amount_cents": 0.01}, Idempotency_Key="two").json()["limit_micro_usd"] == 250
    assert alice.post(path, {"amount_micro_usd": 1}).json()["limit_micro_usd"] == 251
    assert LedgerEntry.objects.filter(kind="top_up").count() == 3
    assert AuditEntry.objects.filter(action="budget.top_up").count() == 3, "what was repeated is not told as done again"
    assert_problem(alice.post(path, {"amount_micro_usd": 51}, Idempotency_Key="one"), 422, "INVALID_INPUT")


def test_a_top_up_of_a_days_budget_is_for_that_day(alice: Caller) -> None:
    budget_id = put(alice, period="day", limit_micro_usd=100)["budget_id"]
    told = alice.post(f"{URL}/{budget_id}/top-up", {"amount_micro_usd": 50}).json()
    assert (told["limit_micro_usd"], told["total_micro_usd"]) == (100, 150)


def test_it_tops_up_nothing_that_has_no_limit(alice: Caller, assert_problem: Any) -> None:
    budget_id = put(alice, limit_micro_usd=None)["budget_id"]
    assert_problem(alice.post(f"{URL}/{budget_id}/top-up", {"amount_micro_usd": 5}), 409, "INVALID_INPUT")


LIMITS: dict[str, tuple[dict[str, Any], str]] = {
    "below zero": ({"limit_micro_usd": -1}, "/limit_micro_usd"),
    "a fraction": ({"limit_micro_usd": 0.5}, "/limit_micro_usd"),
    "a text": ({"limit_micro_usd": "5"}, "/limit_micro_usd"),
    "true": ({"limit_micro_usd": True}, "/limit_micro_usd"),
    "enormous": ({"limit_micro_usd": 2**53}, "/limit_micro_usd"),
    "a fraction of a micro-USD": ({"limit_cents": 0.00001}, "/limit_cents"),
    "none at all": ({}, ""),
    "both units": ({"limit_micro_usd": 1, "limit_cents": 1}, ""),
    "an unknown kind": ({"limit_micro_usd": 1, "kind": "run"}, "/kind"),
    "an unknown period": ({"limit_micro_usd": 1, "period": "week"}, "/period"),
    "a key too long": ({"limit_micro_usd": 1, "kind": "model", "key": "m" * 161}, "/key"),
    "an unknown field": ({"limit_micro_usd": 1, "color": "red"}, "/color"),
    "a key of the tenant": ({"limit_micro_usd": 1, "key": "rival"}, "/key"),
    "a model with a control character": ({"limit_micro_usd": 1, "kind": "model", "key": "m\x01"}, "/key"),
}


@pytest.mark.parametrize(("body", "pointer"), LIMITS.values(), ids=LIMITS.keys())
def test_it_refuses_a_budget(alice: Caller, assert_problem: Any, body: dict[str, Any], pointer: str) -> None:
    problem = assert_problem(alice.send("PUT", URL, {"kind": "tenant", "period": "total", **body}), 422, "SCHEMA_VALIDATION_FAILED")
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]
    assert not Budget.objects.exists()


AMOUNTS: dict[str, dict[str, Any]] = {
    "nothing": {"amount_micro_usd": 0},
    "below zero": {"amount_micro_usd": -5},
    "a fraction": {"amount_micro_usd": 0.5},
    "a text": {"amount_micro_usd": "5"},
    "enormous": {"amount_micro_usd": 2**53},
    "no amount": {},
}


@pytest.mark.parametrize("body", AMOUNTS.values(), ids=AMOUNTS.keys())
def test_it_refuses_a_top_up(alice: Caller, assert_problem: Any, body: dict[str, Any]) -> None:
    path = f"{URL}/{put(alice, limit_micro_usd=100)['budget_id']}/top-up"
    problem = assert_problem(alice.post(path, body), 422, "SCHEMA_VALIDATION_FAILED")
    assert problem["errors"]
    assert Budget.objects.get().limit_micro_usd == 100


def test_a_limit_never_grows_beyond_what_json_says_exactly(alice: Caller, assert_problem: Any) -> None:
    budget_id = put(alice, limit_micro_usd=2**53 - 5)["budget_id"]
    assert_problem(alice.post(f"{URL}/{budget_id}/top-up", {"amount_micro_usd": 5}), 422, "SCHEMA_VALIDATION_FAILED")


@pytest.mark.parametrize(
    "key", ["nobody", "no such agent", "agt_" + "0" * 32, "\x01"], ids=["name", "no name", "id", "a control character"]
)
def test_it_knows_no_such_agent(alice: Caller, assert_problem: Any, key: str) -> None:
    assert_problem(alice.send("PUT", URL, {"kind": "agent", "key": key, "period": "total", "limit_micro_usd": 1}), 404, "NOT_FOUND")


@pytest.mark.parametrize("budget_id", [NO_BUDGET, "bud_1", "%00"])
def test_it_knows_no_such_budget(alice: Caller, assert_problem: Any, budget_id: str) -> None:
    put(alice, limit_micro_usd=1)
    assert_problem(alice.get(f"{URL}/{budget_id}"), 404, "NOT_FOUND")
    assert_problem(alice.post(f"{URL}/{budget_id}/top-up", {"amount_micro_usd": 1}), 404, "NOT_FOUND")
    assert_problem(alice.send("DELETE", f"{URL}?kind=tenant&period=day"), 404, "NOT_FOUND")


def test_it_shows_and_changes_nobody_elses(alice: Caller, charlie: Caller, agent: Agent, assert_problem: Any) -> None:
    told = put(alice, limit_micro_usd=100)
    assert listed(charlie) == []
    assert_problem(charlie.get(f"{URL}/{told['budget_id']}"), 404, "NOT_FOUND")
    assert_problem(charlie.post(f"{URL}/{told['budget_id']}/top-up", {"amount_micro_usd": 1}), 404, "NOT_FOUND")
    body = {"kind": "agent", "key": agent.public_id, "period": "total", "limit_micro_usd": 1}
    assert_problem(charlie.send("PUT", URL, body), 404, "NOT_FOUND")
    assert listed(alice) == [told]


def test_it_lets_a_reader_read_and_not_write(alice: Caller, bob: Caller, assert_problem: Any) -> None:
    budget_id = put(alice, limit_micro_usd=1)["budget_id"]
    assert listed(bob)
    for method, path in (("PUT", URL), ("DELETE", f"{URL}?kind=tenant&period=total"), ("POST", f"{URL}/{budget_id}/top-up")):
        assert "budgets:write" in assert_problem(bob.send(method, path, {}), 403, "PERMISSION_DENIED")["detail"]
