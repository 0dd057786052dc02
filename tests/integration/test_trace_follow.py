"""`manage.py trace --follow`: what happens is told as it happens, once each, until the run ends or nobody watches any more."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runs.housekeeping.retention import remove_due
from runs.models import Run, RunEvent
from tests.conftest import PROJECT
from tests.integration.test_commands_on_runs import told
from tests.integration.workshop import Workshop, a_worker, chain, driven, in_another_thread, over, parked, step


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def seqs(run: Run) -> list[int]:
    return list(RunEvent.objects.filter(run_id=run.pk).order_by("seq").values_list("seq", flat=True))


def test_it_tells_a_run_to_its_end(workshop: Workshop) -> None:
    run = workshop.submit(*chain(step("slow", "sleepy", ms=200), step("last", "say", said=1)))
    with a_worker():
        out, notes = told("trace", run.public_id, "--follow")
    assert out.index("slow started: sleepy") < out.index("last succeeded") < out.index("✓ succeeded")
    assert notes == ""


def test_it_waits_with_a_run_that_waits_for_a_person(workshop: Workshop) -> None:
    run = workshop.submit(step("ask", "asks", question="Which?"))
    with a_worker():
        parked(run, "input")
        answering = in_another_thread(lambda: workshop.decide(run, "ask", "answer", value={"text": "this"}))
        out, _ = told("trace", run.public_id, "--follow")
        answering.join()
    assert "✓ succeeded" in out


def test_it_says_by_its_code_that_the_run_failed(workshop: Workshop) -> None:
    run = driven(workshop, step("broken", "fails", code="NOT_FOUND"))
    told("trace", run.public_id, "--follow", expect=1)


def test_as_json_each_event_is_a_line(workshop: Workshop) -> None:
    run = workshop.submit(step("one", "sleepy", ms=100))
    with a_worker():
        out, _ = told("trace", run.public_id, "--follow", "--json")
    assert [event["seq"] for event in lines(out)] == seqs(run)
    assert lines(out)[0]["kind"] == "run_accepted"
    assert "finish" in [decision["kind"] for decision in lines(out)[-1]["decisions"]]


def test_it_goes_on_after_the_event_that_was_seen_last(workshop: Workshop) -> None:
    run = driven(workshop, step("one", "say", said=1))
    for seen in (0, 2, run.last_seq, run.last_seq + 7):
        out, _ = told("trace", run.public_id, "--follow", "--json", "--after", str(seen))
        assert [event["seq"] for event in lines(out)] == seqs(run)[seen:]


def test_it_ends_when_its_time_is_over_and_the_run_goes_on(workshop: Workshop) -> None:
    run = workshop.submit(step("one", "say", said=1))
    out, _ = told("trace", run.public_id, "--follow", "--timeout", "0.1", expect=124)
    assert f"it goes on; look again: manage.py trace {run.public_id}" in out


def test_it_tells_of_a_removed_payload_what_is_left(workshop: Workshop) -> None:
    run = driven(workshop, step("one", "say", said=1))
    Run.objects.filter(pk=run.pk).update(finished_at=datetime.now(UTC) - timedelta(days=91))
    remove_due()
    out, _ = told("trace", run.public_id, "--follow")
    assert "step succeeded one; what it said was removed" in out
    assert [event["seq"] for event in lines(told("trace", run.public_id, "--follow", "--json")[0])] == seqs(run)


@pytest.mark.parametrize("after", ["-1", "many", "99999999999"])
def test_it_refuses_an_event_that_can_be_none(workshop: Workshop, after: str) -> None:
    run = workshop.submit(step("one", "say"))
    _, notes = told("trace", run.public_id, "--follow", "--after", after, expect=2)
    assert "/after" in notes


@pytest.mark.slow
def test_ctrl_c_stops_watching_and_not_the_run(workshop: Workshop, live_environment: dict[str, str]) -> None:
    run = workshop.submit(step("ask", "asks", question="Which?"))
    with a_worker():
        parked(run, "input")
        command = [sys.executable, "manage.py", "trace", run.public_id, "--follow", "--json"]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, cwd=PROJECT, env=live_environment, **pipes) as watcher:
            assert watcher.stdout is not None
            seen = [json.loads(watcher.stdout.readline())["seq"] for _ in seqs(run)]
            watcher.send_signal(signal.SIGINT)
            _, notes = watcher.communicate(timeout=30)
        assert (watcher.returncode, seen) == (130, seqs(run))
        # Stopped between telling an event and noting that: it is told again then, and none is left out.
        assert any(f"manage.py trace {run.public_id} --follow --after {seq}\n" in notes for seq in seen[-2:])
        assert "Traceback" not in notes
        workshop.decide(run, "ask", "answer", value={"text": "this"})
        assert over(run).status == "succeeded"
