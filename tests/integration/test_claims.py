"""Claims: which run a session gets, in which order, and that no limit is passed whoever claims at the same time."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from agents.models import Agent, Tenant
from agents.services import create_agent, update_agent
from runs import services
from runs.models import Run, RunEvent, TenantQueue
from runs.shell import claims, sessions, turns
from runs.shell.claims import Place
from runs.shell.clock import now_ms
from runs.shell.statements import fetch
from tests.integration.workshop import Workshop, hand_back, now, step

LEASE_MS = 60_000


@pytest.fixture(autouse=True)
def fresh_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test begin as a process does, which has no hint yet."""
    monkeypatch.setattr(claims, "_place", Place())


def queued(workshop: Workshop, count: int, **options: Any) -> list[Run]:
    return [workshop.submit(step("one", "say"), **options) for _ in range(count)]


def claimed(session_id: int, limit: int) -> list[str]:
    return [run.public_id for run in claims.claim(session_id, limit)]


def a_session() -> int:
    return sessions.begin(LEASE_MS)


def a_tenant(name: str, **fields: Any) -> Agent:
    """Return the agent of a new tenant."""
    return an_agent(Tenant.objects.create(slug=name, name=name, **fields), "worker")


def an_agent(tenant: Tenant, name: str, max_concurrent_runs: int | None = None) -> Agent:
    return create_agent(tenant=tenant, name=name, profile={"max_concurrent_runs": max_concurrent_runs})


def backlog(agent: Agent, count: int, **fields: Any) -> list[Run]:
    """Put runs in the queue as rows, without a journal: there may be many."""
    return Run.objects.bulk_create(Run(tenant_id=agent.tenant_id, agent=agent, **fields) for _ in range(count))


def tenants(session_id: int, limit: int, times: int = 1) -> Counter[str]:
    """Claim, and return how many runs of whom."""
    return Counter(run.tenant_slug for _ in range(times) for run in claims.claim(session_id, limit))


def end(*runs: Any) -> None:
    Run.objects.filter(pk__in=[run.id for run in runs]).update(status="succeeded", session_id=None)


def side_by_side(count: int, do: Any) -> list[Any]:
    """Do something on several threads at once, each with a connection of its own."""

    def alone(number: int) -> Any:
        try:
            return do(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(alone, range(count)))


# What a claim brings


def test_it_brings_a_fresh_run_with_its_only_event(quiet_workshop: Workshop) -> None:
    [run] = queued(quiet_workshop, 1)
    [found] = claims.claim(a_session(), 5)
    first = RunEvent.objects.get(run_id=run.pk)
    assert found.first_event == (1, first.kind, first.step, first.attempt, first.at_ms, first.data)
    assert (found.agent_status, found.last_seq) == ("active", 1)
    assert (found.id, found.public_id, found.tenant_slug, found.agent_id) == (run.pk, run.public_id, "acme", quiet_workshop.agent.pk)
    assert now(run).started_at is not None


def test_it_says_what_has_changed_since_the_submit(quiet_workshop: Workshop) -> None:
    [run] = queued(quiet_workshop, 1)
    services.cancel_run(principal=quiet_workshop.alice, run_id=run.public_id)
    update_agent(tenant=quiet_workshop.tenant, agent_id=quiet_workshop.agent.public_id, changes={"status": "paused"})
    [found] = claims.claim(a_session(), 1)
    assert found.agent_status == "paused"


def test_it_brings_no_event_of_a_run_that_was_claimed_before(quiet_workshop: Workshop) -> None:
    [run] = queued(quiet_workshop, 1)
    token = a_session()
    claims.claim(token, 1)
    started_at = now(run).started_at
    hand_back(token, run)
    [found] = claims.claim(token, 1)
    assert found.first_event is None
    assert now(run).started_at == started_at


def test_it_claims_no_more_than_it_was_asked_for(quiet_workshop: Workshop) -> None:
    runs, token = queued(quiet_workshop, 3), a_session()
    assert claimed(token, 2) == [run.public_id for run in runs[:2]]
    assert claimed(token, 2) == [runs[2].public_id]
    assert claimed(token, 2) == []
    assert {(now(run).status, now(run).session_id) for run in runs} == {("running", token)}


@pytest.mark.parametrize("is_shared", [False, True])
@pytest.mark.parametrize("state", ["ended", "dead"])
def test_it_refuses_a_session_that_is(quiet_workshop: Workshop, state: str, is_shared: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    token = a_session()
    connection.cursor().execute("UPDATE runs_session SET state = %s", [state])
    monkeypatch.setattr(claims, "_place", Place(is_shared))
    assert claims.claim(token, 1) == [], "there is nothing to be refused"
    [run] = queued(quiet_workshop, 1)
    with pytest.raises(sessions.Fenced):
        claims.claim(token, 1)
    assert (now(run).status, TenantQueue.objects.filter(stride_pass__gt=0).count()) == ("queued", 0)


@pytest.mark.parametrize("tenant_count", [1, 3])
def test_it_gives_no_run_to_two_sessions(workshop: Workshop, tenant_count: int) -> None:
    runs = [run for number in range(tenant_count) for run in backlog(a_tenant(f"tenant-{number}"), 60 // tenant_count)]

    def take_all(number: int) -> list[str]:
        token, found = a_session(), list[str]()
        while claims.has_queued():
            found += claimed(token, 3)
        return found

    taken = [run for found in side_by_side(8, take_all) for run in found]
    assert sorted(taken) == sorted(run.public_id for run in runs)


# Order within a tenant


def test_it_claims_the_urgent_first_and_then_the_old(quiet_workshop: Workshop) -> None:
    low, high, low_too = [queued(quiet_workshop, 1, priority=priority)[0] for priority in (0, 5, 0)]
    assert claimed(a_session(), 10) == [high.public_id, low.public_id, low_too.public_id]


@pytest.mark.parametrize(("waited_minutes", "first"), [(9, "urgent"), (11, "patient")])
def test_it_lets_nobody_be_overtaken_for_ever(quiet_workshop: Workshop, waited_minutes: int, first: str) -> None:
    [patient], [urgent] = queued(quiet_workshop, 1), queued(quiet_workshop, 1, priority=10)
    Run.objects.filter(pk=patient.pk).update(created_at=urgent.created_at - timedelta(minutes=waited_minutes))
    assert claimed(a_session(), 1) == [{"urgent": urgent, "patient": patient}[first].public_id]


# Fairness between tenants


def test_it_lets_no_backlog_stand_before_another_tenant(quiet_workshop: Workshop) -> None:
    backlog(a_tenant("busy"), 200)
    token = a_session()
    assert tenants(token, 8, times=3) == {"busy": 24}
    backlog(a_tenant("newcomer"), 1)
    assert tenants(token, 2) == {"busy": 1, "newcomer": 1}
    assert tenants(token, 4) == {"busy": 4}


@pytest.mark.parametrize("limit", [1, 4, 8])
def test_it_gives_turns_by_weight(quiet_workshop: Workshop, limit: int) -> None:
    for name, weight in (("one", 1), ("three", 3)):
        backlog(a_tenant(name, weight=weight), 80)
    found = tenants(a_session(), limit, times=40 // limit)
    assert (found.total(), abs(found["three"] - 30) <= 1) == (40, True), found


def test_it_is_fair_between_sessions_too(quiet_workshop: Workshop) -> None:
    for name in ("one", "two", "three"):
        backlog(a_tenant(name), 40)
    served = Counter[str]()
    for _ in range(5):
        for token in (a_session(), a_session()):
            served += tenants(token, 3)
    assert served == {"one": 10, "two": 10, "three": 10}


def test_it_does_not_save_up_the_turns_of_who_was_away(quiet_workshop: Workshop) -> None:
    for name in ("steady", "other"):
        backlog(a_tenant(name), 100)
    away = a_tenant("away")
    token = a_session()
    tenants(token, 8, times=10)
    backlog(away, 100)
    found = tenants(token, 1, times=30)
    ahead = found["away"] - 10
    assert 0 < ahead <= turns.CREDIT, found


def test_it_counts_no_turns_of_a_tenant_that_is_alone(quiet_workshop: Workshop) -> None:
    queued(quiet_workshop, 4)
    claims.claim(a_session(), 4)
    assert not TenantQueue.objects.exists()


def test_it_fills_a_claim_although_most_have_little(quiet_workshop: Workshop) -> None:
    backlog(a_tenant("busy"), 100)
    for number in range(12):
        backlog(a_tenant(f"small-{number}"), 1)
    found = tenants(a_session(), 64)
    assert (found["busy"], found.total()) == (52, 64)


def test_it_comes_round_to_more_tenants_than_it_looks_at(quiet_workshop: Workshop) -> None:
    count = turns.WINDOW + 10
    for number in range(count):
        backlog(a_tenant(f"tenant-{number}"), 20)
    served = tenants(a_session(), 16, times=20)
    assert len(served) == count, "somebody was left out"
    assert served.total() == 320


# Limits


def test_it_keeps_the_limit_of_a_tenant(quiet_workshop: Workshop) -> None:
    limited = a_tenant("limited", max_concurrent_runs=3)
    backlog(limited, 10)
    token = a_session()
    running = claims.claim(token, 64)
    assert (len(running), claims.claim(token, 64)) == (3, [])
    end(running[0])
    assert len(claims.claim(token, 64)) == 1
    backlog(a_tenant("free"), 5)
    assert tenants(token, 64) == {"free": 5}


def test_it_claims_nothing_of_a_tenant_with_a_limit_of_none(quiet_workshop: Workshop) -> None:
    backlog(a_tenant("stopped", max_concurrent_runs=0), 2)
    assert claims.claim(a_session(), 8) == []


def test_it_keeps_the_limit_of_an_agent_and_lets_others_pass(quiet_workshop: Workshop) -> None:
    slow = an_agent(quiet_workshop.tenant, "slow", max_concurrent_runs=2)
    backlog(slow, 300)
    fast = backlog(quiet_workshop.agent, 3)
    token = a_session()
    first = claims.claim(token, 64)
    assert Counter(run.agent_id for run in first) == {slow.pk: 2, quiet_workshop.agent.pk: len(fast)}
    assert claims.claim(token, 64) == []
    end(*first)
    assert [run.agent_id for run in claims.claim(token, 64)] == [slow.pk, slow.pk]


def test_it_keeps_the_tighter_of_two_limits(quiet_workshop: Workshop) -> None:
    tenant = Tenant.objects.create(slug="both", name="Both", max_concurrent_runs=3)
    for name, limit in (("narrow", 1), ("wide", 5)):
        backlog(an_agent(tenant, name, limit), 10)
    token = a_session()
    by_agent = Counter(Agent.objects.get(pk=run.agent_id).name for run in claims.claim(token, 64))
    assert (by_agent["narrow"], by_agent.total()) == (1, 3)
    assert claims.claim(token, 64) == []


def test_it_takes_a_new_limit_at_its_word(quiet_workshop: Workshop) -> None:
    backlog(quiet_workshop.agent, 6)
    token = a_session()
    assert len(claims.claim(token, 2)) == 2
    update_agent(tenant=quiet_workshop.tenant, agent_id=quiet_workshop.agent.public_id, changes={"profile": {"max_concurrent_runs": 3}})
    assert len(claims.claim(token, 4)) == 1
    update_agent(tenant=quiet_workshop.tenant, agent_id=quiet_workshop.agent.public_id, changes={"profile": {}})
    assert len(claims.claim(token, 4)) == 3


def test_it_finds_an_agent_with_room_behind_many_without(quiet_workshop: Workshop) -> None:
    tenant = Tenant.objects.create(slug="many", name="Many")
    agents = [an_agent(tenant, f"agent-{number}", max_concurrent_runs=1) for number in range(turns.WINDOW + 6)]
    for agent in agents:
        backlog(agent, 2)
    token = a_session()
    found = Counter(run.agent_id for _ in range(4) for run in claims.claim(token, 40))
    assert found == Counter(agent.pk for agent in agents)
    backlog(an_agent(tenant, "late"), 1)
    assert len(claims.claim(token, 40)) == 1


def test_it_counts_parked_runs_as_nobodys_work(quiet_workshop: Workshop) -> None:
    limited = a_tenant("limited", max_concurrent_runs=1)
    backlog(limited, 2)
    token = a_session()
    [first] = claims.claim(token, 5)
    Run.objects.filter(pk=first.id).update(status="waiting", session_id=None)
    assert len(claims.claim(token, 5)) == 1


def test_it_has_its_room_back_after_a_crash(quiet_workshop: Workshop) -> None:
    limited = a_tenant("limited", max_concurrent_runs=2)
    backlog(limited, 3)
    lost = sessions.begin(-1)
    assert len(claims.claim(lost, 5)) == 2
    assert claims.claim(a_session(), 5) == [], "until it is known to be dead, its runs may still be worked on"
    sessions.reap()
    assert len(claims.claim(a_session(), 5)) == 2


@pytest.mark.parametrize("of", ["tenant", "agent"])
def test_it_keeps_a_limit_whoever_claims_at_the_same_time(workshop: Workshop, of: str) -> None:
    limit = 5
    limited = a_tenant("limited", max_concurrent_runs=limit if of == "tenant" else None)
    if of == "agent":
        limited = an_agent(limited.tenant, "narrow", max_concurrent_runs=limit)
    backlog(limited, 60)
    backlog(workshop.agent, 30)
    most, done, guard = Counter[str](), Counter[int](), threading.Lock()

    def work(number: int) -> None:
        token = a_session()
        while claims.has_queued():
            found = claims.claim(token, 4)
            with guard:
                most["running"] = max(most["running"], Run.objects.filter(status="running", agent=limited).count())
            done.update(run.agent_id for run in found)
            end(*found)

    side_by_side(16, work)
    assert most["running"] <= limit
    assert (done[limited.pk], done[workshop.agent.pk]) == (60, 30)


# Giving back, waking


def test_it_lets_a_run_rest_that_broke_its_driver(quiet_workshop: Workshop) -> None:
    [run] = queued(quiet_workshop, 1)
    token = a_session()
    claims.claim(token, 1)
    claims.release_crashed(token, run.pk, 5_000)
    assert (now(run).status, now(run).session_id, now(run).crash_count) == ("waiting", None, 1)
    assert 4_000 < (now(run).wake_at_ms or 0) - now_ms() <= 5_000


def test_it_lets_only_what_it_holds_rest(quiet_workshop: Workshop) -> None:
    [run] = queued(quiet_workshop, 1)
    claims.claim(a_session(), 1)
    claims.release_crashed(a_session(), run.pk, 5_000)
    assert now(run).status == "running"


def test_it_wakes_what_is_due_and_nothing_else(quiet_workshop: Workshop) -> None:
    due, later, never = queued(quiet_workshop, 3)
    for run, wake in ((due, now_ms() - 5), (later, now_ms() + 60_000), (never, None)):
        Run.objects.filter(pk=run.pk).update(status="waiting", wake_at_ms=wake)
    assert claims.has_work()
    assert claims.wake_due() == 1
    assert not claims.wake_due()
    assert [now(run).status for run in (due, later, never)] == ["queued", "waiting", "waiting"]


# Plans


def plan_of(statement: str, session_id: int) -> str:
    """Return how the database would go about a statement of `runs.shell.claims`, in its own words."""
    explain, suffix = ("EXPLAIN", "") if connection.vendor == "postgresql" else ("EXPLAIN QUERY PLAN", "_CHOICE")
    params = {"session": session_id, "limit": 8, "after": 0, "now": timezone.now()}
    return "\n".join(str(row[-1]) for row in fetch(f"{explain} {getattr(claims, statement + suffix)}", params))


def statistics_of_an_empty_queue() -> None:
    """Let PostgreSQL know of ended runs alone, whatever rows of other tests are dead in the table and its indexes."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("REINDEX TABLE runs_run")
        cursor.execute("ANALYZE runs_run")


@pytest.mark.parametrize("is_analysed", [False, True])
@pytest.mark.parametrize("statement", ["_PLAIN", "_SHARED"])
def test_it_asks_the_indexes_of_queued_runs_however_many_have_ended(workshop: Workshop, statement: str, is_analysed: bool) -> None:
    backlog(workshop.agent, 3_000, status="succeeded", finished_at=timezone.now())
    if connection.vendor == "postgresql":
        statistics_of_an_empty_queue()
    backlog(workshop.agent, 50)
    if is_analysed:
        connection.cursor().execute("ANALYZE runs_run")
    plan = plan_of(statement, a_session())
    for walked in ("Seq Scan on runs_run", "SCAN runs_run", "run_by_status (tenant_id>?)", "INDEX run_by"):
        assert walked not in plan.replace("run_by_status (tenant_id=? AND status=?)", ""), plan
    assert "run_queued" in plan
    assert statement == "_PLAIN" or "run_queued_by_agent" in plan


@pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL's catalog")
@pytest.mark.django_db
def test_it_keeps_no_index_that_another_begins_with() -> None:
    rows = fetch(
        "SELECT indrelid::regclass::text, indexrelid::regclass::text, string_to_array(indkey::text, ' '), indisunique FROM pg_index"
        " WHERE indpred IS NULL AND indexprs IS NULL AND indrelid::regclass::text LIKE 'runs\\_%%'"
    )
    shadowed = [
        f"{name} by {other}"
        for table, name, columns, unique in rows
        for other_table, other, other_columns, _ in rows
        if table == other_table and name != other and not unique and other_columns[: len(columns)] == columns
    ]
    assert shadowed == []
