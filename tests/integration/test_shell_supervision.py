"""`manage.py work` as real processes: whoever is killed, runs go on; whoever should end, ends and leaves nobody behind."""

from __future__ import annotations

import inspect
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django_q import cluster as q_cluster
from django_q import scheduler as q_scheduler
from django_q import status as q_status
from django_q import worker as q_worker
from django_q.cluster import Cluster, Sentinel
from django_q.conf import Conf

from runs.models import Run, Session
from runs.shell.processes.supervision import AT_ONCE_SECONDS, SAME_WISH_SECONDS
from tests.conftest import PROJECT
from tests.fakes.skills import witnessed
from tests.integration.workshop import Workshop, assert_is_whole, kinds, now, started, step
from tests.processes import Worker, a_worker_process, eventually, main_of


@pytest.fixture
def environment(live_environment: dict[str, str]) -> dict[str, str]:
    return {**live_environment, "AOS_SKILL_MODULES": "tests.fakes.skills", "AOS_WORK_GRACE_SECONDS": "2", "AOS_LEASE_MS": "30000"}


@pytest.fixture
def worker(workshop: Workshop, environment: dict[str, str], tmp_path: Path) -> Iterator[Worker]:
    with a_worker_process(environment, tmp_path / "worker.log") as running:
        running.family()
        yield running


def done(workshop: Workshop, worker: Worker) -> Run:
    """Submit a small run and wait until a worker process has driven it."""
    run = workshop.submit(step("one", "say"))
    eventually(lambda: now(run).is_terminal, f"the end of a run\n{worker.log.read_text()[-3_000:]}")
    return now(run)


@pytest.mark.slow
def test_it_goes_on_whichever_process_is_killed(workshop: Workshop, worker: Worker) -> None:
    assert done(workshop, worker).status == "succeeded"
    for role in ("an idle worker", "monitor", "pusher", "guard", "main"):
        family = worker.family()
        victim = family.workers[-1] if role == "an idle worker" else getattr(family, role)
        victim.kill()
        eventually(lambda left=family: not any(member.is_alive() for member in left.members()), f"the end of all after {role} died")
        assert done(workshop, worker).status == "succeeded", role
    assert worker.stop() == 0


@pytest.mark.slow
def test_it_shares_no_socket_and_no_thread_over_the_fork(workshop: Workshop, worker: Worker) -> None:
    done(workshop, worker)
    held = [os.readlink(f"/proc/{worker.family().main.pid}/fd/{number}") for number in os.listdir(f"/proc/{worker.family().main.pid}/fd")]
    assert [name for name in held if name.startswith("socket:") or "sqlite3" in name] == []
    assert "cluster.forked_beside_thread" not in worker.log.read_text()


@pytest.mark.slow
def test_it_leaves_nobody_behind_when_the_supervisor_is_killed(workshop: Workshop, worker: Worker) -> None:
    done(workshop, worker)
    family = worker.family()
    worker.kill()
    eventually(lambda: not any(member.is_alive() for member in family.members()), "the end of all")


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.0, 0.3], ids=["before the cluster's program begins", "while it starts"])
def test_it_leaves_nobody_behind_when_the_supervisor_is_killed_early(
    workshop: Workshop, environment: dict[str, str], tmp_path: Path, after_s: float
) -> None:
    with a_worker_process(environment, tmp_path / "worker.log") as starting:
        main = eventually(lambda: main_of(starting.pid), "the cluster's main process")
        time.sleep(after_s)
        starting.kill()
        eventually(lambda: not main.is_alive(), "the end of the main process")


def busy(workshop: Workshop, skill: str = "sleepy") -> Run:
    """Return a run whose one step is under way and takes far longer than any grace."""
    run = workshop.submit(step("slow", skill, ms=60_000, timeout_ms=120_000))
    started(run, "slow")
    return run


def assert_handed_back(run: Run) -> None:
    """Check that a run was given back in order: queued, not counted as a crash, its journal says so, no session left."""
    assert (now(run).status, now(run).session_id, now(run).crash_count) == ("queued", None, 0)
    assert set(Session.objects.values_list("state", flat=True)) == {"ended"}
    assert kinds(run)[-2:] == ["run_handed_back", "step_interrupted"]


@pytest.mark.slow
def test_it_hands_back_what_it_cannot_finish_and_ends_in_order(workshop: Workshop, worker: Worker) -> None:
    run = busy(workshop)
    family, begun = worker.family(), time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - begun < 10
    assert not any(member.is_alive() for member in family.members())
    assert_handed_back(run)


@pytest.mark.slow
def test_it_ends_in_order_when_all_its_processes_are_told_to_end(workshop: Workshop, worker: Worker) -> None:
    """As systemd does it, and Ctrl-C in a terminal."""
    run = busy(workshop)
    family = worker.family()
    for member in family.members():
        os.kill(member.pid, signal.SIGTERM)
    assert worker.stop() == 0
    assert not any(member.is_alive() for member in family.members())
    assert_handed_back(run)


@pytest.fixture
def patient_worker(workshop: Workshop, environment: dict[str, str], tmp_path: Path) -> Iterator[Worker]:
    """Return a worker whose grace is longer than any test."""
    with a_worker_process({**environment, "AOS_WORK_GRACE_SECONDS": "600"}, tmp_path / "worker.log") as running:
        running.family()
        yield running


def ask_to_end(worker: Worker, times: int) -> None:
    """Send SIGTERM so often, far enough apart to be as many wishes."""
    for time_before in range(times):
        if time_before:
            time.sleep(SAME_WISH_SECONDS * 1.2)
        os.kill(worker.pid, signal.SIGTERM)


@pytest.mark.slow
def test_a_second_signal_hands_back_at_once(workshop: Workshop, patient_worker: Worker) -> None:
    run = busy(workshop)
    family = patient_worker.family()
    ask_to_end(patient_worker, 1)
    eventually(lambda: "stopping cluster processes" in patient_worker.log.read_text(), "the answer to the first signal")
    assert now(run).status == "running", "the grace is not over"
    ask_to_end(patient_worker, 2)
    assert patient_worker.wait(AT_ONCE_SECONDS) == 0
    assert not any(member.is_alive() for member in family.members())
    assert_handed_back(run)


@pytest.mark.slow
def test_a_third_signal_ends_by_force_what_does_not_listen(workshop: Workshop, patient_worker: Worker) -> None:
    run = busy(workshop, "deaf")
    family = patient_worker.family()
    ask_to_end(patient_worker, 3)
    assert patient_worker.wait(10) == 128 + signal.SIGKILL
    assert not any(member.is_alive() for member in family.members())
    assert (now(run).status, now(run).session_id, now(run).crash_count) == ("queued", None, 1)
    assert set(Session.objects.values_list("state", flat=True)) == {"dead"}


@pytest.mark.slow
def test_it_forks_the_next_cluster_from_what_it_has_imported(workshop: Workshop, environment: dict[str, str], tmp_path: Path) -> None:
    """What becomes of a module on the disk meanwhile does not matter to it."""
    module = tmp_path / "skills_of_its_own.py"
    module.write_text((PROJECT / "tests/fakes/skills.py").read_text())
    paths = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{PROJECT}", "AOS_SKILL_MODULES": "skills_of_its_own"}
    with a_worker_process({**environment, **paths}, tmp_path / "worker.log") as running:
        assert done(workshop, running).status == "succeeded"
        module.write_text("raise RuntimeError('read again')\n")
        running.family().main.kill()
        assert done(workshop, running).status == "succeeded"


@pytest.mark.slow
def test_it_ends_in_order_while_it_starts(workshop: Workshop, environment: dict[str, str], tmp_path: Path) -> None:
    with a_worker_process(environment, tmp_path / "worker.log") as starting:
        eventually(lambda: main_of(starting.pid), "the cluster's main process")
        assert starting.stop() == 0


@pytest.mark.slow
def test_it_repeats_what_a_killed_worker_held_without_waiting_for_the_lease(workshop: Workshop, worker: Worker, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    run = workshop.submit(step("hit", "kills_worker", before_ms=200, until_attempt=2), step("next", "sleepy", "hit", witness=str(witness)))
    eventually(lambda: now(run).is_terminal, f"the end of a run\n{worker.log.read_text()[-3_000:]}", 20)
    assert (now(run).status, now(run).crash_count, witnessed(witness)) == ("succeeded", 1, ["next 1"])
    assert_is_whole(workshop, run)


# What of django-q2 is relied on


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_it_finds_in_django_q2_what_it_builds_on() -> None:
    expected = ["self", "stop_event", "start_event", "cluster_id", "broker", "timeout", "start"]
    assert parameters(Sentinel.__init__) == expected
    assert parameters(Sentinel.spawn_process) == ["self", "target", "args"]
    assert parameters(Sentinel.reincarnate) == ["self", "process"]
    assert {"start", "stop", "guard", "spawn_cluster", "spawn_worker"} <= set(vars(Sentinel))
    assert {"start", "stop", "sig_handler"} <= set(vars(Cluster))
    assert {"WORKERS", "QUEUE_LIMIT", "GUARD_CYCLE", "DAEMONIZE_WORKERS"} <= set(vars(Conf))
    assert parameters(q_scheduler.scheduler) == ["broker"]
    assert "save" in vars(q_status.Stat)
    assert q_cluster.get_mp_context().get_start_method() == "fork"
    source = inspect.getsource(Sentinel)
    assert all(f"self.{name} =" in source for name in ("pool", "monitor", "pusher", "stop_event", "start_event"))
    assert "target=Sentinel" in inspect.getsource(Cluster.start), "the cluster looks its guard up by this name"


def test_it_finds_in_django_q2_the_guard_it_replaces() -> None:
    """What the stock guard does in its loop, ours does too; a new thing there must be looked at."""
    body = inspect.getsource(Sentinel.guard)
    for does in (
        "p.is_alive()",
        "p.timer.value -= cycle",
        "self.monitor.is_alive()",
        "self.pusher.is_alive()",
        "scheduler(broker",
        "Stat(self).save()",
    ):
        assert does in body, does
    assert [line.strip() for line in body.splitlines() if line.strip().startswith("self.")] == [
        "self.start_event.set()",
        "self.reincarnate(p)",
        "self.reincarnate(self.monitor)",
        "self.reincarnate(self.pusher)",
        "self.stop()",
    ]


def test_it_finds_what_django_q2_writes_into_a_timer() -> None:
    body = inspect.getsource(q_worker.worker)
    assert all(f"timer.value = {value}" in body for value in ("-1", "-2", "0", "timer_value"))
