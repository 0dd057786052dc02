"""Where retention shows: the schedule that starts it, the command, capabilities, metrics, the overview, a run's page."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.scheduler import scheduler

from runs.api.runtime import capabilities
from runs.housekeeping.schedules import JOBS, keep_schedules, remove_what_is_due
from runs.housekeeping.stored import CLASSES, read_stored
from runs.models import Kept, Run, RunEvent
from runs.shell.processes import doorbell
from tests.integration.test_commands_on_runs import told
from tests.integration.workshop import Workshop, a_worker, now, over, step
from tests.processes import a_worker_process, eventually

CANARY = "canary-of-a-customer"


@pytest.fixture
def old(workshop: Workshop) -> Run:
    """Return a run that ended 91 days ago, one longer than payload is kept by default."""
    run = workshop.submit(step("one", "say", said=CANARY))
    with a_worker():
        over(run)
    Run.objects.filter(pk=run.pk).update(finished_at=timezone.now() - timedelta(days=91))
    return now(run)


def schedules() -> list[tuple[str, str, str]]:
    rows = apps.get_model("django_q", "Schedule")._default_manager.order_by("pk")
    return list(rows.values_list("name", "func", "schedule_type"))


# The schedule


def test_it_schedules_each_job_once_however_often_workers_start(db: None) -> None:
    for _ in range(3):
        keep_schedules()
    assert schedules() == [tuple(job) for job in JOBS]


def test_it_mends_a_schedule_that_is_there_twice_or_says_something_else(db: None) -> None:
    rows = apps.get_model("django_q", "Schedule")._default_manager
    for _ in range(2):
        rows.create(name=JOBS[0].name, func="an.older.function", schedule_type="D")
    rows.create(name="somebody else's", func="math.floor", schedule_type="D")
    keep_schedules()
    assert sorted(schedules()) == sorted([*map(tuple, JOBS), ("somebody else's", "math.floor", "D")])


def test_it_leaves_at_once_when_the_worker_is_told_to_stop(old: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    wires = doorbell.Wires()
    monkeypatch.setattr(doorbell, "wires", wires)
    wires.stop.hoist()
    remove_what_is_due()
    wires.close()
    assert now(old).kept == Kept.EVERYTHING


@pytest.mark.slow
def test_it_is_scheduled_and_carried_out_by_a_real_worker(old: Run, live_environment: dict[str, str], tmp_path: Path) -> None:
    with a_worker_process({**live_environment, "AOS_SKILL_MODULES": "tests.fakes.skills"}, tmp_path / "worker.log") as worker:
        eventually(schedules, f"the schedule\n{worker.log.read_text()[-3_000:]}")
        # What a cluster's guard does on its grid of half a minute, with the broker of ordinary tasks.
        scheduler(broker=ORM("aos"))
        eventually(lambda: now(old).kept == Kept.EVENTS, f"the removal\n{worker.log.read_text()[-3_000:]}")
    assert CANARY not in str(list(RunEvent.objects.filter(run_id=old.pk).values_list("data")))


# The command


def test_it_says_what_would_go_and_what_went(old: Run) -> None:
    events = old.last_seq
    out, _ = told("retention", "--dry-run")
    assert f"{events} rows would go; nothing was changed" in out
    assert "for ever" in out
    assert now(old).kept == Kept.EVERYTHING
    found = json.loads(told("retention", "--dry-run", "--json")[0])
    assert found["dry_run"] is True
    assert [each["class"] for each in found["data"]] == ["payload", "event", "effect", "run", "audit", "operational"]
    payload = found["data"][0]
    assert (payload["keeps_days"], payload["runs"], payload["rows"]["runs_runevent"]) == (90, 1, events)
    assert payload["oldest_kept"].startswith(f"{old.finished_at:%Y-%m-%d}")
    assert f"{events} rows went" in told("retention")[0]
    assert now(old).kept == Kept.EVENTS
    assert "0 rows went" in told("retention")[0]


def test_it_tells_people_that_not_all_of_a_run_is_there(old: Run) -> None:
    told("retention")
    assert "payload removed on" in told("trace", old.public_id)[0]
    assert "error[NOT_FOUND]: payload removed on" in told("replay", old.public_id, expect=3)[1]


# The web


def test_it_tells_programs_how_long_things_are_kept() -> None:
    assert capabilities().retention_days == {"payload": 90, "event": 365, "effect": 1_095, "run": None, "operational": 7}


def test_it_shows_a_run_of_which_not_all_is_left(old: Run) -> None:
    told("retention")
    User.objects.create_superuser("root")
    browser = Client()
    browser.force_login(User.objects.get(username="root"))
    page = browser.get(reverse("admin:runs_run_change", args=[old.public_id])).content.decode()
    assert "Not all of this run is here: payload removed on" in page
    assert CANARY not in page
    Run.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=1_100))
    told("retention")
    page = browser.get(reverse("admin:runs_run_change", args=[old.public_id])).content.decode()
    assert "journal removed on" in page


def test_it_shows_what_is_stored_to_the_platforms_operators_only(workshop: Workshop) -> None:
    User.objects.create_superuser("root")
    User.objects.create_user("stranger", is_staff=True)
    pages = {}
    for name in ("root", "stranger"):
        browser = Client()
        browser.force_login(User.objects.get(username=name))
        pages[name] = browser.get(reverse("admin:index"))
    assert [row["name"] for row in pages["root"].context["aos_stored"]["classes"]] == list(CLASSES)
    assert "1095 d" in pages["root"].content.decode()
    assert pages["stranger"].context["aos_stored"] is None


def test_it_knows_what_is_stored_without_counting(old: Run) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE runs_run")
    found = {stored.name: stored for stored in read_stored()}
    assert found["run"].rows == 1
    assert found["payload"].oldest == old.finished_at
    assert (found["run"].bytes or 0) > 0 or connection.vendor == "sqlite"


def test_it_measures_what_is_stored(workshop: Workshop) -> None:
    lines = Client().get("/metrics").content.decode()
    assert 'nova_stored_rows{class="event"}' in lines
    assert "nova_database_bytes " in lines
