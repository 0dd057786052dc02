"""Workloads W1 to W5: each runs on a live worker, measures, and proves that nothing was lost."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from statistics import mean, median

from bench import floors
from bench.floors import RawDatabase
from bench.installation import Answer, Installation, beginnings, wait_for_results
from bench.plans import Plan, chain, fan
from bench.report import Figure, spread
from bench.verification import verify
from runs.models import Run
from runs.shell.journal import read_rows

CLIENTS = 8


@dataclass(frozen=True)
class Size:
    """How much of each workload is done."""

    floor_seconds: float = 3.0
    repeats: int = 10
    runs: int = 500
    rounds: int = 3
    http_runs: int = 500
    samples: int = 50
    waiting_runs: int = 200
    idle_seconds: float = 20.0
    steps_a_run: tuple[int, ...] = (100, 1_000, 10_000)
    finished_runs: tuple[int, ...] = (0, 10_000, 100_000, 1_000_000)


QUICK = Size(
    floor_seconds=0.7,
    repeats=4,
    runs=200,
    rounds=1,
    http_runs=100,
    samples=15,
    idle_seconds=3.0,
    steps_a_run=(100, 1_000),
    finished_runs=(0, 10_000),
)


@dataclass
class Bench:
    """What workloads share; `verified` counts the runs that were looked through."""

    site: Installation
    database: RawDatabase
    size: Size
    verified: int = 0

    @contextmanager
    def warm_worker(self) -> Iterator[None]:
        """Run a worker that has driven a run already."""
        with self.site.worker():
            self.time_one(chain(1, "bench_noop"))
            yield

    def commit_rate(self, connections: int) -> float:
        return floors.commit_rate(self.database, connections=connections, seconds=self.size.floor_seconds)

    def check(self, runs: Iterable[int], steps: int, planned: int | None = None) -> None:
        self.verified += verify(runs, steps, planned)

    def time_one(self, plan: Plan, items: int | None = None) -> tuple[float, float, float]:
        """Submit one run on an idle system; return submitted → first step, submitted → result seen, first step → result, in seconds."""
        # A pause of no round length, so that samples do not march in step with anybody's poll.
        time.sleep(0.053)
        planned = len(plan["steps"])
        inputs = None if items is None else {"items": list(range(items))}
        began = time.monotonic()
        run = self.site.submit(plan, inputs)
        ended = wait_for_results([run])
        self.check([run], planned if items is None else planned * items, planned)
        first = beginnings(run)[0]
        return first - began, ended - began, ended - first


# No floor is measured while a worker lives: what the floor writes would wake it, and it would slow the floor.


def sequential_steps(bench: Bench) -> list[Figure]:
    """W1: one run of 100 no-op steps, one after the other; first step began → result seen."""
    before = bench.commit_rate(1)
    with bench.warm_worker():
        rates = {kind: _steps_per_second(bench, f"bench_{kind}") for kind in ("noop", "pure")}
    # Disks have moods: around what it is compared with, a floor is worth more than long before it.
    floor = mean((before, bench.commit_rate(1)))
    return [
        Figure("floor", "commits_1_connection", floor, "1/s"),
        Figure("W1", "awaited_steps_per_s", rates["noop"], "1/s", floor),
        Figure("W1", "pure_steps_per_s", rates["pure"], "1/s", floor),
    ]


def _steps_per_second(bench: Bench, skill: str) -> float:
    return 100 / median(bench.time_one(chain(100, skill))[2] for _ in range(bench.size.repeats))


def many_runs(bench: Bench) -> list[Figure]:
    """W2: many runs of 5 no-op steps, submit included, by the services and over HTTP; and the same with budgets everywhere."""
    plan = chain(5, "bench_noop")
    commits = bench.commit_rate(CLIENTS)
    bare = _bare_posts_per_second(bench, plan, "bench.stock_asgi:application")
    bare_served_alike = _bare_posts_per_second(bench, plan, "aos_site.asgi:application")
    with bench.warm_worker():
        rounds, budgeted = _rounds_of_both(bench, plan)
        over_http = _over_http(bench, plan, bare)
    submits, runs, steps = (median(column) for column in zip(*[(r.submits, r.runs, r.steps) for r in rounds], strict=True))
    batched = bench.size.runs / floors.batched_seconds(bench.database, _copies(rounds[-1].rows_of))
    return [
        Figure("floor", "commits_8_connections", commits, "1/s"),
        Figure("floor", "journals_in_batches_of_100", batched, "runs/s"),
        Figure("floor", "bare_view_8_clients", bare, "1/s"),
        Figure("floor", "bare_view_served_as_ours_is", bare_served_alike, "1/s", bare),
        Figure("W2", "submits_per_s", submits, "1/s", commits),
        Figure("W2", "runs_per_s", runs, "1/s", batched),
        Figure("W2", "steps_per_s", steps, "1/s", batched * 5),
        Figure("W2", "runs_per_s_with_budgets", median(r.runs for r in budgeted), "1/s", runs),
        *over_http,
    ]


@dataclass(frozen=True)
class _Round:
    submits: float
    runs: float
    steps: float
    rows_of: list[int]


def _rounds_of_both(bench: Bench, plan: Plan) -> tuple[list[_Round], list[_Round]]:
    """Return rounds without budgets and with them, in turn and each as often first, so that moods and growth meet both alike."""
    rounds: tuple[list[_Round], list[_Round]] = ([], [])
    for number in range(2 * bench.size.rounds):
        has_budgets = number % 4 in (1, 2)
        with bench.site.budgets() if has_budgets else nullcontext():
            rounds[has_budgets].append(_round_of_submits(bench, plan))
    return rounds


def _round_of_submits(bench: Bench, plan: Plan) -> _Round:
    count = bench.size.runs
    began = time.monotonic()
    runs = bench.site.submit_all(plan, count, clients=CLIENTS)
    submitted = time.monotonic()
    ended = wait_for_results(runs)
    bench.check(runs, 5)
    first_of_each_client = runs[:: count // CLIENTS]
    first = min(beginnings(run)[0] for run in first_of_each_client)
    return _Round(count / (submitted - began), count / (ended - began), count * 5 / (ended - first), runs)


def _copies(runs: list[int]) -> list[floors.EventRow]:
    """Return the journals of runs as rows of the floor's table, under numbers no other floor uses."""
    return [(-run, row.seq, row.kind, row.step, row.attempt, None, row.at_ms, row.data) for run in runs for row in read_rows(run)]


def _bare_posts_per_second(bench: Bench, plan: Plan, application: str) -> float:
    with bench.site.web("bench.settings", application) as port:
        bench.site.post_all(port, plan, CLIENTS, clients=CLIENTS)
        began = time.monotonic()
        bench.site.post_all(port, plan, bench.size.http_runs, clients=CLIENTS)
        return bench.size.http_runs / (time.monotonic() - began)


def _over_http(bench: Bench, plan: Plan, bare: float) -> list[Figure]:
    count = bench.size.http_runs
    with bench.site.web() as port:
        wait_for_results(rows_of(bench.site.post_all(port, plan, CLIENTS, clients=CLIENTS)))
        began = time.monotonic()
        answers = bench.site.post_all(port, plan, count, clients=CLIENTS)
        submitted = time.monotonic()
        runs = rows_of(answers)
        ended = wait_for_results(runs)
    bench.check(runs, 5)
    return [
        Figure("W2", "http_submits_per_s", count / (submitted - began), "1/s", bare),
        Figure("W2", "http_runs_per_s", count / (ended - began), "1/s", bare),
    ]


def rows_of(answers: list[Answer]) -> list[int]:
    """Return the rows of runs that were submitted over HTTP."""
    return list(Run.objects.filter(public_id__in=[answer.body["run_id"] for answer in answers]).values_list("pk", flat=True))


def waiting_runs(bench: Bench) -> list[Figure]:
    """W3: 200 runs of 5 steps that wait 100 ms, queued before a worker starts; first step began → all results seen."""
    runs = bench.site.submit_all(chain(5, "bench_wait", ms=100), bench.size.waiting_runs, clients=CLIENTS)
    with bench.site.worker():
        ended = wait_for_results(runs)
    bench.check(runs, 5)
    first = min(beginnings(run)[0] for run in runs)
    floor = floors.group_commit_seconds(bench.database, runs=len(runs), steps=5, wait_ms=100)
    return [Figure("W3", "all_done", ended - first, "s", floor)]


def latency(bench: Bench) -> list[Figure]:
    """W4: submit → first step begins, and submit → result seen, on an idle system."""
    floor = median(floors.wake_up_ms(bench.database, bench.size.samples))
    with bench.warm_worker():
        samples = [bench.time_one(chain(1, "bench_noop")) for _ in range(bench.size.samples)]
    start, result = ([1_000 * sample[n] for sample in samples] for n in (0, 1))
    return [*spread("W4", "start", start, "ms", floor), *spread("W4", "result", result, "ms", floor)]


def parallel_steps(bench: Bench) -> list[Figure]:
    """W5: one run of 200 no-op steps that depend on nothing; first step began → result seen."""
    floor = median(floors.group_commit_seconds(bench.database, runs=200, steps=1, wait_ms=0) for _ in range(5))
    with bench.warm_worker():
        seconds = median(bench.time_one(fan(200, "bench_noop"))[2] for _ in range(bench.size.repeats))
    return [Figure("W5", "all_done", 1_000 * seconds, "ms", 1_000 * floor)]
