"""Workloads W8 and W9: whether a step costs the same in a long run as in a short one, and in a full database as in an empty one."""

from __future__ import annotations

from statistics import median

from django.db import connection

from bench.plans import chain, over_items
from bench.report import Figure
from bench.workloads import Bench
from runs.models import Run

ITEMS = 1_000
REPEATS = 5


def steps_in_a_run(bench: Bench) -> list[Figure]:
    """W8: milliseconds a step in runs of more and more steps; first step began → result seen; floor: the shortest run."""
    with bench.warm_worker():
        costs = {steps: _ms_a_step(bench, steps) for steps in bench.size.steps_a_run}
    shortest = next(iter(costs.values()))
    return [Figure("W8", f"step_in_a_run_of_{steps}", cost, "ms", shortest) for steps, cost in costs.items()]


def _ms_a_step(bench: Bench, steps: int) -> float:
    items = min(steps, ITEMS)
    # A long run is measured often enough by its own length.
    repeats = max(1, REPEATS * ITEMS // steps) if steps > ITEMS else REPEATS
    return median(1_000 * bench.time_one(over_items(steps // items, "bench_noop"), items)[2] / steps for _ in range(repeats))


def runs_in_the_tables(bench: Bench) -> list[Figure]:
    """W9: one run of 100 steps, and submit → first step, beside more and more finished runs; floor: beside none of them."""
    found: list[Figure] = []
    finished = 0
    for wanted in bench.size.finished_runs:
        if wanted > finished:
            add_finished_runs(wanted - finished)
            finished = wanted
        with bench.warm_worker():
            step = median(10 * bench.time_one(chain(100, "bench_noop"))[2] for _ in range(REPEATS))
            start = median(1_000 * bench.time_one(chain(1, "bench_noop"))[0] for _ in range(bench.size.samples))
        first_step, first_start = (found[0].value, found[1].value) if found else (step, start)
        found.append(Figure("W9", f"step_beside_{wanted}_runs", step, "ms", first_step))
        found.append(Figure("W9", f"start_beside_{wanted}_runs", start, "ms", first_start))
    return found


def add_finished_runs(count: int) -> None:
    """Add copies of the newest run, which is over, each under a name of its own; their journals are left out."""
    columns = [str(field.column) for field in Run._meta.concrete_fields if not field.primary_key and not field.generated]
    copied = ", ".join("'copy-' || r.id || '-' || n" if column == "public_id" else f"r.{column}" for column in columns)
    template = Run.objects.latest("pk").pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
            INSERT INTO runs_run ({", ".join(columns)}) SELECT {copied} FROM runs_run r, numbers WHERE r.id = %s""",  # noqa: S608 - the model's
            (count, template),
        )
        # What PostgreSQL does by itself some time after must not happen while something is measured.
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE runs_run")
