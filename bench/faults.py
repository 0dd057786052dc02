"""Workloads W6 and W7: a worker is killed in the middle of W3, and what a worker costs to start and to keep."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from bench.installation import beginnings, busy_worker, wait_for_results, wait_until
from bench.plans import chain
from bench.report import Figure
from bench.verification import Call, Lost, calls_after_success, what_is_left
from bench.workloads import CLIENTS, Bench
from runs.models import Run, RunEvent
from tests.processes import Worker

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def killed_worker(bench: Bench) -> list[Figure]:
    """W6: kill -9 of the busy worker in W3; kill → all results seen."""
    witness = bench.site.folder / "calls"
    witness.unlink(missing_ok=True)
    plan = chain(5, "bench_wait", ms=100, witness=str(witness))
    runs = bench.site.submit_all(plan, bench.size.waiting_runs, clients=CLIENTS)
    with bench.site.worker():
        wait_until(lambda: _successes(runs) >= len(runs) * 2, "the middle of W3")
        victim = busy_worker()
        assert victim is not None, "runs are under way, so a live session holds them"
        os.kill(victim, signal.SIGKILL)
        killed = time.monotonic()
        ended = wait_for_results(runs)
    left = what_is_left(runs)
    again = calls_after_success(_called(witness), _succeeded(runs))
    if again:
        raise Lost(f"{len(again)} committed steps were run again, such as {again[0]}")
    bench.check(runs, 5)
    return [
        Figure("W6", "all_done_after_kill", ended - killed, "s"),
        Figure("W6", "steps_lost", len(runs) * 5 - sum(one.steps_succeeded for one in left), "steps"),
        Figure("W6", "committed_steps_run_again", len(again), "steps"),
        Figure("W6", "steps_in_flight_repeated", len(_called(witness)) - len(runs) * 5, "steps"),
    ]


def _successes(runs: list[int]) -> int:
    return RunEvent.objects.filter(run_id__gte=min(runs), run_id__lte=max(runs), kind="step_succeeded").count()


def _called(witness: Path) -> list[Call]:
    words = (line.split() for line in witness.read_text().splitlines())
    return [(run, step, int(attempt)) for run, step, attempt in words]


def _succeeded(runs: list[int]) -> list[Call]:
    names = dict(Run.objects.filter(pk__in=runs).values_list("pk", "public_id"))
    rows = RunEvent.objects.filter(run_id__in=runs, kind="step_succeeded").values_list("run_id", "step", "attempt")
    return [(names[run], step, attempt) for run, step, attempt in rows]


def cold_start_and_idle(bench: Bench) -> list[Figure]:
    """W7: start of a worker → first step of a run that was waiting; what the worker then costs while nothing is to do."""
    run = bench.site.submit(chain(1, "bench_noop"))
    began = time.monotonic()
    with bench.site.worker() as worker:
        wait_for_results([run])
        bench.check([run], 1)
        cold_seconds = beginnings(run)[0] - began
        time.sleep(1.0)  # what came with the start is over
        cpu, memory_mb = _idle(worker, bench.size.idle_seconds)
    return [
        Figure("W7", "cold_start", cold_seconds, "s"),
        Figure("W7", "idle_memory", memory_mb, "MB"),
        Figure("W7", "idle_cpu", 100 * cpu, "% of a core"),
    ]


def _idle(worker: Worker, seconds: float) -> tuple[float, float]:
    """Return the part of a core and the memory the worker's processes use; pages they share are counted once."""
    family = worker.family()
    pids = [worker.pid, *(member.pid for member in family.members())]
    before, began = sum(map(_cpu_seconds, pids)), time.monotonic()
    time.sleep(seconds)
    used = sum(map(_cpu_seconds, pids)) - before
    return used / (time.monotonic() - began), sum(map(_proportional_mb, pids))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def _proportional_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1_024
