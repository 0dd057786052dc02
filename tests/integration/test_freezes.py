"""The kill switch: what is frozen begins nowhere, at once and for whoever asks; who froze what, why and until when stays on record."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from agents import freezes
from agents.freezes import Freezes, freeze, lift, live_labels, unfreeze
from agents.models import Agent, AgentStatus, Freeze, Tenant
from agents.services import create_agent, update_agent
from runs import services, submission
from runs.models import Run
from runs.shell.gate import Held
from skills.base import Skill
from skills.refusal import Refusal
from skills.registry import registry
from tests.fakes.skills import Say
from tests.integration.callers import Limited, a_run, asked, in_parallel
from tests.integration.workshop import Workshop, step

WHY = "it misbehaves"
SAY, SLEEPY = step("a", "say"), step("b", "sleepy", fallback_skill="say", on_error="fallback", fallback_params={})


def frozen(tenant: Tenant | None, kind: str, key: str | None = None, reason: str = WHY) -> Freeze:
    return freeze(tenant=tenant, kind=kind, key=key, reason=reason, by="alice")[0]


def elsewhere(change: Any) -> Any:
    """Make a change as another process does: on a connection of its own."""

    def on_own_connection() -> Any:
        try:
            return change()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(on_own_connection).result()


def submit(workshop: Workshop, *steps: dict[str, Any], agent: str = "worker") -> Run:
    task: dict[str, Any] = {"plan": {"steps": list(steps)}} if steps else {"goal": "do what you can"}
    return services.submit(principal=workshop.alice, agent_ref=agent, **task)[0]


def refused(workshop: Workshop, *steps: dict[str, Any], agent: str = "worker") -> Refusal:
    before = Run.objects.count()
    with pytest.raises(Refusal) as refusal:
        submit(workshop, *steps, agent=agent)
    assert (refusal.value.code, refusal.value.status, Run.objects.count()) == ("FROZEN", 423, before)
    return refusal.value


# Submits


@pytest.mark.parametrize("kind", ["tenant", "agent"])
def test_it_refuses_the_very_next_submit_of_what_is_frozen_elsewhere(workshop: Workshop, kind: str) -> None:
    submit(workshop, SAY)
    made = elsewhere(lambda: frozen(workshop.tenant, kind, "worker" if kind == "agent" else None))
    for steps in ([SAY], []):
        refusal = refused(workshop, *steps)
        assert WHY in refusal.detail
        assert made.public_id in refusal.suggestions[0]
    elsewhere(lambda: lift(made, reason="it is well again", by="bob"))
    submit(workshop, SAY)


@pytest.mark.parametrize("is_for_all", [False, True], ids=["for its tenant", "for everybody"])
def test_it_refuses_plans_that_name_a_frozen_skill_and_no_others(workshop: Workshop, is_for_all: bool) -> None:
    submit(workshop, SLEEPY)
    elsewhere(lambda: frozen(None if is_for_all else workshop.tenant, "skill", "say"))
    refusal = refused(workshop, SAY)
    assert ("manage.py unfreeze skill say --everywhere" in refusal.suggestions[0]) == is_for_all
    refused(workshop, SLEEPY)  # as its fallback
    submit(workshop, step("c", "sleepy"))
    submit(workshop)  # a goal: who knows what its plan will name
    elsewhere(lambda: unfreeze(tenant=None if is_for_all else workshop.tenant, kind="skill", key="say", reason="mended", by="bob"))
    submit(workshop, SAY)


def test_it_leaves_others_alone(workshop: Workshop) -> None:
    rival = Tenant.objects.create(slug="rival", name="Rival")
    create_agent(tenant=rival, name="worker")
    create_agent(tenant=workshop.tenant, name="other")
    frozen(rival, "tenant")
    frozen(rival, "skill", "say")
    frozen(rival, "agent", "worker")
    submit(workshop, SAY)
    frozen(workshop.tenant, "agent", "worker")
    submit(workshop, SAY, agent="other")
    refused(workshop, SAY)


def test_it_refuses_exactly_what_is_written_by_a_freeze_that_comes_between_reading_and_writing(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in = submission.take_in

    def after_a_freeze(*given: Any) -> bool:
        elsewhere(lambda: frozen(workshop.tenant, "skill", "say"))
        return take_in(*given)

    monkeypatch.setattr(submission, "take_in", after_a_freeze)
    refused(workshop, SAY)


def test_it_says_that_an_agent_is_paused_where_it_is_both(workshop: Workshop) -> None:
    frozen(workshop.tenant, "agent", "worker")
    update_agent(tenant=workshop.tenant, agent_id=workshop.agent.public_id, changes={"status": AgentStatus.PAUSED})
    assert "paused" in refused(workshop, SAY).detail


# Freezing and lifting


@pytest.fixture
def tenant(db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def agent(tenant: Tenant) -> Agent:
    return create_agent(tenant=tenant, name="worker")


def test_it_keeps_who_froze_and_lifted_what_when_and_why(tenant: Tenant, agent: Agent) -> None:
    made, is_new = freeze(tenant=tenant, kind="agent", key="worker", reason="  it \n misbehaves ", by="alice")
    assert (is_new, made.key, made.reason, made.frozen_by, made.lifted_at) == (True, agent.public_id, WHY, "alice", None)
    again, is_new = freeze(tenant=tenant, kind="agent", key=agent.public_id, reason="another reason", by="bob")
    assert (is_new, again.pk, again.reason) == (False, made.pk, WHY)
    lifted = unfreeze(tenant=tenant, kind="agent", key="worker", reason="mended", by="bob")
    assert (lifted.pk, lifted.lifted_by, lifted.lifted_because) == (made.pk, "bob", "mended")
    assert lifted.lifted_at is not None
    late = lift(made, reason="me too", by="carol")
    assert (late.lifted_by, late.lifted_at) == ("bob", lifted.lifted_at)
    second, is_new = freeze(tenant=tenant, kind="agent", key="worker", reason="again", by="carol")
    assert is_new
    assert list(freezes.list_freezes(tenant=tenant)) == [second, made]


def test_it_makes_one_freeze_of_many_at_once(workshop: Workshop) -> None:
    made = in_parallel(8, lambda number: freeze(tenant=workshop.tenant, kind="tenant", reason=f"reason {number}", by=str(number)))
    assert len({found.pk for found, _ in made}) == 1
    assert sum(is_new for _, is_new in made) == 1


REFUSED = [
    pytest.param({"kind": "agent", "key": "nobody"}, "NOT_FOUND", "", id="unknown agent"),
    pytest.param({"kind": "agent"}, "SCHEMA_VALIDATION_FAILED", "/key", id="no agent"),
    pytest.param({"kind": "skill", "key": "nonsense"}, "SCHEMA_VALIDATION_FAILED", "/key", id="unknown skill"),
    pytest.param({"kind": "skill"}, "SCHEMA_VALIDATION_FAILED", "/key", id="no skill"),
    pytest.param({"kind": "tenant", "key": "rival"}, "NOT_FOUND", "", id="another tenant"),
    pytest.param({"kind": "world"}, "SCHEMA_VALIDATION_FAILED", "/kind", id="unknown kind"),
    pytest.param({"kind": "tenant", "tenant": None}, "SCHEMA_VALIDATION_FAILED", "/kind", id="all tenants"),
    pytest.param({"kind": "tenant", "reason": ""}, "SCHEMA_VALIDATION_FAILED", "/reason", id="no reason"),
    pytest.param({"kind": "tenant", "reason": " a   "}, "SCHEMA_VALIDATION_FAILED", "/reason", id="hardly a reason"),
    pytest.param({"kind": "tenant", "reason": "x" * 501}, "SCHEMA_VALIDATION_FAILED", "/reason", id="a novel"),
]


@pytest.mark.parametrize(("asked", "code", "pointer"), REFUSED)
def test_it_freezes_nothing_it_does_not_know_nor_without_a_reason(tenant: Tenant, asked: dict[str, Any], code: str, pointer: str) -> None:
    Tenant.objects.create(slug="rival", name="Rival")
    with pytest.raises(Refusal) as refusal:
        freeze(**{"tenant": tenant, "reason": WHY, "by": "alice"} | asked)
    assert refusal.value.code == code
    assert [fault["pointer"] for fault in refusal.value.errors] == ([pointer] if pointer else [])
    assert not Freeze.objects.exists()


def test_it_lifts_nothing_that_is_not_frozen(tenant: Tenant) -> None:
    frozen(None, "skill", "http_call")
    with pytest.raises(Refusal, match="skill:http_call is not frozen"):
        unfreeze(tenant=tenant, kind="skill", key="http_call", reason="mended", by="bob")
    made = frozen(tenant, "tenant")
    with pytest.raises(Refusal, match="say why"):
        lift(made, reason="", by="bob")
    assert live_labels(tenant.pk) == {"skill:http_call", f"tenant:{tenant.public_id}"}


@pytest.mark.parametrize(
    "values",
    [{"kind": "agent", "tenant": None}, {"kind": "tenant", "lifted_by": "bob"}, {"kind": "tenant", "key": "twice"}],
    ids=["agent of nobody", "lifted at no time", "frozen twice"],
)
def test_the_database_refuses_rows_that_make_no_sense(tenant: Tenant, values: dict[str, Any]) -> None:
    Freeze.objects.create(tenant=tenant, kind="tenant", key="twice", reason=WHY, frozen_by="alice")
    with pytest.raises(IntegrityError), transaction.atomic():
        Freeze.objects.create(**{"tenant": tenant, "key": "x", "reason": WHY, "frozen_by": "alice"} | values)


def test_it_tells_who_listens_after_the_commit_and_only_of_changes(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    heard = list[int]()
    monkeypatch.setattr(freezes, "_hear", [lambda: heard.append(Freeze.objects.filter(lifted_at=None).count())])
    with django_capture_on_commit_callbacks(execute=True):
        made = frozen(tenant, "tenant")
        assert heard == []
    assert heard == [1]
    with django_capture_on_commit_callbacks(execute=True):
        frozen(tenant, "tenant")
    assert heard == [1]
    with django_capture_on_commit_callbacks(execute=True):
        lift(made, reason="mended", by="bob")
        lift(made, reason="mended", by="bob")
    assert heard == [1, 0]


def test_it_rings_the_bell() -> None:
    assert freezes._hear
    assert {hear.__module__ for hear in freezes._hear} == {"runs.shell.bell"}


# The snapshot


def test_it_knows_what_is_frozen_by_name_by_row_and_for_whom(tenant: Tenant, agent: Agent) -> None:
    rival = Tenant.objects.create(slug="rival", name="Rival")
    lift(frozen(tenant, "tenant"), reason="mended", by="bob")
    frozen(tenant, "agent", "worker")
    frozen(rival, "skill", "http_call")
    frozen(None, "skill", "llm_invoke")
    snapshot = Freezes.load()

    def held(tenant_id: int, *asked: Any) -> str | None:
        found = snapshot.holds(tenant_id, *asked)
        return found and found.label

    assert held(tenant.pk, agent.pk) == held(tenant.pk, agent.public_id, "say") == f"agent:{agent.public_id}"
    assert held(rival.pk, agent.pk) is None
    assert held(rival.pk, 0, "http_call") == "skill:http_call"
    assert held(tenant.pk, 0, "http_call") is None
    assert held(tenant.pk, 0, "llm_invoke") == held(rival.pk, 0, "llm_invoke") == "skill:llm_invoke"
    assert held(tenant.pk, 0) is None
    frozen(rival, "tenant")
    assert held(rival.pk, 0) is None
    snapshot = snapshot.fresh(0)
    assert held(rival.pk, 0, "llm_invoke") == f"tenant:{rival.public_id}"
    assert snapshot.fresh(60) is snapshot
    assert Freezes.load([tenant.pk]).holds(rival.pk, 0) is None
    assert live_labels(rival.pk) == {"skill:http_call", "skill:llm_invoke", f"tenant:{rival.public_id}"}


# The gate


def gate_says(workshop: Workshop, snapshot: Freezes, skill: Skill | None = None, **call: Any) -> tuple[Held | None, int]:
    """Return what a gate with this snapshot says about a call, and how often it asked the database."""
    held, questions = asked(a_run(workshop.tenant, workshop.agent), skill or Say(), [call], snapshot)
    return held[0], questions


@pytest.mark.parametrize("effect", ["none", "read"])
def test_it_holds_harmless_calls_by_the_snapshot_and_asks_nobody(workshop: Workshop, effect: str) -> None:
    made = frozen(workshop.tenant, "skill", "say")
    held = Held("FROZEN", "skill:say", f"skill:say is frozen: {WHY}")
    assert gate_says(workshop, Freezes.load(), effect=effect) == (held, 0)
    assert gate_says(workshop, Freezes(), effect=effect) == (None, 0)
    old = Freezes.load()
    lift(made, reason="mended", by="bob")
    assert gate_says(workshop, old, effect=effect) == (held, 0)


@pytest.mark.parametrize("effect", ["idempotent_write", "write", "irreversible"])
@pytest.mark.parametrize("kind", ["tenant", "agent", "skill"])
def test_it_holds_what_changes_something_by_the_freezes_of_this_moment(workshop: Workshop, kind: str, effect: str) -> None:
    nothing = Freezes.load()
    made = frozen(workshop.tenant, kind, {"agent": "worker", "skill": "say"}.get(kind))
    held, questions = gate_says(workshop, nothing, effect=effect)
    assert held is not None
    assert (held.code, held.scope, held.retry_after_ms, questions) == ("FROZEN", f"{kind}:{made.key}", None, 1)
    old = Freezes.load()
    lift(made, reason="mended", by="bob")
    assert gate_says(workshop, old, effect=effect) == (None, 1)


def test_a_frozen_call_takes_of_no_rate(workshop: Workshop) -> None:
    registry.add(Limited)
    made = frozen(workshop.tenant, "skill", "limited")
    for effect in ("read", "write"):
        for _ in range(30):
            held, _ = gate_says(workshop, Freezes.load(), skill=Limited(), effect=effect)
            assert held is not None
            assert held.code == "FROZEN"
    lift(made, reason="mended", by="bob")
    assert [gate_says(workshop, Freezes(), skill=Limited(), effect="write")[0] for _ in range(20)] == [None] * 20
    held, _ = gate_says(workshop, Freezes(), skill=Limited(), effect="write")
    assert held is not None
    assert held.code == "RATE_LIMITED"
