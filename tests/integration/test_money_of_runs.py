"""Runs and the scopes their money comes from: who waits for whom, who gives back what, and that nothing passes a limit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents import ledger
from agents.models import LedgerEntry, LedgerLot, LedgerScope
from agents.services import create_agent
from runs import services
from runs.models import Outbox
from runs.shell.unblock import wake_unblocked
from skills.refusal import Refusal
from tests.fakes.skills import Costly, witnessed
from tests.integration.workshop import (
    Workshop,
    a_worker,
    assert_is_whole,
    chain,
    decided,
    kinds,
    now,
    over,
    parked,
    started,
    step,
    trace,
    wait_for,
)

ONCE = {"max_attempts": 1}


def budget(workshop: Workshop, kind: str, limit: int | None, *, period: str = "total", key: str | None = None) -> None:
    ledger.set_budget(tenant=workshop.tenant, kind=kind, period=period, limit_micro_usd=limit, key=key, by="bob")


def sums(workshop: Workshop, kind: str, key: str | None = None) -> tuple[int, int]:
    """Return what a scope has spent and holds, for good."""
    rows = LedgerScope.objects.filter(tenant=workshop.tenant, kind=kind, day=None)
    row = rows.get() if key is None else rows.get(key=key)
    return row.spent_micro_usd, row.reserved_micro_usd


def test_every_scope_tells_what_a_run_spent(workshop: Workshop) -> None:
    run = workshop.submit(step("a", "costly", worst=40, cost=30, model="large"))
    with a_worker():
        over(run)
    assert_is_whole(workshop, run)
    assert sums(workshop, "tenant") == sums(workshop, "agent") == sums(workshop, "model", "large") == sums(workshop, "run") == (30, 0)
    days = LedgerScope.objects.filter(tenant=workshop.tenant).exclude(day=None)
    assert {(row.kind, row.spent_micro_usd) for row in days} == {("tenant", 30), ("agent", 30), ("model", 30)}


def test_however_many_steps_cost_money_its_scopes_are_touched_when_it_begins_and_when_it_ends(workshop: Workshop) -> None:
    run = workshop.submit(*chain(*(step(f"s{n}", "costly", worst=40, cost=30) for n in range(6))))
    with a_worker():
        over(run)
    assert LedgerLot.objects.get().spent_micro_usd == 180
    for scope in LedgerScope.objects.filter(tenant=workshop.tenant).exclude(kind="run"):
        kinds_of_entries = list(LedgerEntry.objects.filter(scope=scope).order_by("pk").values_list("kind", flat=True))
        assert sorted(kinds_of_entries) == ["release", "reserve", "settle"], str(scope)
    assert_is_whole(workshop, run)


@pytest.mark.parametrize(
    ("kind", "period", "key"),
    [
        ("tenant", "total", None),
        ("tenant", "day", None),
        ("agent", "total", "agent"),
        ("agent", "day", "agent"),
        ("model", "total", "large"),
        ("model", "day", "large"),
    ],
)
def test_it_waits_for_the_scope_that_is_short_and_goes_on_when_its_budget_is_raised(
    workshop: Workshop, tmp_path: Path, kind: str, period: str, key: str | None
) -> None:
    key = workshop.agent.public_id if key == "agent" else key
    budget(workshop, kind, 50, period=period, key=key)
    steps = chain(*(step(f"s{n}", "costly", worst=40, cost=40, model="large", witness=str(tmp_path / "w")) for n in range(3)))
    run = workshop.submit(*steps)
    with a_worker():
        waiting = parked(run, "budget")
        assert waiting.blocked_by.startswith(f"{kind}:{key or workshop.tenant.public_id}")
        assert (waiting.spent_micro_usd, waiting.needs_micro_usd) == (40, 40)
        assert (waiting.wake_at_ms is not None) == (waiting.deadline_at_ms is not None)
        budget(workshop, kind, 119, period=period, key=key)
        wait_for(lambda: now(run).spent_micro_usd == 80, "the second step")
        assert parked(run, "budget").spent_micro_usd == 80
        budget(workshop, kind, 120, period=period, key=key)
        assert over(run).status == "succeeded"
    assert witnessed(tmp_path / "w") == ["s0 1", "s1 1", "s2 1"]
    assert_is_whole(workshop, run)


def test_a_removed_budget_is_no_limit(workshop: Workshop) -> None:
    budget(workshop, "tenant", 10)
    run = workshop.submit(step("a", "costly", worst=40, cost=40))
    with a_worker():
        parked(run, "budget")
        ledger.remove_budget(tenant=workshop.tenant, kind="tenant", period="total")
        assert over(run).status == "succeeded"


def test_the_next_run_goes_when_the_first_gives_back_what_it_did_not_need(workshop: Workshop) -> None:
    budget(workshop, "tenant", 100)
    first = workshop.submit(step("a", "costly", worst=90, cost=20, first_ms=600))
    with a_worker():
        started(first, "a")
        second = workshop.submit(step("a", "costly", worst=60, cost=60))
        assert parked(second, "budget").blocked_by == f"tenant:{workshop.tenant.public_id}"
        assert sums(workshop, "tenant") == (0, 90)
        assert over(first).status == over(second).status == "succeeded"
    assert sums(workshop, "tenant") == (80, 0)
    assert "funds_freed" in kinds(second)


def test_whoever_waits_for_long_holds_no_money(workshop: Workshop) -> None:
    budget(workshop, "agent", 100, key="worker")
    first = workshop.submit(*chain(step("a", "costly", worst=40, cost=30), step("b", "costly", worst=40, cost=40, approval="always")))
    with a_worker():
        parked(first, "approval")
        assert sums(workshop, "agent") == (30, 0)
        second = workshop.submit(step("a", "costly", worst=60, cost=60))
        assert over(second).status == "succeeded"
        waiting = trace(first)["steps"]
        action = next(found["action_hash"] for found in waiting if found["step_id"] == "b")
        workshop.decide(first, "b", "approve", action_hash=action)
        # Approved, and by now there is no money for it.
        assert parked(first, "budget").blocked_by == f"agent:{workshop.agent.public_id}"
        budget(workshop, "agent", 130, key="worker")
        assert over(first).status == "succeeded"
    assert sums(workshop, "agent") == (130, 0)
    assert_is_whole(workshop, first)


def test_whoever_waits_has_settled_what_it_spent_though_it_has_nothing_to_give_back(workshop: Workshop) -> None:
    run = workshop.submit(*chain(step("a", "costly", worst=40, cost=40, retry=ONCE), step("b", "asks", question="?")))
    with a_worker():
        parked(run, "input")
    assert sums(workshop, "tenant") == (40, 0)


def test_only_as_many_are_woken_as_there_is_money_for(workshop: Workshop) -> None:
    budget(workshop, "tenant", 10)
    runs = [workshop.submit(step("a", "costly", worst=40, cost=40)) for _ in range(5)]
    with a_worker() as leave:
        for run in runs:
            parked(run, "budget")
        leave()
        budget(workshop, "tenant", 95)
        assert wake_unblocked() == 2
        assert [now(run).status for run in runs] == ["queued", "queued", "waiting", "waiting", "waiting"]
    with a_worker():
        assert [over(run).status for run in runs[:2]] == ["succeeded", "succeeded"]
    assert sums(workshop, "tenant") == (80, 0)


def test_nobody_is_woken_for_what_it_gave_back_itself(workshop: Workshop) -> None:
    # Admitted, it drew its whole budget; waiting, it keeps nothing of it: what is left is less than the last step needs.
    run = workshop.submit(*chain(*(step(f"s{n}", "costly", worst=40, cost=40 - n) for n in range(3))), budget_micro_usd=100)
    with a_worker() as leave:
        waiting = parked(run, "budget")
        leave()
    assert (sums(workshop, "run"), waiting.needs_micro_usd) == ((79, 0), 40)
    assert wake_unblocked() == 0
    assert now(run).status == "waiting"
    assert "funds_freed" not in kinds(run)


def test_a_called_run_spends_its_callers_money(workshop: Workshop) -> None:
    caller = workshop.submit(
        *chain(step("a", "costly", worst=10, cost=10, retry=ONCE), step("b", "sleepy", ms=3_000)), budget_micro_usd=100
    )
    with a_worker():
        started(caller, "b")
        called = workshop.submit(step("a", "costly", worst=70, cost=70), called_by=caller.public_id)
        assert over(called).status == "succeeded"
        # Beside what the called run spent stands what the caller itself holds.
        assert sums(workshop, "run", caller.public_id) == (70, 10)
        # What is left of the caller's limit does not suffice for another one.
        another = workshop.submit(step("a", "costly", worst=30, cost=30, retry=ONCE), called_by=caller.public_id)
        assert parked(another, "budget").blocked_by == f"run:{caller.public_id}"
        services.top_up_run(principal=workshop.alice, run_id=caller.public_id, amount_micro_usd=10)
        assert over(another).status == "succeeded"
        assert over(caller).status == "succeeded"
    assert sums(workshop, "run", caller.public_id) == (110, 0)
    assert (sums(workshop, "run", called.public_id), now(caller).spent_micro_usd) == ((70, 0), 10)
    assert sums(workshop, "tenant") == (110, 0)
    with pytest.raises(Refusal, match="ended never changes"):
        workshop.submit(step("a", "say"), called_by=caller.public_id)


def test_a_called_run_is_over_by_its_callers_deadline(workshop: Workshop) -> None:
    caller = workshop.submit(step("a", "say"), deadline_ms=60_000)
    called = workshop.submit(step("a", "say"), called_by=caller.public_id)
    assert called.deadline_at_ms == caller.deadline_at_ms


def test_runs_do_not_call_runs_without_end(workshop: Workshop) -> None:
    run = workshop.submit(step("a", "say"))
    for _ in range(15):
        run = workshop.submit(step("a", "say"), called_by=run.public_id)
    with pytest.raises(Refusal) as refused:
        workshop.submit(step("a", "say"), called_by=workshop.submit(step("a", "say"), called_by=run.public_id).public_id)
    assert refused.value.code == "LOOP_DETECTED"


@pytest.mark.parametrize(
    ("policy", "status", "code"), [("fail", "failed", "BUDGET_EXCEEDED"), ("finish_cheap", "partial", "BUDGET_EXCEEDED")]
)
def test_an_exhausted_run_ends_as_its_agent_says(workshop: Workshop, policy: str, status: str, code: str) -> None:
    agent = create_agent(tenant=workshop.tenant, name="thrifty", profile={"budget": {"per_run_micro_usd": 50, "on_exhausted": policy}})
    steps = [step("a", "costly", worst=40, cost=40), step("b", "costly", "a", worst=40, cost=40), step("c", "say", said="done")]
    run = workshop.submit(*steps, agent=agent)
    with a_worker():
        run = over(run)
    assert (run.status, run.spent_micro_usd) == (status, 40)
    assert next(found for found in trace(run)["steps"] if found["step_id"] == "b")["failure"]["code"] == code
    assert_is_whole(workshop, run)


@pytest.mark.parametrize("model", [{}, {"model": "large"}], ids=["of no model", "of a model"])
def test_a_run_that_owes_waits_before_its_next_step_and_overran_by_what_was_in_flight(workshop: Workshop, model: dict[str, str]) -> None:
    run = workshop.submit(*chain(step("a", "costly", worst=40, cost=75, **model), step("b", "say", said="free")), budget_micro_usd=50)
    with a_worker():
        assert parked(run, "budget").spent_micro_usd == 75
        assert "overrun" in decided(run, "a")
        # It holds what it drew until the ledger has agreed to the rest.
        assert sums(workshop, "run") == (0, 50)
        services.top_up_run(principal=workshop.alice, run_id=run.public_id, amount_micro_usd=25)
        assert over(run).status == "succeeded"
    assert_is_whole(workshop, run)


def test_a_cost_model_that_makes_no_sense_stops_its_call_and_nothing_else(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"below zero": -1, "a fraction": 0.5, "a text": "5"}

    def nonsense(self: Costly, params: dict[str, Any], config: dict[str, Any]) -> Any:
        return answers[params["model"]]  # another key raises

    monkeypatch.setattr(Costly, "worst_case_micro_usd", nonsense)
    steps = [step(f"s{n}", "costly", worst=1, cost=1, model=kind, on_error="continue") for n, kind in enumerate([*answers, "it raises"])]
    run = workshop.submit(*steps, step("free", "say", said=1))
    with a_worker():
        run = over(run)
    assert (run.status, run.spent_micro_usd) == ("partial", 0)
    failures = {found["step_id"]: found["failure"]["code"] for found in trace(run)["steps"] if found.get("failure")}
    assert failures == dict.fromkeys(("s0", "s1", "s2", "s3"), "PRICE_UNKNOWN")
    assert sums(workshop, "tenant") == (0, 0)
    assert_is_whole(workshop, run)


def test_it_tells_when_most_of_a_limit_is_spent(workshop: Workshop) -> None:
    budget(workshop, "tenant", 100)
    runs = [workshop.submit(step("a", "costly", worst=45, cost=45), budget_micro_usd=50) for _ in range(2)]
    with a_worker():
        for run in runs:
            over(run)
    told = [row.data for row in Outbox.objects.filter(topic="budget.alert").order_by("id")]
    assert sum('"scope":"tenant:' in said for said in told) == 1
    assert sum('"scope":"run:' in said for said in told) == 2


def test_unlimited_is_no_limit_and_is_counted_all_the_same(workshop: Workshop) -> None:
    agent = create_agent(tenant=workshop.tenant, name="rich", profile={"budget": {"per_run_micro_usd": None}})
    run = workshop.submit(*chain(*(step(f"s{n}", "costly", worst=10**9, cost=10**9) for n in range(3))), agent=agent)
    with a_worker():
        run = over(run)
    assert (run.status, run.limit_micro_usd) == ("succeeded", None)
    assert sums(workshop, "tenant") == sums(workshop, "run") == (3 * 10**9, 0)
    assert_is_whole(workshop, run)
    # A limit that is set now finds what was spent.
    budget(workshop, "tenant", 3 * 10**9 + 5)
    late = workshop.submit(step("a", "costly", worst=10, cost=10), agent=agent)
    with a_worker():
        assert parked(late, "budget").blocked_by.startswith("tenant:")


def test_free_runs_touch_no_money(workshop: Workshop) -> None:
    budget(workshop, "tenant", 0)
    run = workshop.submit(step("a", "say", said=1))
    with a_worker():
        assert over(run).status == "succeeded"
    assert set(LedgerScope.objects.values_list("kind", flat=True)) == {"tenant"}


def test_a_lost_workers_reservation_is_settled_by_what_resolves_its_step(workshop: Workshop) -> None:
    run = workshop.submit(step("a", "costly", worst=40, cost=30, first_ms=60_000, retry=ONCE), budget_micro_usd=100)
    with a_worker():
        started(run, "a")
        assert sums(workshop, "run") == (0, 40)
        # Called back with its worker: nobody knows what it cost, so the worst case is settled, and it is done again.
    with a_worker():
        run = over(run)
    assert run.status == "succeeded"
    assert sums(workshop, "run") == (run.spent_micro_usd, 0)
    assert_is_whole(workshop, run)
