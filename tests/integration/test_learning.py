"""Learning from runs that are over: what counts, each run once, a bounded look, every tenant in turn, and no cost to runs."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent, Tenant
from agents.services import create_agent
from catalog.services import MatchRow, record_matches
from runs.history import learning
from runs.history.learning import SETTLED, learn
from runs.history.reading import history_of
from runs.models import LearningMark, Run, SkillHistory, StepSummary
from tests.integration.workshop import Workshop, a_worker, in_another_thread, over, step

pytestmark = pytest.mark.django_db
AT_ONCE = timedelta(0)


@pytest.fixture
def tenant(db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def agent(tenant: Tenant) -> Agent:
    return create_agent(tenant=tenant, name="worker")


def ended(agent: Agent, *steps: dict[str, Any], at: datetime | None = None, status: str = "succeeded") -> Run:
    """Return a run that is over, with these summaries of its steps."""
    at = at or timezone.now() - timedelta(minutes=1)
    run = Run.objects.create(tenant=agent.tenant, agent=agent, status=status, finished_at=at)
    for place, fields in enumerate(steps):
        told = {"skill": "look", "skill_version": "1.0.0", "status": "succeeded", "attempts": 1, "started_at_ms": 1_000, **fields}
        took = told.pop("took", 100)
        StepSummary.objects.create(run=run, key=told.pop("key", f"s{place}"), position=place, finished_at_ms=1_000 + took, **told)
    return run


def failed(run: Run, key: str, *decisions: str, skill: str = "look", code: str = "TIMEOUT", version: str = "1.0.0") -> None:
    """Write down that calls of a step failed, and what was decided each time."""
    where = {"tenant_id": run.tenant_id, "run_id": run.pk, "run_public_id": run.public_id, "step_id": key}
    what = {"skill": skill, "skill_version": version, "code": code, "category": "transient", "message": "", "signature": "s"}
    said = {"match_type": "miss", "entry_id": None, "confidence": None, "mode": "ABORT"}
    rows = [MatchRow(seq=seq, attempt=seq, decision=decision, **where, **what, **said) for seq, decision in enumerate(decisions, 1)]
    record_matches(rows)


def known(tenant: Tenant, skill: str = "look", version: str = "1.0.0") -> Any:
    return history_of(tenant.pk, [skill]).get((skill, version))


def learned(**options: Any) -> int:
    return learn(rest=AT_ONCE, **options)


def test_it_learns_what_steps_took_and_cost(tenant: Tenant, agent: Agent) -> None:
    for took in (80, 100, 120):
        ended(agent, {"took": took, "cost_micro_usd": 5})
    assert learned() == 3
    found = known(tenant)
    assert (found.n, found.cost_micro_usd.expected, found.calls, found.failed) == (3, 5, 3, 0)
    assert found.duration_ms.expected == pytest.approx(100, rel=0.02)


@pytest.mark.parametrize("status", ["succeeded", "partial", "failed", "cancelled", "dead_lettered"])
def test_it_learns_from_every_run_that_is_over(status: str, tenant: Tenant, agent: Agent) -> None:
    ended(agent, {}, status=status)
    assert learned() == 1
    assert known(tenant).n == 1


def test_it_learns_nothing_from_a_run_that_goes_on(tenant: Tenant, agent: Agent) -> None:
    run = ended(agent, {})
    Run.objects.filter(pk=run.pk).update(status="running", finished_at=None)
    assert learned() == 0


@pytest.mark.parametrize(
    ("fields", "decisions", "samples", "calls", "failures"),
    [
        pytest.param({}, (), 1, 1, 0, id="one call that worked"),
        pytest.param({"attempts": 3}, ("retry", "retry"), 1, 3, 2, id="tried again and done"),
        pytest.param({"attempts": 2, "status": "failed"}, ("retry", "abort"), 0, 2, 2, id="failed for good"),
        pytest.param({"attempts": 2}, ("escalate",), 0, 2, 1, id="a person was asked in between"),
        pytest.param({"attempts": 2}, ("lost",), 0, 2, 1, id="a worker was lost in between"),
        pytest.param({"attempts": 4}, (), 0, 1, 0, id="held back by a rate in between"),
        pytest.param({"attempts": 0, "status": "succeeded"}, (), 0, 0, 0, id="a loop as a whole"),
        pytest.param({"attempts": 0, "status": "skipped"}, (), 0, 0, 0, id="skipped"),
        pytest.param({"finished_at_ms": None, "status": "cancelled"}, (), 0, 0, 0, id="cancelled"),
    ],
)
def test_it_takes_for_a_sample_only_what_was_the_skills_own(
    fields: dict[str, Any], decisions: Iterable[str], samples: int, calls: int, failures: int, tenant: Tenant, agent: Agent
) -> None:
    fields = dict(fields)
    ends = fields.pop("finished_at_ms", 0)
    run = ended(agent, fields)
    if ends is None:
        StepSummary.objects.filter(run=run).update(finished_at_ms=None)
    failed(run, "s0", *decisions)
    learned()
    row = SkillHistory.objects.filter(tenant=tenant, skill="look").first()
    if row is None:
        assert (samples, calls, failures) == (0, 0, 0)
        return
    history = learning.History.from_text(row.known)
    assert (round(history.took.weight), round(history.calls), round(history.failed)) == (samples, calls, failures)


def test_it_blames_the_skill_that_failed_not_the_one_that_came_in_for_it(tenant: Tenant, agent: Agent) -> None:
    run = ended(agent, {"skill": "spare", "attempts": 3})
    failed(run, "s0", "retry", "fallback", skill="look")
    learned()
    rows = {row.skill: learning.History.from_text(row.known) for row in SkillHistory.objects.all()}
    assert (rows["look"].calls, rows["look"].failed, rows["look"].measured()) == (2, 2, None)
    assert (rows["spare"].calls, rows["spare"].failed) == (1, 0)
    assert rows["spare"].measured() is None, "its time holds that of the other"


@pytest.mark.parametrize("code", ["CANCELLED", "LEASE_LOST", "BUDGET_EXCEEDED", "SKILL_NOT_ALLOWED", "LOOP_DETECTED"])
def test_it_blames_no_skill_for_what_the_runtime_says(code: str, tenant: Tenant, agent: Agent) -> None:
    run = ended(agent, {"status": "failed"})
    failed(run, "s0", "abort", code=code)
    learned()
    assert not SkillHistory.objects.exists()


def test_it_keeps_versions_and_tenants_apart(tenant: Tenant, agent: Agent) -> None:
    rival = Tenant.objects.create(slug="rival", name="Rival")
    ended(agent, {"took": 100}, {"took": 300, "skill_version": "2.0.0"})
    ended(create_agent(tenant=rival, name="worker"), {"took": 900})
    learned()
    assert [
        known(whose, version=version).duration_ms.expected for whose, version in ((tenant, "1.0.0"), (tenant, "2.0.0"), (rival, "1.0.0"))
    ] == [
        100,
        300,
        900,
    ]


# Each once, and bounded


def test_it_learns_from_each_run_once(tenant: Tenant, agent: Agent) -> None:
    at = timezone.now() - timedelta(minutes=1)
    for _ in range(5):
        ended(agent, {}, at=at)  # all at one instant
    assert [learned(limit=2, passes_over=False) for _ in range(4)] == [2, 2, 1, 0]
    assert known(tenant).n == 5
    ended(agent, {}, at=at)
    assert learned() == 1


def test_it_waits_until_the_order_of_ends_has_settled(tenant: Tenant, agent: Agent) -> None:
    ended(agent, {}, at=timezone.now())
    assert learned() == 0
    assert learned(now=timezone.now() + SETTLED) == 1


def test_it_looks_again_only_after_a_rest(tenant: Tenant, agent: Agent) -> None:
    ended(agent, {})
    assert learn() == 1
    ended(agent, {})
    assert learn() == 0
    assert learn(now=timezone.now() + learning.REST) == 1


def test_it_looks_at_all_of_them_while_they_can_be_looked_at(tenant: Tenant, agent: Agent) -> None:
    for _ in range(12):
        ended(agent, {})
    assert [learned(limit=5) for _ in range(4)] == [5, 5, 2, 0]
    assert known(tenant).n == 12


def test_it_chooses_some_where_too_many_wait_and_passes_over_the_rest(
    tenant: Tenant, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "RUNS_IN_VIEW", 10)
    learned(limit=5)
    began = timezone.now() - timedelta(minutes=10)
    for second in range(25):
        ended(agent, {}, at=began + timedelta(seconds=second))
    assert learned(limit=5) == 5
    assert learned(limit=5) == 0, "what was not in view is passed over"
    assert known(tenant).n == 5


def test_it_lets_no_busy_tenant_hide_a_quiet_one(tenant: Tenant, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "RUNS_IN_VIEW", 62)
    quiet = create_agent(tenant=Tenant.objects.create(slug="quiet", name="Quiet"), name="worker")
    began = timezone.now() - timedelta(minutes=10)
    for second in range(60):
        ended(agent, {}, at=began + timedelta(seconds=second))
    for second in (58, 59):
        ended(quiet, {}, at=began + timedelta(seconds=second))
    assert learned(limit=10) == 10
    assert known(quiet.tenant).n == 2


def test_it_bears_any_number_of_steps_in_a_run(tenant: Tenant, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "STEPS_AT_ONCE", 20)
    ended(agent, *[{} for _ in range(50)])
    assert learned() == 1
    assert known(tenant).n == 20


def test_it_asks_few_questions_and_none_where_nothing_ended(tenant: Tenant, agent: Agent) -> None:
    for _ in range(30):
        ended(agent, {}, {"skill": "work"})
    with CaptureQueriesContext(connection) as first:
        learned()
    assert len(first) <= 16, [query["sql"] for query in first]
    with CaptureQueriesContext(connection) as idle:
        assert learned() == 0
    assert len(idle) == 2
    assert not [query for query in idle if not query["sql"].startswith("SELECT")]


def test_it_reads_all_skills_of_a_plan_in_one_question(tenant: Tenant, agent: Agent) -> None:
    ended(agent, {}, {"skill": "work"})
    learned()
    with CaptureQueriesContext(connection) as asked:
        assert len(history_of(tenant.pk, ["look", "work", "nobody"])) == 2
    assert len(asked) == 1


def test_it_needs_no_index_of_its_own_on_what_runs_write() -> None:
    """What a run writes was fixed before there was any learning: it goes by the index retention needs. Lists of what waits have one."""
    assert [index.name for index in StepSummary._meta.indexes] == ["step_open"]
    assert "run_by_kept" in {index.name for index in Run._meta.indexes}


def test_it_holds_up_nobody_when_it_fails(tenant: Tenant, agent: Agent) -> None:
    ended(agent, {})
    learned()
    SkillHistory.objects.update(known="{")
    ended(agent, {})
    assert learned() == 0


# As a worker does


def test_it_learns_from_real_runs(workshop: Workshop) -> None:
    runs = [workshop.submit(step("a", "sleepy", ms=30), step("b", "say", "a", said=1)) for _ in range(4)]
    failing = workshop.submit(step("a", "fails", code="TIMEOUT", until_attempt=2))
    with a_worker():
        for run in (*runs, failing):
            over(run)
    learn(rest=AT_ONCE, now=timezone.now() + SETTLED)
    found = history_of(workshop.tenant.pk, ["sleepy", "say", "fails"])
    # The drain looked too, if it had the time.
    assert found["sleepy", "1.0.0"].n == 4
    assert 28 <= found["sleepy", "1.0.0"].duration_ms.expected < 1_000
    assert found["fails", "1.0.0"].failure_rate == 0.5
    assert learn(rest=AT_ONCE, now=timezone.now() + SETTLED) == 0


@pytest.mark.django_db(transaction=True)
def test_it_learns_once_however_many_look_at_once() -> None:
    agent = create_agent(tenant=Tenant.objects.create(slug="acme", name="Acme"), name="worker")
    for _ in range(40):
        ended(agent, {})
    gate, looked = threading.Barrier(6), list[int]()

    def look() -> None:
        gate.wait()
        looked.append(learn(rest=timedelta(seconds=60)))

    threads = [in_another_thread(look) for _ in range(6)]
    for thread in threads:
        thread.join()
    assert sorted(looked) == [0, 0, 0, 0, 0, 40]
    assert known(agent.tenant).n in (39, 40)
    assert LearningMark.objects.count() == 1
