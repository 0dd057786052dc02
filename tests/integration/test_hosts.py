"""Several hosts over one database: they share the work, and one takes over what another held when it is gone."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project

from runs.models import TERMINAL_STATUSES, Run, RunEvent, Session
from runs.shell import sessions
from runs.shell.process import identity
from tests.fakes.skills import witnessed
from tests.integration.workshop import Workshop, a_session_of, assert_is_whole, chain, now, step
from tests.processes import Worker, a_worker_process, eventually

LEASE_MS = 3_000
RUNS, STEPS = 60, 5


def hosts() -> set[str]:
    return set(Session.objects.filter(state="live").values_list("host", flat=True))


def held_by(host: str) -> set[int]:
    """Return the runs the live sessions of a host hold."""
    of_host = Session.objects.filter(host=host, state="live").values("pk")
    return set(Run.objects.filter(status="running", session_id__in=of_host).values_list("pk", flat=True))


def succeeded() -> dict[str, int]:
    """Return the steps that are known to have succeeded, and at which attempt."""
    rows = RunEvent.objects.filter(kind="step_succeeded").values_list("step", "attempt")
    return dict(rows)


def calls(witness: Path) -> dict[str, list[int]]:
    """Return the attempts of each step that came to its end."""
    found: dict[str, list[int]] = defaultdict(list)
    for line in witnessed(witness):
        name, attempt = line.split()
        found[name].append(int(attempt))
    return found


@pytest.mark.slow
def test_one_host_takes_over_what_another_held(workshop: Workshop, live_environment: dict[str, str], tmp_path: Path) -> None:
    environment = {**live_environment, "AOS_SKILL_MODULES": "tests.fakes.skills", "AOS_LEASE_MS": str(LEASE_MS), "AOS_WORK_CAPACITY": "40"}
    witness = tmp_path / "witness"

    def host(name: str) -> Any:
        return a_worker_process({**environment, "AOS_HOST_NAME": name}, tmp_path / f"{name}.log")

    with host("stays") as stays, host("goes") as goes:
        for worker in (stays, goes):
            worker.family()
        eventually(lambda: hosts() == {"stays", "goes"}, "a session of each host")
        runs = [workshop.submit(*plan(number, witness)) for number in range(RUNS)]
        eventually(lambda: held_by("stays") and held_by("goes") and len(succeeded()) >= RUNS, "both hosts at work")
        kill_host(goes)
        killed_at, held, known = time.time_ns() // 1_000_000, held_by("goes"), succeeded()
        assert held, "it held runs when it went"
        eventually(lambda: not unfinished(), f"the end of all runs\n{stays.log.read_text()[-3_000:]}", 60)
        assert stays.stop() == 0
    for run in runs:
        assert now(run).status == "succeeded"
        assert_is_whole(workshop, run)
    done = calls(witness)
    assert {name: attempts for name, attempts in done.items() if name in known and attempts[-1] > known[name]} == {}, "done again"
    assert len(done) == RUNS * STEPS
    taken_over = min(RunEvent.objects.filter(run_id__in=held, at_ms__gt=killed_at, kind="run_reclaimed").values_list("at_ms", flat=True))
    assert taken_over - killed_at <= LEASE_MS + 2_000


def plan(number: int, witness: Path) -> list[dict[str, Any]]:
    return chain(*(step(f"r{number}s{place}", "sleepy", ms=300, witness=str(witness)) for place in range(STEPS)))


def unfinished() -> bool:
    return Run.objects.exclude(status__in=TERMINAL_STATUSES).exists()


def kill_host(worker: Worker) -> None:
    """Kill all of a host's processes at once, as when its power is cut."""
    everybody = worker.everybody()
    for member in everybody:
        member.kill()
    worker.kill()
    eventually(lambda: not any(member.is_alive() for member in everybody), "the end of the host")


def test_it_is_not_deceived_by_a_later_process_of_the_same_number(workshop: Workshop) -> None:
    """As in a container that was started again: its first process has the number 1 each time."""
    realm, _, beginning = identity(os.getpid()).rpartition("/")
    session = a_session_of(os.getpid())
    Session.objects.filter(pk=session.pk).update(process=f"{realm}/{int(beginning) - 1}")
    run = held_run(workshop, session)
    assert sessions.release_dead_processes() == 1
    assert now(run).status == "queued"


def test_it_leaves_to_the_lease_what_another_container_of_the_same_name_holds(workshop: Workshop) -> None:
    session = a_session_of(2**22 + 1)
    Session.objects.filter(pk=session.pk).update(process="another-boot/1/1")
    run = held_run(workshop, session)
    assert sessions.release_dead_processes() == 0
    assert now(run).status == "running"


def test_it_counts_the_sessions_of_this_host_only(workshop: Workshop, settings: Any) -> None:
    sessions.begin(60_000)
    settings.HOST_NAME = f"not {project.HOST_NAME}"
    assert sessions.live_sessions() == 0
    sessions.begin(60_000)
    assert sessions.live_sessions() == 1


def held_run(workshop: Workshop, session: Session) -> Run:
    run = workshop.submit(step("one", "say"))
    Run.objects.filter(pk=run.pk).update(status="running", session_id=session.pk)
    return run
