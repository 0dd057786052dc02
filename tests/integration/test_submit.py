"""Submits by memory: what this process remembers of an agent decides nothing that the database does not confirm."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections

from agents import known_agents
from agents.models import Agent, AgentStatus
from agents.services import create_agent, delete_agent, update_agent
from runs import services, submission
from runs.models import Run, RunEvent
from runs.shell import intake
from skills.refusal import Refusal
from tests.integration.meeting import meeting
from tests.integration.workshop import Workshop, as_person, now, step

SAY = step("one", "say")
CLIENTS = 8


def submit_by_name(workshop: Workshop, *steps: dict[str, Any], name: str = "worker", **options: Any) -> Run:
    run, _ = services.submit(principal=workshop.alice, agent_ref=name, plan={"steps": list(steps or [SAY])}, **options)
    return run


def elsewhere(change: Callable[[], Any]) -> None:
    """Make a change as another process does: on a connection of its own, with nothing of this process told."""

    def on_own_connection() -> None:
        try:
            change()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(on_own_connection).result()


def change(workshop: Workshop, **changes: Any) -> None:
    elsewhere(lambda: update_agent(tenant=workshop.tenant, agent_id=workshop.agent.public_id, changes=changes))


def test_it_submits_by_memory_from_the_second_time_on(workshop: Workshop) -> None:
    submit_by_name(workshop)
    known = known_agents.remembered(workshop.tenant, "worker")
    assert known is not None
    assert known.row == workshop.agent
    assert submit_by_name(workshop).agent is known.row


def test_it_writes_run_and_first_event_as_one(workshop: Workshop) -> None:
    run = submit_by_name(workshop, priority=3, trace_id="t" * 32, deadline_ms=5_000, budget_micro_usd=7)
    stored = now(run)
    for field in Run._meta.concrete_fields:
        if not field.generated:
            assert getattr(stored, field.attname) == getattr(run, field.attname), field.name
    event = RunEvent.objects.get(run_id=run.pk)
    assert (event.seq, event.kind, event.step, event.attempt, event.session_id) == (1, "run_accepted", "", 0, None)
    assert stored.last_seq == 1


@pytest.mark.parametrize("status", [AgentStatus.PAUSED, AgentStatus.DISABLED])
def test_it_refuses_the_very_next_submit_once_the_agent_is_frozen_elsewhere(workshop: Workshop, status: str) -> None:
    submit_by_name(workshop)
    change(workshop, status=status)
    with pytest.raises(Refusal) as refused:
        submit_by_name(workshop)
    assert refused.value.code == "FROZEN"
    assert Run.objects.count() == 1
    change(workshop, status=AgentStatus.ACTIVE)
    submit_by_name(workshop)


def test_it_decides_by_a_profile_edited_elsewhere(workshop: Workshop) -> None:
    submit_by_name(workshop)
    change(workshop, profile={"blocked_skills": ["say"]})
    with pytest.raises(Refusal) as refused:
        submit_by_name(workshop)
    assert refused.value.code == "SKILL_NOT_ALLOWED"
    # A refusal by memory is no answer either: what was forbidden may be allowed by now.
    change(workshop, profile={"max_parallel_steps": 2})
    assert submit_by_name(workshop).agent.profile["max_parallel_steps"] == 2


def test_it_takes_the_agent_that_has_the_name_now(workshop: Workshop) -> None:
    submit_by_name(workshop)
    change(workshop, name="retired")
    elsewhere(lambda: create_agent(tenant=workshop.tenant, name="worker"))
    run = submit_by_name(workshop)
    assert run.agent_id == Agent.objects.get(name="worker").pk != workshop.agent.pk


def test_it_does_not_find_an_agent_deleted_elsewhere(workshop: Workshop) -> None:
    made = create_agent(tenant=workshop.tenant, name="brief")
    known_agents.read_agent(workshop.tenant, "brief")
    elsewhere(lambda: delete_agent(tenant=workshop.tenant, agent_id=made.public_id))
    with pytest.raises(Refusal) as refused:
        submit_by_name(workshop, name="brief")
    assert refused.value.code == "NOT_FOUND"


def test_it_looks_again_when_the_agent_changes_between_reading_and_writing(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    take_in, seen = intake.take_in, list[int]()

    def after_a_change(run: Run, first: Any, agent: known_agents.KnownAgent, skills: set[str]) -> bool:
        seen.append(agent.row.version)
        if len(seen) == 1:
            change(workshop, profile={"max_parallel_steps": 3})
        return take_in(run, first, agent, skills)

    monkeypatch.setattr(submission, "take_in", after_a_change)
    submit_by_name(workshop)
    assert seen == [1, 2]
    assert Run.objects.count() == RunEvent.objects.count() == 1


def test_it_answers_a_used_key_before_anything_else(workshop: Workshop) -> None:
    first = submit_by_name(workshop, idempotency_key="k", fingerprint="f")
    change(workshop, status=AgentStatus.PAUSED)
    assert submit_by_name(workshop, idempotency_key="k", fingerprint="f").pk == first.pk
    # Even where this plan could never run, and by memory as well as without.
    change(workshop, status=AgentStatus.ACTIVE, profile={"blocked_skills": ["say"]})
    assert submit_by_name(workshop, idempotency_key="k", fingerprint="f").pk == first.pk
    with pytest.raises(Refusal) as refused:
        submit_by_name(workshop, idempotency_key="k", fingerprint="other")
    assert refused.value.errors[0]["code"] == "idempotency_mismatch"


@pytest.mark.parametrize("is_known", [True, False], ids=["known agent", "unknown agent"])
def test_it_makes_one_run_of_racing_submits_with_one_key(workshop: Workshop, is_known: bool) -> None:
    if is_known:
        submit_by_name(workshop)
    before = Run.objects.count()
    start = Barrier(CLIENTS)

    def race(_: int) -> tuple[int, bool]:
        try:
            start.wait(20)
            run, created = services.submit(
                principal=workshop.alice, agent_ref="worker", plan={"steps": [SAY]}, idempotency_key="one", fingerprint="f"
            )
            return run.pk, created
        finally:
            connections.close_all()

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(race, range(CLIENTS)))
    assert len({pk for pk, _ in answers}) == 1
    assert sum(created for _, created in answers) == 1
    assert Run.objects.count() == RunEvent.objects.count() == before + 1


def test_it_keeps_keys_of_two_callers_apart(workshop: Workshop) -> None:
    both = [
        services.submit(principal=as_person(workshop.tenant, name), agent_ref="worker", plan={"steps": [SAY]}, idempotency_key="k")
        for name in ("alice", "bob")
    ]
    assert [created for _, created in both] == [True, True]


def test_it_forgets_rather_than_grow(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_agents, "MOST_KEPT", 2)
    monkeypatch.setattr(known_agents, "_known", {})
    for name in ("a", "b", "c"):
        create_agent(tenant=workshop.tenant, name=name)
        known_agents.read_agent(workshop.tenant, name)
    assert len(known_agents._known) <= 2
    assert known_agents.remembered(workshop.tenant, "c") is not None


def test_of_an_agents_first_run_and_its_end_at_once_one_is_refused(workshop: Workshop) -> None:
    for place in range(2):
        made = create_agent(tenant=workshop.tenant, name=f"brief{place}")
        end = partial(delete_agent, tenant=workshop.tenant, agent_id=made.public_id)
        begin = partial(submit_by_name, workshop, name=made.name)
        known_agents.read_agent(workshop.tenant, made.name)
        late = meeting(begin, end) if place else meeting(end, begin)
        assert isinstance(late, Refusal) and late.status == (409 if place else 404)
