"""The benchmark measures real work: small workloads on a real worker, floors on the same database, and losses that stop it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from bench import floors
from bench.curves import add_finished_runs
from bench.floors import RawDatabase, create_table, event_row, raw_database
from bench.installation import Installation, make_installation
from bench.plans import chain
from bench.verification import Lost, verify
from bench.workloads import Bench, Size, parallel_steps, sequential_steps
from runs.models import Run
from skills.plugins import load
from skills.registry import registry

SMALL = Size(floor_seconds=0.1, repeats=1)


@pytest.fixture
def database(transactional_db: None) -> Iterator[RawDatabase]:
    create_table()
    yield raw_database()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {floors.TABLE}")


@pytest.fixture
def site(transactional_db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Installation:
    for held in ("_skills", "_metadata"):
        monkeypatch.setattr(registry, held, {})
    load(registry, with_plugins=False, modules=["bench.skills"])
    return make_installation(tmp_path)


def rows_written() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {floors.TABLE}")  # noqa: S608 - a constant
        return int(cursor.fetchone()[0])


@pytest.mark.slow
def test_it_measures_and_verifies_steps_on_a_real_worker(site: Installation, database: RawDatabase) -> None:
    bench = Bench(site, database, SMALL)
    figures = [*sequential_steps(bench), *parallel_steps(bench)]
    assert [(figure.workload, figure.metric) for figure in figures] == [
        ("floor", "commits_1_connection"),
        ("W1", "awaited_steps_per_s"),
        ("W1", "pure_steps_per_s"),
        ("W5", "all_done"),
    ]
    assert all(figure.value > 0 for figure in figures)
    assert all(figure.ratio for figure in figures if figure.workload != "floor")
    assert bench.verified == 5


def test_it_stops_for_a_run_that_did_not_end(site: Installation) -> None:
    run = site.submit(chain(2, "bench_noop"))
    with pytest.raises(Lost, match=f"{Run.objects.get(pk=run).public_id} is queued"):
        verify([run], steps=2)


def test_it_stops_for_a_run_that_is_missing(site: Installation) -> None:
    with pytest.raises(Lost, match="missing"):
        verify([4711], steps=2)


def test_it_fills_the_tables_with_copies_of_a_run(site: Installation) -> None:
    site.submit(chain(2, "bench_noop"))
    for count in (3, 2):
        add_finished_runs(count)
    assert Run.objects.count() == 6
    assert Run.objects.values("public_id").distinct().count() == 6
    assert Run.objects.values("plan_hash", "goal", "status").distinct().count() == 1


@pytest.mark.slow
def test_it_posts_and_is_told_of_a_refusal(site: Installation) -> None:
    with site.web() as port:
        [answer] = site.post_all(port, chain(1, "bench_noop"), 1, clients=1)
        assert Run.objects.get(public_id=answer.body["run_id"]).status == "queued"
        [seen] = site.get_all(port, [f"/api/v1/runs/{answer.body['run_id']}"], clients=1)
        assert seen.body["status"] == "queued"
        assert 0 < seen.ms < 60_000
        with pytest.raises(Lost, match="answered 422"):
            site.post_all(port, chain(1, "no_such_skill"), 1, clients=1)


@pytest.mark.parametrize("connections", [1, 8])
def test_it_counts_the_commits_it_made(database: RawDatabase, connections: int) -> None:
    rate = floors.commit_rate(database, connections=connections, seconds=0.2)
    assert round(rate * 0.2) == rows_written() > 0


def test_it_writes_batches_whole(database: RawDatabase) -> None:
    assert floors.batched_seconds(database, [event_row(1, seq) for seq in range(250)]) > 0
    assert rows_written() == 250


def test_it_commits_what_many_hand_in_together(database: RawDatabase) -> None:
    seconds = floors.group_commit_seconds(database, runs=20, steps=3, wait_ms=10)
    assert seconds >= 0.03
    assert rows_written() == 60


def test_it_wakes_a_waiter_for_each_row(database: RawDatabase) -> None:
    samples = floors.wake_up_ms(database, 5)
    assert len(samples) == 5
    assert all(sample > 0 for sample in samples)
    assert rows_written() == 10
