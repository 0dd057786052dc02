"""The resource contract of a run: fixed when it was taken, every number live, in every scope it draws on."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command

from agents import ledger
from agents.models import Tenant
from agents.services import create_agent, update_agent
from runs import services
from runs.models import Run
from runs.runtime import get_resource_contract
from runs.selectors import list_runs, run_json
from runs.shell.clock import as_datetime
from skills.instants import instant
from tests.integration.workshop import Workshop, a_worker, chain, over, parked, started, step


def contract(workshop: Workshop, run: Run) -> dict[str, Any]:
    return get_resource_contract(tenant=workshop.tenant, run_id=run.public_id)


def scopes(told: dict[str, Any]) -> dict[str, tuple[int | None, int, int, int | None]]:
    """Return the scopes by kind, of a day by kind and `day`: total, spent, reserved, remaining."""
    names = ("total_micro_usd", "spent_micro_usd", "reserved_micro_usd", "remaining_micro_usd")
    return {each["kind"] + (" day" if each["day"] else ""): tuple(each[name] for name in names) for each in told["scopes"]}


def test_it_tells_every_scope_with_its_numbers_now(workshop: Workshop) -> None:
    ledger.set_budget(tenant=workshop.tenant, kind="tenant", period="day", limit_micro_usd=500)
    ledger.set_budget(tenant=workshop.tenant, kind="model", key="large", period="total", limit_micro_usd=300)
    calls = [step("a", "costly", worst=40, cost=30, model="large"), step("b", "costly", worst=40, cost=40, model="large", first_ms=60_000)]
    run = workshop.submit(*chain(*calls), budget_micro_usd=200)
    with a_worker():
        started(run, "b")
        told = contract(workshop, run)
        held = scopes(told)["run"][2]
        assert held >= 80
        unlimited = (None, 0, held, None)
        assert scopes(told) == {
            "tenant": unlimited,
            "tenant day": (500, 0, held, 500 - held),
            "agent": unlimited,
            "agent day": unlimited,
            "model": (300, 0, held, 300 - held),
            "model day": unlimited,
            "run": (200, 0, held, 200 - held),
        }
        # What of it is spent already is told by the run's own journal; to the ledger it is held until the run settles.
        budget = told["budget"]
        assert (budget["total_micro_usd"], budget["spent_micro_usd"], budget["subtree_spent_micro_usd"]) == (200, 30, 30)
        assert budget["spent_micro_usd"] + budget["reserved_micro_usd"] == held
        services.cancel_run(principal=workshop.alice, run_id=run.public_id)
        over(run)
    assert scopes(contract(workshop, run))["tenant day"][2] == 0


def test_it_says_what_is_missing_and_who_may_give_it(workshop: Workshop) -> None:
    run = workshop.submit(*chain(*(step(f"s{n}", "costly", worst=40, cost=40) for n in range(3))), budget_micro_usd=100)
    with a_worker():
        parked(run, "budget")
    told = contract(workshop, run)
    shortage = told["budget"]["shortage"]
    assert told["blocked_by"] == shortage["scope"] == f"run:{run.public_id}"
    assert (shortage["missing_micro_usd"], shortage["retry_at"]) == (20, None)
    assert shortage["cost_to_finish_micro_usd"] >= 40
    assert shortage["may_top_up"] == {"roles": ["operator", "tenant_admin"], "api_scopes": ["runs:write"], "not_by": None}
    assert told["budget"]["on_exhausted"] == "pause"


def test_of_a_days_budget_it_says_when_there_is_room_by_itself(workshop: Workshop) -> None:
    ledger.set_budget(tenant=workshop.tenant, kind="agent", key="worker", period="day", limit_micro_usd=50)
    run = workshop.submit(*chain(*(step(f"s{n}", "costly", worst=40, cost=40) for n in range(2))))
    with a_worker():
        parked(run, "budget")
    shortage = contract(workshop, run)["budget"]["shortage"]
    assert shortage["scope"].startswith(f"agent:{workshop.agent.public_id}@")
    assert shortage["retry_at"].endswith("T00:00:00.000Z")
    assert shortage["may_top_up"]["roles"] == ["tenant_admin"]


def test_it_needs_no_money_that_waits_for_none(workshop: Workshop) -> None:
    told = contract(workshop, workshop.submit(step("a", "say")))
    assert (told["blocked_by"], told["budget"]["shortage"]) == (None, None)


def test_it_is_fixed_when_the_run_is_taken(workshop: Workshop) -> None:
    profile = {"max_attempts": 5, "rate_limit_per_minute": 7, "blocked_skills": ["fails"], "budget": {"on_exhausted": "fail"}}
    agent = create_agent(tenant=workshop.tenant, name="strict", profile=profile)
    run = workshop.submit(step("a", "say"), agent=agent)
    before = contract(workshop, run)
    update_agent(tenant=workshop.tenant, agent_id=agent.public_id, changes={"profile": {}})
    after = contract(workshop, run)
    assert after | {"time": before["time"]} == before
    assert (before["attempts"], before["budget"]["on_exhausted"]) == ({"used": 0, "left": 5}, "fail")
    assert [(rate["scope"], rate["limit"]) for rate in before["rate_limits"] if rate["limit"] == 7] == [(f"agent:{agent.public_id}", 7)]
    assert "fails" not in before["allowed_skills"]


def test_it_tells_the_time_a_run_has_left_until_it_is_over(workshop: Workshop) -> None:
    run = workshop.submit(step("a", "say"), deadline_ms=90_000)
    time = contract(workshop, run)["time"]
    assert (time["max_run_duration_ms"], time["elapsed_ms"] + time["remaining_ms"]) == (90_000, 90_000)
    assert time["deadline_at"] == instant(as_datetime(run.deadline_at_ms))
    with a_worker():
        over(run)
    ended = contract(workshop, run)["time"]
    assert time["elapsed_ms"] <= ended["elapsed_ms"] == contract(workshop, run)["time"]["elapsed_ms"], "it stands still"


def test_it_counts_calls_and_the_runs_beside_it(workshop: Workshop) -> None:
    agent = create_agent(tenant=workshop.tenant, name="counted", profile={"max_attempts": 3, "max_concurrent_runs": 4})
    Tenant.objects.filter(pk=workshop.tenant.pk).update(max_concurrent_runs=9)
    run = workshop.submit(*chain(step("a", "say"), step("b", "sleepy", ms=60_000)), agent=agent)
    other = workshop.submit(step("a", "sleepy", ms=60_000))
    with a_worker():
        started(run, "b")
        started(other, "a")
        told = contract(workshop, run)
        assert told["attempts"] == {"used": 2, "left": 1}
        assert told["concurrency"]["running"] == 1
        assert told["concurrency"]["agent_runs"] == {"running": 1, "limit": 4}
        assert told["concurrency"]["tenant_runs"] == {"running": 2, "limit": 9}
        for each in (run, other):
            services.cancel_run(principal=workshop.alice, run_id=each.public_id)
        over(run)
        over(other)


def test_it_says_whom_steps_will_ask(workshop: Workshop) -> None:
    run = workshop.submit(*chain(step("a", "say", approval="always"), step("b", "asks", question="Which?")))
    with a_worker():
        parked(run, "approval")
    asks = {notice["step_id"]: notice["asks"] for notice in contract(workshop, run)["approvals"]}
    assert asks["a"] == {"roles": ["approver", "tenant_admin"], "api_scopes": ["approvals:write"], "not_by": "alice"}
    assert asks["b"] == {"roles": ["operator", "tenant_admin"], "api_scopes": ["runs:write"], "not_by": None}


# What runs called spent


def a_tree(workshop: Workshop) -> list[Run]:
    """Return a run that called two, one of which called another; and a rerun of the first, which is no called run."""
    top = workshop.submit(step("a", "say"))
    first, second = (workshop.submit(step("a", "say"), called_by=top.public_id) for _ in range(2))
    deep = workshop.submit(step("a", "say"), called_by=first.public_id)
    again, _ = services.rerun_run(principal=workshop.alice, run_id=top.public_id)
    runs = [top, first, second, deep, again]
    for spent, run in zip((1, 10, 100, 1_000, 10_000), runs, strict=True):
        Run.objects.filter(pk=run.pk).update(spent_micro_usd=spent)
    return runs


@pytest.mark.parametrize("how", ["one", "listed"])
def test_what_called_runs_spent_counts_once_and_apart(workshop: Workshop, how: str, django_assert_max_num_queries: Any) -> None:
    runs = a_tree(workshop)
    if how == "listed":
        with django_assert_max_num_queries(3):  # the list, and one for each run that called another
            told = {run.public_id: run_json(run) for run in list_runs(tenant=workshop.tenant)}
    else:
        told = {run.public_id: run_json(list_runs(tenant=workshop.tenant).get(pk=run.pk)) for run in runs}
    costs = [told[run.public_id]["cost"] for run in runs]
    assert [cost["spent_micro_usd"] for cost in costs] == [1, 10, 100, 1_000, 10_000]
    assert [cost["subtree_spent_micro_usd"] for cost in costs] == [1_111, 1_010, 100, 1_000, 10_000]


def test_the_contract_tells_what_called_runs_have_spent_by_now(workshop: Workshop) -> None:
    caller = workshop.submit(*chain(step("a", "costly", worst=10, cost=10), step("b", "sleepy", ms=60_000)), budget_micro_usd=200)
    with a_worker():
        started(caller, "b")
        called = workshop.submit(step("a", "costly", worst=70, cost=70), called_by=caller.public_id)
        over(called)
        budget = contract(workshop, caller)["budget"]
        assert (budget["spent_micro_usd"], budget["subtree_spent_micro_usd"]) == (10, 80)
        kinds = [scope["kind"] for scope in contract(workshop, called)["scopes"]]
        assert kinds == ["tenant", "tenant", "agent", "agent", "run", "run"]
        services.cancel_run(principal=workshop.alice, run_id=caller.public_id)
        over(caller)


# In words


def test_the_command_says_it_in_words(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    run = workshop.submit(*chain(*(step(f"s{n}", "costly", worst=40, cost=40, approval="never") for n in range(3))), budget_micro_usd=100)
    with a_worker():
        parked(run, "budget")
    call_command("resource_contract", run.public_id)
    said = capsys.readouterr().out
    assert f"more in run:{run.public_id}; operator or tenant admin may give it" in said
    assert f"tenant:{workshop.tenant.public_id}" in said
    assert "waits for a top-up" in said


def test_another_tenants_agent_is_not_counted(workshop: Workshop) -> None:
    rival = Tenant.objects.create(slug="rival", name="Rival")
    Run.objects.create(tenant=rival, agent=create_agent(tenant=rival, name="theirs"), status="running")
    told = contract(workshop, workshop.submit(step("a", "say")))
    assert told["concurrency"]["tenant_runs"]["running"] == 0
