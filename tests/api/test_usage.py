"""Usage over the API: grouped, filtered, totalled, waste apart; the tenant's own and nobody else's; nonsense is refused with a pointer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from agents.models import Agent, Tenant
from agents.services import create_agent
from runs.api.usage import ForecastAnswer, UsageAnswer
from runs.models import ChargeSum, TallyMark
from runs.money.usage import today_of
from runs.shell import tally
from skills.ids import new_id
from tests.api.cast import Caller
from tests.integration.charging import a_charge

NOVEMBER = "from=2026-11-01&to=2026-11-30"


@pytest.fixture
def other(acme: Tenant) -> Agent:
    return create_agent(tenant=acme, name="writer")


@pytest.fixture
def used(agent: Agent, other: Agent, rival: Tenant) -> str:
    """Charge what the tests ask about; return the id of a run."""
    run = {"run_public_id": new_id("run")}
    a_charge(agent, 100, model="large", input_tokens=10, output_tokens=3, **run)
    a_charge(agent, 40, model="large", waste="retry", pricing_status="unpriced", seq=6, **run)
    a_charge(agent, 20, day="2026-11-11", model="small", waste="loop", cache_read_tokens=5)
    a_charge(agent, 7, day="2026-10-31")
    a_charge(other, 300, day="2026-11-11", skill="http_call", pricing_status="estimated", waste="retry")
    a_charge(create_agent(tenant=rival, name="worker"), 10**6, skill="canary")
    return run["run_public_id"]


def ask(caller: Caller, query: str) -> dict[str, Any]:
    response = caller.get(f"/api/v1/usage?{query}")
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    # As it is published.
    assert UsageAnswer.model_validate(answer).model_dump(mode="json", by_alias=True, exclude_unset=True) == answer
    return answer


def costs(answer: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    return [(*(row[name] for name in names), row["calls"], row["cost_micro_usd"]) for row in answer["data"]]


def add_up(times: int = 2) -> None:
    """Let the sums take in all there is, as they do by and by."""
    for _ in range(times):
        tally.add_up()
        TallyMark.objects.update(noted_at_ms=0)
    assert ChargeSum.objects.exists()


@pytest.mark.parametrize("added_up", [False, True], ids=["from charges", "from sums"])
def test_it_groups_by_what_it_is_asked_for(alice: Caller, used: str, agent: Agent, added_up: bool) -> None:
    if added_up:
        add_up()
    assert costs(ask(alice, f"group_by=tenant&{NOVEMBER}"), "tenant") == [("acme", 4, 460)]
    assert costs(ask(alice, f"group_by=agent&{NOVEMBER}"), "agent") == [("writer", 1, 300), ("worker", 3, 160)]
    assert costs(ask(alice, f"group_by=skill&{NOVEMBER}"), "skill") == [("http_call", 1, 300), ("llm_invoke", 3, 160)]
    assert costs(ask(alice, f"group_by=model&{NOVEMBER}"), "model") == [(None, 1, 300), ("large", 2, 140), ("small", 1, 20)]
    assert costs(ask(alice, f"group_by=day&{NOVEMBER}"), "day") == [("2026-11-10", 2, 140), ("2026-11-11", 2, 320)]
    both = ask(alice, f"group_by=day,agent&{NOVEMBER}")
    worker = ("2026-11-10", "worker", 2, 140), ("2026-11-11", "worker", 1, 20)
    assert costs(both, "day", "agent") == [worker[0], ("2026-11-11", "writer", 1, 300), worker[1]]
    assert both["data"][0]["agent_id"] == agent.public_id
    assert costs(ask(alice, f"group_by=run&{NOVEMBER}&limit=2"), "run_id")[1:] == [(used, 2, 140)]


@pytest.mark.parametrize("added_up", [False, True], ids=["from charges", "from sums"])
def test_it_tells_tokens_waste_and_guesses_apart_and_totals_them(alice: Caller, used: str, added_up: bool) -> None:
    if added_up:
        add_up()
    totals = ask(alice, f"group_by=agent&{NOVEMBER}")["totals"]
    assert totals == {
        "calls": 4,
        "cost_micro_usd": 460,
        "cost_cents": 0.046,
        "tokens": {"input": 10, "output": 3, "cache_read": 5, "cache_write": 0},
        "retry_waste": {"calls": 2, "cost_micro_usd": 340},
        "loop_waste": {"calls": 1, "cost_micro_usd": 20},
        "unpriced": {"calls": 1, "cost_micro_usd": 40},
        "estimated": {"calls": 1, "cost_micro_usd": 300},
    }


@pytest.mark.parametrize(
    ("query", "calls", "cost"),
    [
        pytest.param("agent=writer", 1, 300, id="agent by name"),
        pytest.param("skill=llm_invoke", 3, 160, id="skill"),
        pytest.param("model=large", 2, 140, id="model"),
        pytest.param("skill=llm_invoke&model=small", 1, 20, id="both"),
        pytest.param("skill=canary", 0, 0, id="another tenant's skill"),
    ],
)
def test_it_filters(alice: Caller, used: str, query: str, calls: int, cost: int) -> None:
    totals = ask(alice, f"{query}&{NOVEMBER}")["totals"]
    assert (totals["calls"], totals["cost_micro_usd"]) == (calls, cost)


def test_it_filters_by_run_and_by_the_id_of_an_agent_that_is_gone(alice: Caller, used: str, other: Agent) -> None:
    assert ask(alice, f"run={used}&{NOVEMBER}")["totals"]["cost_micro_usd"] == 140
    public_id = other.public_id
    other.delete()
    answer = ask(alice, f"group_by=agent&agent={public_id}&{NOVEMBER}")
    assert [(row["agent"], row["agent_id"], row["cost_micro_usd"]) for row in answer["data"]] == [(None, public_id, 300)]


def test_it_says_how_many_groups_it_left_off(alice: Caller, used: str) -> None:
    answer = ask(alice, f"group_by=skill&limit=1&{NOVEMBER}")
    assert (len(answer["data"]), answer["left_off"], answer["totals"]["calls"]) == (1, 1, 4)


def test_it_answers_for_this_month_where_the_tenant_is(alice: Caller, acme: Tenant, agent: Agent) -> None:
    Tenant.objects.filter(pk=acme.pk).update(time_zone="Pacific/Kiritimati")
    acme.refresh_from_db()
    today = today_of([acme])
    a_charge(agent, 5, day=today)
    a_charge(agent, 3, day=today.replace(day=1) - timedelta(days=1))
    answer = ask(alice, "")
    assert (answer["from"], answer["to"]) == (today.replace(day=1).isoformat(), today.isoformat())
    assert (answer["time_zone"], answer["group_by"], answer["totals"]["cost_micro_usd"]) == ("Pacific/Kiritimati", ["day"], 5)


def test_it_says_nothing_was_used_where_nothing_was(alice: Caller) -> None:
    answer = ask(alice, "group_by=agent")
    assert (answer["data"], answer["totals"]["calls"], answer["totals"]["cost_micro_usd"]) == ([], 0, 0)


BAD = {
    "an unknown key": ("group_by=colour", "/group_by/0"),
    "no key": ("group_by=", "/group_by/0"),
    "three keys": ("group_by=day,agent,model", "/group_by"),
    "the same key twice": ("group_by=day,day", "/group_by"),
    "no date": ("from=yesterday", "/from"),
    "no such day": ("from=2026-02-30", "/from"),
    "an instant": ("from=2026-11-01T00:00:00Z", "/from"),
    "seconds since 1970": ("from=1700000000", "/from"),
    "an end before the begin": ("from=2026-11-02&to=2026-11-01", "/to"),
    "a bad agent": ("agent=No%20Such", "/agent"),
    "a bad run": ("run=run_1", "/run"),
    "a bad skill": ("skill=%00", "/skill"),
    "a limit": ("limit=0", "/limit"),
    "an unknown parameter": ("colour=red", "/colour"),
}


@pytest.mark.parametrize(("query", "pointer"), BAD.values(), ids=BAD.keys())
def test_it_refuses(alice: Caller, assert_problem: Any, query: str, pointer: str) -> None:
    problem = assert_problem(alice.get(f"/api/v1/usage?{query}"), 400, "INVALID_INPUT")
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


def test_it_knows_no_other_agent(alice: Caller, assert_problem: Any) -> None:
    assert_problem(alice.get("/api/v1/usage?agent=nobody"), 404, "NOT_FOUND")


def test_a_model_may_be_called_anything(alice: Caller) -> None:
    assert ask(alice, "model=%00%27--&group_by=model")["data"] == []


# Forecast


def forecasts(caller: Caller) -> dict[str | None, dict[str, Any]]:
    return {row["agent"]: row for row in caller.get("/api/v1/usage/forecast").json()["data"]}


def test_it_forecasts_nothing_without_history(alice: Caller, agent: Agent, acme: Tenant) -> None:
    a_charge(agent, 5, day=today_of([acme]))
    told = forecasts(alice)
    assert set(told) == {None, "worker"}
    for row in told.values():
        assert (row["spent_micro_usd"], row["expected_micro_usd"], row["low_micro_usd"], row["days"], row["method"]) == (
            5,
            None,
            None,
            0,
            None,
        )


def test_it_forecasts_the_tenant_and_each_agent_from_their_days(alice: Caller, agent: Agent, other: Agent, acme: Tenant) -> None:
    today = today_of([acme])
    for ago in range(30):
        a_charge(agent, 100, day=today - timedelta(days=ago))
    a_charge(other, 40, day=today - timedelta(days=3))
    add_up()
    month_end = (today.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    told = forecasts(alice)
    assert (told["worker"]["method"], told["worker"]["days"]) == ("weekday", 29)
    assert told["worker"]["expected_micro_usd"] == 100 * month_end.day
    assert (told["writer"]["method"], told["writer"]["days"]) == ("mean", 3)
    assert told[None]["spent_micro_usd"] == sum(told[name]["spent_micro_usd"] for name in ("worker", "writer"))
    assert told[None]["low_micro_usd"] <= told[None]["expected_micro_usd"] <= told[None]["high_micro_usd"]
    answer = alice.get("/api/v1/usage/forecast").json()
    assert ForecastAnswer.model_validate(answer).model_dump(mode="json", by_alias=True) == answer
    assert date.fromisoformat(answer["to"]) == month_end
