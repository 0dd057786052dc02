"""Workload W10: how long people wait for the two commonest answers while many others ask as well."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from bench.installation import Answer, wait_for_results
from bench.plans import chain
from bench.report import Figure, percentile
from bench.workloads import Bench, rows_of

CROWD = 50


def many_clients(bench: Bench) -> list[Figure]:
    """W10: POST /runs and GET /runs/{id} by 50 clients at once, sent → answered; floor: a bare DRF view with one insert, served alike."""
    plan, count = chain(5, "bench_noop"), 2 * bench.size.http_runs
    with bench.site.web("bench.settings") as port:
        bench.site.post_all(port, plan, CROWD, clients=CROWD)
        bare = bench.site.post_all(port, plan, count, clients=CROWD)
    with bench.site.web() as port:
        warm = bench.site.post_all(port, plan, CROWD, clients=CROWD)
        posts = bench.site.post_all(port, plan, count, clients=CROWD)
        runs = rows_of([*warm, *posts])
        with bench.site.worker():
            wait_for_results(runs)
        bench.check(runs, 5)
        paths = [f"/api/v1/runs/{answer.body['run_id']}" for answer in posts]
        bench.site.get_all(port, paths[:CROWD], clients=CROWD)
        gets = bench.site.get_all(port, paths, clients=CROWD)
    return [*_waits("floor", "bare_view", bare, None), *_waits("W10", "post_runs", posts, bare), *_waits("W10", "get_run", gets, bare)]


def _waits(workload: str, metric: str, answers: Sequence[Answer], floor: Sequence[Answer] | None) -> list[Figure]:
    """Return median and 95th percentile, each beside that of the floor."""
    return [
        Figure(workload, f"{metric}_50_clients_p50", _p50(answers), "ms", None if floor is None else _p50(floor)),
        Figure(workload, f"{metric}_50_clients_p95", _p95(answers), "ms", None if floor is None else _p95(floor)),
    ]


def _p50(answers: Sequence[Answer]) -> float:
    return median(answer.ms for answer in answers)


def _p95(answers: Sequence[Answer]) -> float:
    return percentile([answer.ms for answer in answers], 0.95)
