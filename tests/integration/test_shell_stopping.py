"""Cancel and hand back: what is stopped, what goes on elsewhere, and that nothing committed is done twice."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from agents.services import create_agent
from runs import services
from runs.models import Run, RunEvent, Session, Signal
from runs.shell import sessions
from tests.fakes.llm_server import LlmServer, silent
from tests.fakes.skills import witnessed
from tests.integration.workshop import (
    Workshop,
    a_worker,
    assert_is_whole,
    chain,
    decided,
    kinds,
    matches,
    now,
    over,
    parked,
    started,
    step,
    step_of,
    wait_for,
)


def cancel(workshop: Workshop, run: Run) -> dict[str, Any]:
    return services.cancel_run(principal=workshop.alice, run_id=run.public_id, reason="changed my mind")


def test_it_cancels_a_run_nobody_has_taken_yet(workshop: Workshop) -> None:
    run = workshop.submit(step("one", "say"))
    cancel(workshop, run)
    with a_worker():
        run = over(run)
    assert (run.status, run.failure_code) == ("cancelled", "CANCELLED")
    assert decided(run, "one") == []
    assert_is_whole(workshop, run)


def test_it_cancels_a_run_that_is_being_planned(workshop: Workshop, settings: Any) -> None:
    profile = {"planner": {"name": "openai_compatible", "options": {"model": "m", "max_cost_per_call_micro_usd": 100}}}
    agent = create_agent(tenant=workshop.tenant, name="thinker", profile=profile)
    with LlmServer() as server:
        server.script(silent())
        settings.LLM_PROVIDERS = {"openai_compatible": {"base_url": server.openai_url, "api_key": "key-for-tests"}}
        run = workshop.submit(goal="Do something", agent=agent)
        with a_worker():
            wait_for(lambda: server.requests, "the planner's question")
            cancel(workshop, run)
            run = over(run)
    assert (run.status, run.spent_micro_usd) == ("cancelled", 100), "what a cancelled question cost nobody knows"
    assert_is_whole(workshop, run)


def test_it_cancels_a_parked_run(workshop: Workshop, tmp_path: Path) -> None:
    run = workshop.submit(step("write", "append_line", witness=str(tmp_path / "w"), approval="always"))
    with a_worker():
        parked(run, "approval")
        assert cancel(workshop, run)["stopped"] == ["write"]
        run = over(run)
    assert (run.status, witnessed(tmp_path / "w")) == ("cancelled", [])
    assert_is_whole(workshop, run)


def test_it_cancels_a_read_at_its_next_await(workshop: Workshop) -> None:
    run = workshop.submit(*chain(step("read", "hangs"), step("after", "say")))
    with a_worker():
        started(run, "read")
        told = cancel(workshop, run)
        run = over(run)
    assert told["in_flight"] == [{"step_id": "read", "attempt": 1, "effect": "read"}]
    assert told["may_still_land"] == []
    assert (run.status, [step_of(run, key)["status"] for key in ("read", "after")]) == ("cancelled", ["cancelled", "cancelled"])
    assert_is_whole(workshop, run)


@pytest.mark.parametrize(
    ("before_ms", "after_ms", "status", "lines"),
    [
        pytest.param(5_000, 0, "cancelled", [], id="before it left"),
        pytest.param(0, 5_000, "in_doubt", ["write 1"], id="after it may have left"),
    ],
)
def test_it_cancels_a_write(workshop: Workshop, tmp_path: Path, before_ms: int, after_ms: int, status: str, lines: list[str]) -> None:
    witness = tmp_path / "w"
    run = workshop.submit(step("write", "append_line", witness=str(witness), before_ms=before_ms, after_ms=after_ms))
    with a_worker():
        started(run, "write")
        wait_for(lambda: witnessed(witness) == lines)
        assert cancel(workshop, run)["may_still_land"] == ["write"]
        run = over(run)
    assert (run.status, step_of(run, "write")["status"], witnessed(witness)) == ("cancelled", status, lines)
    assert_is_whole(workshop, run)


def test_it_changes_nothing_about_a_run_that_has_ended(workshop: Workshop) -> None:
    run = workshop.submit(step("one", "say"))
    with a_worker():
        before = over(run)
    with pytest.raises(Exception, match="never changes"):
        cancel(workshop, run)
    assert (now(run).last_seq, Signal.objects.filter(run=run).count()) == (before.last_seq, 0)


# Handing back


@pytest.fixture
def little_grace(workshop: Workshop, settings: Any) -> None:
    """Give calls that take a second and a half no chance to end before a worker leaves, however slow the machine is."""
    settings.WORK_GRACE_SECONDS = 0.1


def test_it_finishes_what_is_short_before_it_leaves(workshop: Workshop, settings: Any) -> None:
    settings.WORK_GRACE_SECONDS = 20
    run = workshop.submit(step("short", "sleepy", ms=200))
    with a_worker() as leave:
        started(run, "short")
        leave()
    assert now(run).status == "succeeded"
    assert_is_whole(workshop, run)


@pytest.mark.usefixtures("little_grace")
def test_it_hands_back_a_read_which_another_worker_repeats(workshop: Workshop, tmp_path: Path) -> None:
    witness = str(tmp_path / "w")
    run = workshop.submit(*chain(step("done", "sleepy", witness=witness), step("slow", "sleepy", ms=1_500, witness=witness)))
    with a_worker() as leave:
        started(run, "slow")
        leave()
    assert (now(run).status, now(run).session_id, now(run).crash_count) == ("queued", None, 0)
    assert set(Session.objects.values_list("state", flat=True)) == {"ended"}
    with a_worker():
        run = over(run)
    assert run.status == "succeeded"
    assert witnessed(tmp_path / "w") == ["done 1", "slow 2"], "a committed step ran again"
    assert {"run_handed_back", "step_interrupted", "run_reclaimed"} <= set(kinds(run))
    assert_is_whole(workshop, run)


@pytest.mark.usefixtures("little_grace")
def test_it_hands_back_a_write_that_had_not_left_and_makes_it_elsewhere(workshop: Workshop, tmp_path: Path) -> None:
    run = workshop.submit(step("write", "append_line", witness=str(tmp_path / "w"), before_ms=1_500))
    with a_worker() as leave:
        started(run, "write")
        leave()
    with a_worker():
        assert over(run).status == "succeeded"
    assert witnessed(tmp_path / "w") == ["write 2"]
    assert_is_whole(workshop, run)


@pytest.mark.usefixtures("little_grace")
@pytest.mark.parametrize(
    ("verdict", "lines"),
    [
        pytest.param("happened", ["write 1"], id="it happened"),
        pytest.param("did_not_happen", ["write 1", "write 2"], id="it did not"),
    ],
)
def test_it_hands_back_a_write_in_doubt_and_sends_it_again_only_when_told(
    workshop: Workshop, tmp_path: Path, verdict: str, lines: list[str]
) -> None:
    witness = tmp_path / "w"
    run = workshop.submit(*chain(step("write", "append_line", witness=str(witness), after_ms=1_500), step("after", "say")))
    with a_worker() as leave:
        wait_for(lambda: witnessed(witness))
        leave()
    with a_worker():
        parked(run, "in_doubt")
        assert witnessed(witness) == ["write 1"]
        workshop.decide(run, "write", verdict)
        assert over(run).status == "succeeded"
    assert witnessed(witness) == lines
    assert [(m.code, m.resolved_at is not None) for m in matches(run)] == [("OUTCOME_UNKNOWN", True)]
    assert_is_whole(workshop, run)


def test_it_hands_back_many_runs_and_repeats_no_committed_step(workshop: Workshop, tmp_path: Path, settings: Any) -> None:
    settings.WORK_GRACE_SECONDS = 0.4
    witness, names = str(tmp_path / "w"), [f"s{n}" for n in range(5)]
    runs = [workshop.submit(*chain(*(step(f"r{at}-{name}", "sleepy", ms=400, witness=witness) for name in names))) for at in range(20)]
    for turn in range(3):
        with a_worker() as leave:
            # On a slow machine later turns may find all of it done; the first cannot.
            wait_for(
                lambda turn=turn: Run.objects.filter(status="running").exists() or (turn and all(now(run).is_terminal for run in runs))
            )
            leave()
        assert not Run.objects.filter(status="running").exists()
    with a_worker():
        assert {over(run).status for run in runs} == {"succeeded"}
    committed = [line.split()[0] for line in witnessed(tmp_path / "w")]
    assert sorted(committed) == sorted(f"r{at}-{name}" for at in range(20) for name in names)
    for run in runs[::7]:
        assert_is_whole(workshop, run)


# Losing the lease


def test_it_writes_nothing_once_it_is_fenced_and_another_worker_takes_over(workshop: Workshop, tmp_path: Path) -> None:
    before = threading.active_count()
    run = workshop.submit(*chain(step("read", "sleepy", ms=2_000, witness=str(tmp_path / "w")), step("after", "say")))
    with a_worker():
        started(run, "read")
        Session.objects.update(lease_until_ms=0)
        assert sessions.reap() == 1
        left_behind = now(run).last_seq
        wait_for(lambda: threading.active_count() == before, "the end of the drain that lost its lease")
    assert (now(run).status, now(run).last_seq, witnessed(tmp_path / "w")) == ("queued", left_behind, [])
    with a_worker():
        assert over(run).status == "succeeded"
    assert now(run).crash_count == 1
    assert decided(run, "read") == ["start", "lost", "start"]
    assert [(m.code, m.resolved_at is not None) for m in matches(run)] == [("LEASE_LOST", True)]
    assert_is_whole(workshop, run)


def test_it_gives_up_a_run_that_lost_too_many_workers(workshop: Workshop, settings: Any) -> None:
    run = workshop.submit(step("one", "say"))
    Run.objects.filter(pk=run.pk).update(crash_count=settings.MAX_CRASHES + 1)
    with a_worker():
        run = over(run)
    assert (run.status, run.failure_code) == ("dead_lettered", "LEASE_LOST")
    assert [(m.code, m.decision) for m in matches(run)] == [("LEASE_LOST", "dead_lettered")]
    assert_is_whole(workshop, run)


def test_it_lets_a_run_rest_whose_journal_cannot_be_read_and_drives_the_others(workshop: Workshop) -> None:
    broken, fine = workshop.submit(step("one", "say")), workshop.submit(step("one", "say"))
    RunEvent.objects.filter(run_id=broken.pk).update(data='{"v": 99}')
    with a_worker():
        assert over(fine).status == "succeeded"
        wait_for(lambda: now(broken).crash_count == 1)
    assert now(broken).status == "waiting"
    assert RunEvent.objects.filter(run_id=broken.pk).count() == 1
