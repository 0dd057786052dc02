"""The look for drift: over runs as they are stored, of whom there is enough, telling once, and of what is new alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from agents.models import Agent, Tenant
from agents.services import create_agent
from agents.tenancy import Principal, operator_principal
from catalog import drift_alerts
from catalog.models import DriftAlert, FailureMatch
from runs.housekeeping import drift, schedules
from runs.models import Kept, Outbox, Run, RunStatus, StepSummary
from skills.refusal import Refusal

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def acme() -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def worker(acme: Tenant) -> Agent:
    return create_agent(tenant=acme, name="worker")


@pytest.fixture
def ann(acme: Tenant) -> Principal:
    return operator_principal(acme, "ann")


def runs(
    agent: Agent, at: datetime, outcomes: Iterable[bool], *, ms: int = 1_000, cost: int = 100, version: str = "1.0.0", **fields: Any
) -> None:
    """Store runs of one step each that are over: come through, or failed."""
    for number, came_through in enumerate(outcomes):
        status = RunStatus.SUCCEEDED if came_through else RunStatus.FAILED
        took = ms + number % 7 * ms // 100
        begun = at - timedelta(minutes=number % 50)
        values = {"status": status, "started_at": begun, "finished_at": begun + timedelta(milliseconds=took), "spent_micro_usd": cost}
        run = Run.objects.create(tenant=agent.tenant, agent=agent, **{**values, **fields})
        Run.objects.filter(pk=run.pk).update(created_at=begun)
        began_ms = int(begun.timestamp() * 1_000)
        step = {"skill": "http_call", "skill_version": version, "attempts": 1, "started_at_ms": began_ms, "finished_at_ms": began_ms + took}
        ended = "succeeded" if came_through else "failed"
        StepSummary.objects.create(run=run, key="a", position=0, status=ended, cost_micro_usd=cost, **step)
        if not came_through:
            _failed(run, version)


def _failed(run: Run, version: str) -> None:
    what = {"step_id": "a", "skill": "http_call", "skill_version": version, "code": "TIMEOUT", "category": "transient"}
    FailureMatch.objects.create(
        tenant=run.tenant, run_id=run.pk, run_public_id=run.public_id, seq=3, signature="a" * 64, match_type="code", decision="fail", **what
    )


def a_month(agent: Agent, now: datetime, **fields: Any) -> None:
    """Store what is usual: ten runs a day for four weeks, one in ten of which fails."""
    for day in range(7, 35):
        runs(agent, now - day * DAY - HOUR, [number != 3 for number in range(10)], **fields)


def found(tenant: Tenant, now: datetime) -> set[tuple[str, str, str]]:
    return {(each.subject_kind, each.subject, each.finding.measure) for each in drift.departures(tenant, now)}


def test_it_finds_nothing_where_all_goes_as_it_did(acme: Tenant, worker: Agent, now: datetime) -> None:
    a_month(worker, now)
    runs(worker, now - HOUR, [number % 10 != 3 for number in range(40)])
    compared = drift.compared(acme, now)
    assert len(compared) == 6, "two subjects, three measures each"
    assert not any(alarms for _, alarms in compared)
    assert drift.look_for_drift(now=now) == 0
    assert not DriftAlert.objects.exists()


def test_it_finds_failures_cost_and_time_of_skill_and_agent(acme: Tenant, worker: Agent, now: datetime) -> None:
    a_month(worker, now)
    runs(worker, now - HOUR, [number % 2 == 0 for number in range(80)], ms=3_000, cost=250)
    assert found(acme, now) == {
        (kind, subject, measure)
        for kind, subject in (("agent", worker.public_id), ("skill", "http_call@1.0.0"))
        for measure in ("failure_rate", "cost", "latency")
    }
    assert drift.look_for_drift(now=now) == 6
    row = DriftAlert.objects.get(subject="http_call@1.0.0", measure="failure_rate")
    assert (row.baseline["n"], row.baseline["value"], row.baseline["of"]) == (220, 0.1, "itself"), "22 of the last 28 days"
    assert (row.recent["n"], row.recent["value"], row.recent["days"]) == (80, 0.5, 1)
    assert abs(row.score) >= row.threshold


def test_it_tells_of_each_once(acme: Tenant, worker: Agent, now: datetime) -> None:
    a_month(worker, now)
    runs(worker, now - HOUR, [True] * 40, cost=300)
    assert drift.look_for_drift(now=now) == 2
    assert drift.look_for_drift(now=now + HOUR) == 0
    news = list(Outbox.objects.filter(topic="drift.detected"))
    assert {json.loads(each.data)["subject"] for each in news} == {worker.public_id, "http_call@1.0.0"}
    assert all(each.run is None and each.tenant == acme for each in news)
    assert {row.last_seen_at for row in DriftAlert.objects.all()} == {now + HOUR}
    assert {row.first_seen_at for row in DriftAlert.objects.all()} == {now}


def test_it_looks_at_the_week_where_the_day_has_too_little(acme: Tenant, worker: Agent, now: datetime) -> None:
    a_month(worker, now)
    for day in range(7):
        runs(worker, now - day * DAY - HOUR, [True] * 6, cost=300)
    departures = drift.departures(acme, now)
    assert {each.finding.recent["days"] for each in departures} == {7}
    assert {each.finding.measure for each in departures} == {"cost"}


def test_it_holds_a_new_version_against_those_before_it(acme: Tenant, worker: Agent, now: datetime) -> None:
    a_month(worker, now, version="1.9.0")
    runs(worker, now - HOUR, [True] * 40, version="1.10.0", ms=9_000)
    (departure,) = [each for each in drift.departures(acme, now) if each.subject_kind == "skill"]
    assert (departure.subject, departure.finding.measure, departure.finding.baseline["of"]) == ("http_call@1.10.0", "latency", "1.9.0")


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"faults": 1}, id="injected on purpose"),
        pytest.param({"status": RunStatus.CANCELLED}, id="cancelled"),
        pytest.param({"status": RunStatus.RUNNING, "finished_at": None}, id="not over"),
    ],
)
def test_it_learns_nothing_from_runs(fields: dict[str, Any], acme: Tenant, worker: Agent, now: datetime) -> None:
    a_month(worker, now)
    runs(worker, now - HOUR, [False] * 80, **fields)
    assert found(acme, now) == set()


def test_it_makes_nothing_of_steps_whose_failures_are_gone(acme: Tenant, worker: Agent, now: datetime) -> None:
    a_month(worker, now, kept=Kept.EFFECTS)
    runs(worker, now - HOUR, [number % 2 == 0 for number in range(80)])
    assert {kind for kind, _, _ in found(acme, now)} == {"agent"}


def test_it_says_nothing_of_agents_that_have_not_run_and_of_little(acme: Tenant, worker: Agent, now: datetime) -> None:
    a_month(worker, now)
    assert drift.compared(acme, now) == []
    runs(worker, now - HOUR, [False] * 5)
    assert drift.compared(acme, now) == []


def test_it_keeps_tenants_apart(acme: Tenant, worker: Agent, now: datetime) -> None:
    rival = create_agent(tenant=Tenant.objects.create(slug="rival", name="Rival"), name="worker")
    a_month(worker, now)
    a_month(rival, now)
    runs(worker, now - HOUR, [True] * 40)
    runs(rival, now - HOUR, [False] * 40)
    assert found(acme, now) == set()
    drift.look_for_drift(now=now)
    assert {row.tenant for row in DriftAlert.objects.all()} == {rival.tenant}


# What people say


@pytest.fixture
def alert(acme: Tenant, worker: Agent, now: datetime) -> DriftAlert:
    a_month(worker, now)
    runs(worker, now - HOUR, [True] * 40, cost=300)
    drift.look_for_drift(now=now)
    return DriftAlert.objects.get(subject_kind="agent")


def test_what_is_acknowledged_is_brought_up_to_date_and_told_no_more(alert: DriftAlert, ann: Principal, now: datetime) -> None:
    drift_alerts.acknowledge(principal=ann, drift_id=alert.public_id, reason="looking into it")
    assert drift.look_for_drift(now=now + HOUR) == 0
    alert.refresh_from_db()
    assert (alert.state, alert.by, alert.reason, alert.closed_at) == ("acknowledged", "ann", "looking into it", None)
    assert alert.last_seen_at == now + HOUR
    with pytest.raises(Refusal, match="acknowledged already, by ann"):
        drift_alerts.acknowledge(principal=ann, drift_id=alert.public_id, reason="me too")


def test_what_is_resolved_is_quiet_about_what_was_and_opens_anew_when_it_is_so_again(
    alert: DriftAlert, worker: Agent, ann: Principal, now: datetime
) -> None:
    drift_alerts.resolve(principal=ann, drift_id=alert.public_id, reason="new prices")
    assert drift.look_for_drift(now=now + HOUR) == 0, "the same runs again"
    runs(worker, now + DAY + HOUR, [True] * 40, cost=300)
    assert drift.look_for_drift(now=now + DAY + 2 * HOUR) == 1
    again = DriftAlert.objects.get(subject_kind="agent", state="open")
    assert again.pk != alert.pk
    assert Outbox.objects.filter(topic="drift.detected").count() == 3
    with pytest.raises(Refusal, match="resolved already"):
        drift_alerts.resolve(principal=ann, drift_id=alert.public_id, reason="again")


def test_nobody_decides_about_another_tenants(alert: DriftAlert) -> None:
    other = operator_principal(Tenant.objects.create(slug="rival", name="Rival"), "eve")
    for decide in (drift_alerts.acknowledge, drift_alerts.resolve):
        for drift_id in (alert.public_id, "drf_" + "0" * 32, "\x00"):
            with pytest.raises(Refusal, match="no such drift alert"):
                decide(principal=other, drift_id=drift_id, reason="mine")


# How it is asked


def test_the_clock_asks_every_hour(alert: DriftAlert, caplog: Any) -> None:
    assert ("runs.housekeeping.schedules.look_for_drift", "H") in {(job.function, job.every) for job in schedules.JOBS}
    DriftAlert.objects.all().delete()
    schedules.look_for_drift()
    assert DriftAlert.objects.count() == 2


def test_it_leaves_when_told_to_stop(acme: Tenant, worker: Agent, now: datetime) -> None:
    a_month(worker, now)
    runs(worker, now - HOUR, [False] * 40)
    assert drift.look_for_drift(stopped=lambda: True, now=now) == 0


def test_it_asks_no_more_of_many_runs_than_of_some(
    acme: Tenant, worker: Agent, now: datetime, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift, "RUNS_OF_TODAY", 20)
    a_month(worker, now)
    runs(worker, now - HOUR, [True] * 60)
    with django_assert_max_num_queries(110):
        compared = drift.compared(acme, now)
    assert {each.finding.recent["days"] for each, _ in compared} <= {7}


def test_the_command_prints_what_it_finds(alert: DriftAlert, capsys: Any) -> None:
    call_command("drift", "--json")
    printed = json.loads(capsys.readouterr().out)
    assert {each["subject_kind"] for each in printed["data"]} == {"agent", "skill"}
    call_command("drift", "--check")
    assert "http_call@1.0.0" in capsys.readouterr().out
