"""Runs driven by a real drain over a real database: each way a run can go, and that it ends whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.services import create_agent, update_agent
from runs import services
from tests.fakes.llm_server import LlmServer, structured
from tests.fakes.skills import witnessed
from tests.integration.workshop import (
    Workshop,
    a_worker,
    assert_is_whole,
    chain,
    decided,
    decisions,
    driven,
    kinds,
    matches,
    now,
    over,
    parked,
    started,
    step,
    step_of,
    trace,
)


def test_it_drives_a_chain_to_its_end(workshop: Workshop) -> None:
    run = driven(
        workshop,
        step("one", "say", said="a"),
        step("two", "sleepy", "one", said="${steps.one.result.said}b"),
        step("three", "say", "two", said=["${steps.two.result.said}", "c"]),
    )
    assert (run.status, run.steps_total, run.steps_done) == ("succeeded", 3, 3)
    assert trace(run)["run"]["result"] == {"said": ["ab", "c"]}
    assert kinds(run) == ["run_accepted", "run_admitted", "step_succeeded", "step_succeeded", "step_succeeded"]


def test_it_drives_many_runs_at_once(workshop: Workshop) -> None:
    runs = [workshop.submit(*chain(*(step(f"s{n}", "say", said=n) for n in range(5)))) for _ in range(40)]
    with a_worker():
        assert {over(run).status for run in runs} == {"succeeded"}
    for run in runs[::10]:
        assert_is_whole(workshop, run)


def test_it_naps_before_a_retry_that_is_near(workshop: Workshop) -> None:
    run = driven(workshop, step("try", "fails", code="TIMEOUT", until_attempt=2))
    assert run.status == "succeeded"
    assert run.retries == 1
    [failure] = matches(run)
    assert (failure.code, failure.decision, failure.recovery_attempted, failure.recovery_succeeded) == ("TIMEOUT", "retry", True, True)
    assert failure.entry is not None
    [retry] = [d for d in decisions(run) if d["kind"] == "retry"]
    first, second = step_of(run, "try")["attempts"]
    assert second["started_at_ms"] - first["finished_at_ms"] >= retry["delay_ms"] > 0


def test_it_parks_for_a_long_wait_and_wakes_on_time(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.shell.driver.NAP_MS", 100)
    run = workshop.submit(step("try", "fails", code="RATE_LIMITED", until_attempt=2, retry_after_ms=600, effect="write", phase="acked"))
    with a_worker():
        waiting = parked(run, "timer")
        assert waiting.session_id is None
        assert waiting.wake_at_ms is not None
        # Told in the database's time, from the moment it was written: never early, and as good as on time.
        assert 0 <= waiting.wake_at_ms - decisions(run, "try")[-1]["due_at_ms"] < 5_000
        assert over(run).status == "succeeded"
    assert_is_whole(workshop, run)
    assert step_of(run, "try")["attempts"][1]["started_at_ms"] >= (waiting.wake_at_ms or 0)


def test_it_parks_for_an_approval_and_goes_on_when_it_is_given(workshop: Workshop, tmp_path: Path) -> None:
    run = workshop.submit(step("write", "append_line", witness=str(tmp_path / "w"), approval="always"), step("after", "say", "write"))
    with a_worker():
        parked(run, "approval")
        assert witnessed(tmp_path / "w") == []
        workshop.decide(run, "write", "approve", action_hash=step_of(run, "write")["action_hash"])
        assert over(run).status == "succeeded"
    assert witnessed(tmp_path / "w") == ["write 1"]
    assert_is_whole(workshop, run)


def test_it_fails_a_step_a_person_rejects(workshop: Workshop, tmp_path: Path) -> None:
    run = workshop.submit(step("write", "append_line", witness=str(tmp_path / "w"), approval="always"))
    with a_worker():
        parked(run, "approval")
        workshop.decide(run, "write", "reject", action_hash=step_of(run, "write")["action_hash"])
        assert over(run).failure_code == "APPROVAL_REJECTED"
    assert witnessed(tmp_path / "w") == []
    assert_is_whole(workshop, run)


def test_it_asks_and_takes_the_answer_as_the_result(workshop: Workshop) -> None:
    run = workshop.submit(step("ask", "asks", question="Which?"), step("use", "say", "ask", said="${steps.ask.result.which}"))
    with a_worker():
        parked(run, "input")
        workshop.decide(run, "ask", "answer", value={"which": "this"})
        assert over(run).status == "succeeded"
    assert trace(run)["run"]["result"] == {"said": "this"}
    assert_is_whole(workshop, run)


def test_it_waits_for_money_and_finishes_after_a_top_up(workshop: Workshop, tmp_path: Path) -> None:
    steps = chain(*(step(f"s{n}", "costly", worst=40, cost=40, witness=str(tmp_path / "w")) for n in range(3)))
    run = workshop.submit(*steps, budget_micro_usd=100)
    with a_worker():
        waiting = parked(run, "budget")
        assert waiting.spent_micro_usd == 80
        services.top_up_run(principal=workshop.alice, run_id=run.public_id, amount_micro_usd=30, idempotency_key="k")
        services.top_up_run(principal=workshop.alice, run_id=run.public_id, amount_micro_usd=30, idempotency_key="k")
        run = over(run)
    assert (run.status, run.spent_micro_usd, run.limit_micro_usd) == ("succeeded", 120, 130)
    assert witnessed(tmp_path / "w") == ["s0 1", "s1 1", "s2 1"]
    assert_is_whole(workshop, run)


def test_it_settles_what_a_call_cost_beyond_its_worst_case(workshop: Workshop) -> None:
    run = driven(workshop, step("dear", "costly", worst=10, cost=25), budget_micro_usd=20)
    assert run.spent_micro_usd == 25
    assert "overrun" in decided(run)


def test_it_pauses_and_resumes(workshop: Workshop) -> None:
    run = workshop.submit(*chain(step("one", "sleepy", ms=1_500), step("two", "say")))
    with a_worker():
        started(run, "one")
        services.pause_run(principal=workshop.alice, run_id=run.public_id)
        parked(run, "paused")
        assert [step_of(run, "one")["status"], step_of(run, "two")["status"]] == ["succeeded", "pending"]
        services.resume_run(principal=workshop.alice, run_id=run.public_id)
        assert over(run).status == "succeeded"
    assert_is_whole(workshop, run)


def test_it_takes_each_item_of_a_list(workshop: Workshop) -> None:
    run = driven(
        workshop,
        step("list", "say", said=[1, 2, 3]),
        step("each", "say", "list", for_each="${steps.list.result.said}", said="${item}"),
        step("all", "say", "each", said="${steps.each.result}"),
    )
    assert trace(run)["run"]["result"] == {"said": [{"said": 1}, {"said": 2}, {"said": 3}]}
    assert run.steps_total == 3


def test_it_uses_the_fallback(workshop: Workshop) -> None:
    run = driven(
        workshop, step("try", "fails", code="NOT_FOUND", on_error="fallback", fallback_skill="say", fallback_params={"said": "instead"})
    )
    assert trace(run)["run"]["result"] == {"said": "instead"}
    assert [(m.decision, m.recovery_succeeded) for m in matches(run)] == [("fallback", True)]


def test_it_goes_on_without_a_step_that_may_fail(workshop: Workshop) -> None:
    run = driven(workshop, step("try", "fails", code="NOT_FOUND", on_error="continue"), step("on", "say"))
    assert run.status == "partial"
    assert [m.decision for m in matches(run)] == ["continue"]


def test_it_asks_a_person_about_a_failure_and_does_as_told(workshop: Workshop) -> None:
    run = workshop.submit(step("try", "fails", code="NOT_FOUND", until_attempt=2, on_error="escalate"))
    with a_worker():
        parked(run, "input")
        workshop.decide(run, "try", "retry")
        assert over(run).status == "succeeded"
    assert_is_whole(workshop, run)


@pytest.mark.parametrize(
    ("skill", "params", "code"),
    [
        pytest.param("raises", {}, "INTERNAL_ERROR", id="a skill that raises"),
        pytest.param("bad_result", {}, "INVALID_RESPONSE", id="a result that breaks its schema"),
        pytest.param("hangs", {"timeout_ms": 50, "retry": {"max_attempts": 1}}, "TIMEOUT", id="a call past its time"),
        pytest.param("fails", {"code": "NOT_FOUND", "message": "a \x00 nul"}, "NOT_FOUND", id="words a column cannot hold"),
        pytest.param("fails", {"code": "NOT_FOUND", "message": "\U0001f4a5" * 900}, "NOT_FOUND", id="words longer than a column"),
    ],
)
def test_it_ends_a_run_whose_step_fails_by(workshop: Workshop, skill: str, params: dict[str, Any], code: str) -> None:
    run = driven(workshop, step("try", skill, **params))
    assert (run.status, run.failure_code) == ("failed", code)
    assert [m.code for m in matches(run)] == [code]
    assert run.crash_count == 0


def test_it_plans_a_goal_and_follows_the_plan(workshop: Workshop) -> None:
    run = driven(workshop, goal="Summarize: " + "Ships carry goods over the sea every day. " * 4)
    assert (run.status, run.planner) == ("succeeded", "stub")
    assert kinds(run)[:3] == ["run_accepted", "plan_proposed", "run_admitted"]


def test_it_fails_a_goal_the_planner_does_not_know(workshop: Workshop) -> None:
    run = driven(workshop, goal="Make me happy")
    assert (run.status, run.failure_code) == ("failed", "PLAN_INVALID")
    [failure] = matches(run)
    assert (failure.step_id, failure.code) == ("$plan", "PLAN_INVALID")


BAD_PLAN = {"steps": [{"step_id": "a", "skill": "no_such", "description": "", "params_json": "{}", "depends_on": [], "condition": None}]}


def test_it_lets_a_planner_repair_its_plan_once(workshop: Workshop, settings: Any) -> None:
    profile = {"planner": {"name": "openai_compatible", "options": {"model": "local", "max_cost_per_call_micro_usd": 100}}}
    agent = create_agent(tenant=workshop.tenant, name="thinker", profile=profile)
    with LlmServer() as server:
        server.script(structured(BAD_PLAN))
        settings.LLM_PROVIDERS = {"openai_compatible": {"base_url": server.openai_url, "api_key": "key-for-tests"}}
        settings.ALLOW_LOCAL_TARGETS = frozenset({server.openai_url.partition("//")[2].partition("/")[0]})
        run = driven(workshop, goal="Do something", agent=agent)
    assert (run.status, run.failure_code) == ("failed", "PLAN_INVALID"), run.summary
    assert kinds(run).count("plan_rejected") == 2
    assert [d["rule"] for d in decisions(run, "$plan") if d["kind"] in ("retry", "deny")] == ["repair_plan", "repair_used_up"]


def test_it_admits_nothing_for_an_agent_that_was_paused_meanwhile(workshop: Workshop) -> None:
    run = workshop.submit(step("one", "say"))
    update_agent(tenant=workshop.tenant, agent_id=workshop.agent.public_id, changes={"status": "paused"})
    with a_worker():
        run = over(run)
    assert (run.status, run.failure_code) == ("failed", "FROZEN")
    assert_is_whole(workshop, run)


def test_it_ends_a_run_at_its_deadline(workshop: Workshop) -> None:
    run = driven(workshop, step("slow", "hangs", timeout_ms=60_000), deadline_ms=400)
    assert (run.status, run.failure_code) == ("failed", "DEADLINE_EXCEEDED")
    assert now(run).finished_at is not None


def test_it_ends_a_parked_run_at_its_deadline(workshop: Workshop, tmp_path: Path) -> None:
    run = driven(workshop, step("write", "append_line", witness=str(tmp_path / "w"), approval="always"), deadline_ms=300)
    assert (run.status, run.failure_code) == ("failed", "DEADLINE_EXCEEDED")
    assert witnessed(tmp_path / "w") == []
