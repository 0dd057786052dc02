"""Why a run waits, from real rows: sessions, queues, freezes, circuits, money, people; and all decisions, page by page."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from agents import freezes
from agents.clock import ask_time
from agents.services import create_agent
from runs import selectors
from runs.models import Run, RunEvent, Session
from runs.money.resource_contract import get_resource_contract
from runs.query import questions
from runs.shell.reading.decided import RULES
from skills.registry import registry
from tests.integration.workshop import (
    Workshop,
    a_session_of,
    a_worker,
    chain,
    now,
    over,
    parked,
    started,
    step,
    trace,
    wait_for,
)


def blocked_by(run: Run) -> list[dict[str, Any]]:
    return selectors.blocked_by_json(tenant=run.tenant, run_id=run.public_id)


def explained(run: Run) -> dict[str, Any]:
    return selectors.explain_json(tenant=run.tenant, run_id=run.public_id)


def first(run: Run) -> dict[str, Any]:
    return blocked_by(run)[0]


def alive() -> Session:
    return a_session_of(1, lease_until_ms=ask_time() + 60_000)


def test_a_queued_run_without_a_worker_says_how_to_start_one(quiet_workshop: Workshop) -> None:
    run = quiet_workshop.submit(step("a", "say"))
    a_session_of(1, lease_until_ms=1)
    told = first(run)
    assert (told["what"], told["holder"], told["action"]["command"]) == ("lease", None, "manage.py work")
    alive()
    assert first(run)["what"] == "slot"


def test_a_queued_run_says_how_many_come_before_it(quiet_workshop: Workshop) -> None:
    alive()
    runs = [quiet_workshop.submit(step("a", "say")) for _ in range(3)]
    urgent = quiet_workshop.submit(step("a", "say"), priority=9)
    assert [first(run)["current"] for run in (urgent, *runs)] == [0, 1, 2, 3]
    assert {first(run)["what"] for run in runs} == {"slot"}


@pytest.mark.parametrize("whose", ["tenant", "agent"])
def test_a_queued_run_says_which_limit_is_full(quiet_workshop: Workshop, whose: str) -> None:
    alive()
    agent = quiet_workshop.agent
    if whose == "tenant":
        quiet_workshop.tenant.max_concurrent_runs = 1
        quiet_workshop.tenant.save()
    else:
        agent = create_agent(tenant=quiet_workshop.tenant, name="narrow", profile={"max_concurrent_runs": 1})
    running, run = (quiet_workshop.submit(step("a", "say"), agent=agent) for _ in range(2))
    Run.objects.filter(pk=running.pk).update(status="running")
    told = first(run)
    assert (told["what"], told["current"], told["limit"]) == ("slot", 1, 1)
    assert whose in told["detail"]


def test_a_run_whose_worker_is_gone_names_it_and_when_its_lease_ends(quiet_workshop: Workshop) -> None:
    run = quiet_workshop.submit(step("a", "say"))
    session = a_session_of(77, lease_until_ms=ask_time() - 5)
    Run.objects.filter(pk=run.pk).update(status="running", session_id=session.pk, crash_count=1)
    told = first(run)
    assert (told["what"], told["holder"], told["current"]) == ("lease", f"{session.host}:77", 1)
    assert told["eta_at"] is not None
    Session.objects.filter(pk=session.pk).update(lease_until_ms=ask_time() + 60_000)
    assert blocked_by(run) == []


def test_a_run_that_waits_for_a_person_says_the_same_everywhere(workshop: Workshop) -> None:
    run = workshop.submit(*chain(step("sign", "say", approval="always"), step("next", "say")))
    with a_worker():
        parked(run, "approval")
    told, behind = blocked_by(run)
    assert (told["what"], told["step_id"], told["action"]["who"]["not_by"]) == ("approval", "sign", "alice")
    assert told["eta_at"] > told["since_at"]
    assert (behind["what"], behind["step_id"], behind["holder"]) == ("dependency", "next", "sign")
    # The twins: its row, its sentence, its contract, the question.
    assert now(run).waiting_for == "approval"
    assert "approve a step" in explained(run)["summary"]
    assert explained(run)["summary"] == now(run).summary
    notices = get_resource_contract(tenant=run.tenant, run_id=run.public_id)["approvals"]
    assert [notice["step_id"] for notice in notices] == ["sign"]
    asked = questions.query(tenant=run.tenant, what="blocked_by", filters={"run_id": run.public_id})
    assert asked["blocked_by"] == explained(run)["blocked_by"] == [told, behind]
    # What it offers is what the runtime takes.
    assert told["action"]["api"] == f"POST /api/v1/approvals/{run.public_id}/sign/approve"
    workshop.decide(run, "sign", "approve", **told["action"]["body"])
    with a_worker():
        assert over(run).status == "succeeded"
    assert (blocked_by(run), explained(run)["because"]) == ([], [])


def test_a_run_short_of_money_names_the_scope_its_row_and_contract_name(workshop: Workshop) -> None:
    run = workshop.submit(step("dear", "costly", worst=700_000, cost=1), budget_micro_usd=100_000)
    with a_worker():
        parked(run, "budget")
    told = first(run)
    contract = get_resource_contract(tenant=run.tenant, run_id=run.public_id)
    assert told["scope"] == now(run).blocked_by == contract["blocked_by"] == f"run:{run.public_id}"
    assert told["limit"] == contract["budget"]["total_micro_usd"] == 100_000
    assert "$0.6000 more" in told["detail"]
    assert contract["budget"]["shortage"]["missing_micro_usd"] == 600_000
    assert told["action"]["body"] == {"amount_cents": 60}
    assert told["action"]["who"]["roles"] == contract["budget"]["may_top_up"]["roles"]


def test_a_frozen_run_names_who_froze_it_and_why(workshop: Workshop) -> None:
    run = workshop.submit(*chain(step("long", "sleepy", ms=1_500), step("line", "append_line", witness="/dev/null")))
    with a_worker():
        started(run, "long")
        freeze, _ = freezes.freeze(tenant=workshop.tenant, kind="skill", key="append_line", reason="it misbehaves", by="bob")
        parked(run, "paused")
    told = first(run)
    assert (told["what"], told["holder"], told["scope"]) == ("frozen", "bob", now(run).blocked_by)
    assert told["action"]["api"] == f"POST /api/v1/freezes/{freeze.public_id}/lift"
    assert "it misbehaves" in told["detail"]


def test_a_rested_run_says_when_and_how_often_its_workers_died(quiet_workshop: Workshop) -> None:
    run = quiet_workshop.submit(step("a", "say"))
    Run.objects.filter(pk=run.pk).update(status="waiting", waiting_for="timer", crash_count=2, wake_at_ms=ask_time() + 60_000)
    told = first(run)
    assert (told["what"], told["current"], told["limit"]) == ("schedule", 2, 3)
    assert told["eta_at"] > timezone.now().isoformat()[:10]


def test_a_version_that_is_registered_no_more_is_named(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    run = workshop.submit(*chain(step("sign", "say", approval="always"), step("next", "sleepy")))
    with a_worker():
        parked(run, "approval")
    monkeypatch.delitem(registry._skills, "sleepy")
    monkeypatch.delitem(registry._newest, "sleepy")
    told = [each for each in blocked_by(run) if each["what"] == "missing_version"]
    assert [(each["step_id"], each["holder"]) for each in told] == [("next", "sleepy 1.0.0")]


def test_a_failed_run_says_why_with_the_decisions(workshop: Workshop) -> None:
    run = workshop.submit(
        step("get", "fails", code="NOT_FOUND", on_error="continue"),
        step("use", "say", "get", said="${steps.get.result}"),
        step("own", "fails", code="HTTP_4XX"),
    )
    with a_worker():
        assert over(run).status == "failed"
    told = explained(run)
    assert told["blocked_by"] == []
    ended = told["because"][0]
    assert (ended["step_id"], ended["code"]) == ("own", "HTTP_4XX")
    assert [decision["kind"] for decision in ended["decisions"]] == ["no_retry", "abort"]
    why = questions.query(tenant=run.tenant, what="why_did_step_fail", filters={"run_id": run.public_id, "step_id": "own"})
    assert why["because"] == [ended]
    assert {decision["step_id"] for decision in why["decided"]} == {"own"}


def test_every_decision_is_read_page_by_page_and_by_kind_and_step(workshop: Workshop) -> None:
    retry = {"max_attempts": 3, "backoff_ms": 1}
    run = workshop.submit(*(step(f"s{n}", "fails", code="TIMEOUT", until_attempt=2, retry=retry) for n in range(4)))
    with a_worker():
        assert over(run).status == "succeeded"

    def page(**filters: Any) -> dict[str, Any]:
        return selectors.decisions_json(tenant=run.tenant, run_id=run.public_id, **filters)

    whole = page()["data"]
    assert whole == trace(run)["decisions"]
    assert {decision["rule"] for decision in whole} <= RULES.keys()
    assert {decision["event"] for decision in whole} <= set(RunEvent.objects.filter(run_id=run.pk).values_list("kind", flat=True))
    found, after = [], 0
    while after is not None:
        part = page(after=after, limit=3)
        found, after = found + part["data"], part["next_after"]
    assert found == whole
    retries = page(kind="retry")["data"]
    assert sorted(decision["step_id"] for decision in retries) == ["s0", "s1", "s2", "s3"]
    for decision in retries:
        assert (decision["event"], decision["rule"], decision["alternatives"]) == ("step_failed", "step_policy", ["give_up"])
        assert decision["due_at_ms"] == decision["at_ms"] + decision["delay_ms"]
    assert {decision["step_id"] for decision in page(step="s2")["data"]} == {"s2"}
    asked = questions.query(tenant=run.tenant, what="decisions", filters={"run_id": run.public_id, "kind": "retry"})
    assert asked["decisions"] == retries


def test_a_step_that_is_tried_again_says_when(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.shell.driver.NAP_MS", 100)
    run = workshop.submit(step("try", "fails", code="RATE_LIMITED", until_attempt=2, retry_after_ms=3_000, phase="acked"))
    with a_worker():
        parked(run, "timer")
        told = first(run)
        assert (told["what"], told["step_id"], told["current"]) == ("retry", "try", 1)
        assert told["eta_at"] > told["since_at"]
        wait_for(lambda: not blocked_by(run) or now(run).is_terminal, "its time")
        assert over(run).status == "succeeded"
