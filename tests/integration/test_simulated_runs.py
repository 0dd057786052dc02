"""Runs of a simulation: exactly what was simulated, at most at that worst case; refused with the differences where something changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents import freezes
from agents.ledger import set_budget
from agents.models import Agent, LedgerScope, Tenant
from agents.services import create_agent
from agents.tenancy import Principal
from catalog.models import CatalogEntry
from runs import runtime, services
from runs.history.measured import History, Sample, Seen
from runs.housekeeping import retention
from runs.models import Run, RunEvent, SkillHistory, StoredSimulation
from skills.base import skill
from skills.refusal import Refusal
from skills.registry import registry
from tests.fakes.skills import Costly
from tests.integration.workshop import Workshop, a_worker, as_person, over, started, step, wait_for

PLAN = {"goal": "spend", "steps": [step("a", "costly", worst=40, cost=30), step("b", "say", "a", said="${steps.a.result.said}")]}
WORST = 3 * 40
"""Three tries of the one step that costs."""


def simulated(workshop: Workshop, plan: Any = None, **asked: Any) -> dict[str, Any]:
    return runtime.simulate(principal=workshop.alice, plan=plan or PLAN, agent_ref="worker", **asked)


def submitted(workshop: Workshop, simulation_id: str, *, by: Principal | None = None, agent: str = "worker", **more: Any) -> Run:
    run, _ = services.submit(principal=by or workshop.alice, agent_ref=agent, simulation_id=simulation_id, **more)
    return run


def refused(workshop: Workshop, simulation_id: str, **more: Any) -> Refusal:
    before = Run.objects.count()
    with pytest.raises(Refusal) as caught:
        submitted(workshop, simulation_id, **more)
    assert Run.objects.count() == before, "what is refused leaves no run"
    return caught.value


def faults(refusal: Refusal) -> list[tuple[str, str]]:
    return [(fault["pointer"], fault["detail"]) for fault in refusal.errors]


def test_it_runs_what_was_simulated_with_its_inputs_and_limits(quiet_workshop: Workshop) -> None:
    plan = {"steps": [step("a", "say", said="${inputs.word}")]}
    found = simulated(quiet_workshop, plan, inputs={"word": "hello"}, budget_micro_usd=500, deadline_ms=90_000)
    run = submitted(quiet_workshop, found["simulation_id"])
    accepted = json.loads(RunEvent.objects.get(run_id=run.pk, seq=1).data)["fact"]
    assert accepted["plan"]["steps"][0]["params"] == {"said": "${inputs.word}"}
    assert accepted["inputs"] == {"word": "hello"}
    assert run.limit_micro_usd == 500
    assert accepted["terms"]["deadline_at_ms"] - accepted["at_ms"] == 90_000
    assert accepted["means"]["simulation"] == {"simulation_id": found["simulation_id"], "worst_micro_usd": 0}


def test_its_worst_case_becomes_the_reservation(workshop: Workshop) -> None:
    slow = {"steps": [step("a", "costly", worst=40, cost=30, first_ms=1_500)]}
    found = simulated(workshop, slow)
    assert found["cost"]["worst_micro_usd"] == WORST
    run = submitted(workshop, found["simulation_id"])
    with a_worker():
        started(run, "a")
        assert LedgerScope.objects.get(kind="run", key=run.public_id).reserved_micro_usd == WORST
        assert over(run).status == "succeeded"
    admitted = json.loads(RunEvent.objects.get(run_id=run.pk, kind="run_admitted").data)["fact"]
    assert (admitted["worst_micro_usd"], admitted["granted_micro_usd"]) == (WORST, WORST)


def test_it_is_answered_by_the_same_run_under_the_same_key(quiet_workshop: Workshop) -> None:
    found = simulated(quiet_workshop)["simulation_id"]
    first = submitted(quiet_workshop, found, idempotency_key="k", fingerprint="f")
    StoredSimulation.objects.all().delete()
    assert submitted(quiet_workshop, found, idempotency_key="k", fingerprint="f").pk == first.pk


# Changed since


def other_version(workshop: Workshop) -> None:
    @skill(
        name="costly",
        version="1.1.0",
        description="Costs a little less.",
        effect=Costly.effect,
        failure_modes=[],
        cost_model=Costly.cost_model,
    )
    class CostsLess(Costly):
        pass

    registry.add(CostsLess)


def other_digest(workshop: Workshop) -> None:
    metadata = registry._metadata["costly", "1.0.0"]
    registry._metadata["costly", "1.0.0"] = metadata.model_copy(update={"digest": "f" * 64})


def other_price(workshop: Workshop) -> None:
    Costly.worst_case_micro_usd = lambda self, params, config: 41  # type: ignore[method-assign]


def no_skill(workshop: Workshop) -> None:
    for table in (registry._skills, registry._newest):
        table.pop("costly", None)


def other_agent(workshop: Workshop) -> None:
    agent = Agent.objects.get(pk=workshop.agent.pk)
    agent.profile, agent.version = {**agent.profile, "max_parallel_steps": 3}, agent.version + 1
    agent.save()


def more_tries(workshop: Workshop) -> None:
    CatalogEntry.objects.create(
        tenant=workshop.tenant,
        code="TIMEOUT",
        category="transient",
        retryable=True,
        mode="RETRY_EXPONENTIAL",
        parameters={"max_attempts": 9},
    )


CHANGES: dict[str, tuple[Callable[[Workshop], None], str, list[str], str]] = {
    # what changed → code, pointers, in words
    "a newer version of a skill": (other_version, "PLAN_INVALID", ["/plan/steps/0/skill"], "costly 1.0.0 ("),
    "a version that says something else of itself": (
        other_digest,
        "PLAN_INVALID",
        ["/plan/steps/0/skill"],
        "→ costly 1.0.0 (ffffffffffff)",
    ),
    "a price": (other_price, "INVALID_INPUT", ["/plan/steps/0", "/worst_micro_usd"], "worst case 120 micro-USD → 123 micro-USD"),
    "a skill that is gone": (no_skill, "PLAN_INVALID", ["/plan/steps/0/skill"], "no skill 'costly' is registered"),
    "the agent": (other_agent, "INVALID_INPUT", ["/agent"], "the agent was changed: version 1 → 2"),
    "how often it may be tried": (more_tries, "INVALID_INPUT", ["/plan/steps/0", "/worst_micro_usd"], "120 micro-USD → 360 micro-USD"),
}


@pytest.mark.parametrize(("change", "code", "pointers", "said"), CHANGES.values(), ids=CHANGES.keys())
def test_it_is_refused_with_each_difference(
    change: Callable[[Workshop], None], code: str, pointers: list[str], said: str, quiet_workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Costly, "worst_case_micro_usd", Costly.worst_case_micro_usd)
    found = simulated(quiet_workshop)["simulation_id"]
    change(quiet_workshop)
    refusal = refused(quiet_workshop, found)
    assert (refusal.code, refusal.status) == (code, 409)
    assert [pointer for pointer, _ in faults(refusal)] == pointers
    assert said in faults(refusal)[0][1]
    assert refusal.suggestions


def test_it_is_not_refused_because_history_was_made(workshop: Workshop) -> None:
    found = simulated(workshop)["simulation_id"]
    workshop.submit(step("a", "costly", worst=1, cost=1))
    history = History()
    history.fold(Seen([Sample(5, 5)] * 9, calls=9), 0.0)
    SkillHistory.objects.create(tenant=workshop.tenant, skill="costly", version="1.0.0", known=history.to_text(), learned_at=timezone.now())
    assert submitted(workshop, found).status == "queued"
    assert simulated(workshop)["simulation_id"] != found


@pytest.mark.parametrize(
    ("more", "pointer", "said"),
    [
        pytest.param({"inputs": {"x": 1}}, "/inputs", "simulated with none → asked for {'x': 1}", id="inputs"),
        pytest.param({"budget_micro_usd": 7}, "/budget_micro_usd", "simulated with none → asked for 7", id="a budget"),
        pytest.param({"deadline_ms": 7}, "/deadline_ms", "simulated with none → asked for 7", id="a deadline"),
        pytest.param({"agent": "other"}, "/agent", "simulated for worker → asked of other", id="another agent"),
    ],
)
def test_it_takes_nothing_else_from_the_request(quiet_workshop: Workshop, more: dict[str, Any], pointer: str, said: str) -> None:
    create_agent(tenant=quiet_workshop.tenant, name="other")
    refusal = refused(quiet_workshop, simulated(quiet_workshop)["simulation_id"], **more)
    assert (refusal.code, refusal.status, faults(refusal)) == ("INVALID_INPUT", 409, [(pointer, said)])


def test_it_takes_the_same_again(quiet_workshop: Workshop) -> None:
    found = simulated(quiet_workshop, inputs={"x": 1}, budget_micro_usd=500)["simulation_id"]
    assert submitted(quiet_workshop, found, inputs={"x": 1}, budget_micro_usd=500).limit_micro_usd == 500


# What would not run


def test_it_runs_nothing_that_would_not_run(quiet_workshop: Workshop) -> None:
    found = simulated(quiet_workshop, budget_micro_usd=5)
    assert not found["feasible"]
    refusal = refused(quiet_workshop, found["simulation_id"])
    assert (refusal.code, refusal.status) == ("BUDGET_EXCEEDED", 409)
    assert refusal.errors


def test_it_runs_nothing_for_which_there_is_no_money_any_more(quiet_workshop: Workshop) -> None:
    found = simulated(quiet_workshop)["simulation_id"]
    set_budget(tenant=quiet_workshop.tenant, kind="tenant", period="day", limit_micro_usd=WORST - 1)
    refusal = refused(quiet_workshop, found)
    assert (refusal.code, refusal.status) == ("DAILY_LIMIT_EXCEEDED", 409)


def test_it_runs_nothing_of_what_is_frozen(quiet_workshop: Workshop) -> None:
    found = simulated(quiet_workshop)["simulation_id"]
    freezes.freeze(tenant=quiet_workshop.tenant, kind="skill", key="costly", reason="it is broken", by="bob")
    assert refused(quiet_workshop, found).code == "FROZEN"


def test_it_keeps_no_simulation_of_what_is_no_plan(quiet_workshop: Workshop) -> None:
    found = simulated(quiet_workshop, {"steps": [{"step_id": "a", "skill": "nope"}]})
    assert not StoredSimulation.objects.exists()
    assert refused(quiet_workshop, found["simulation_id"]).code == "NOT_FOUND"


def test_a_worker_refuses_what_costs_more_by_the_time_it_admits_it(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    run = submitted(workshop, simulated(workshop)["simulation_id"])
    monkeypatch.setattr(Costly, "worst_case_micro_usd", lambda self, params, config: 41)
    with a_worker():
        wait_for(lambda: Run.objects.get(pk=run.pk).status not in ("queued", "running"), "what becomes of it")
    refusal = RunEvent.objects.filter(run_id=run.pk, kind="step_failed").first()
    assert refusal is not None
    assert "123 micro-USD by now, 120 were simulated" in refusal.data
    assert Run.objects.get(pk=run.pk).spent_micro_usd == 0


# Whose, and how long


@pytest.mark.parametrize(
    "simulation_id", ["", "sim_", "sim_" + "0" * 32, "sim_" + "é" * 32, "run_" + "0" * 32, "sim_\x00" + "0" * 31, "x" * 5_000]
)
def test_it_answers_for_nonsense_as_for_what_is_not_there(quiet_workshop: Workshop, simulation_id: str) -> None:
    refusal = refused(quiet_workshop, simulation_id)
    assert (refusal.code, refusal.status, refusal.detail) == ("NOT_FOUND", 404, "there is no such simulation")


def test_it_answers_for_another_tenants_as_for_what_is_not_there(quiet_workshop: Workshop) -> None:
    found = simulated(quiet_workshop)["simulation_id"]
    rival = Tenant.objects.create(slug="rival", name="Rival")
    create_agent(tenant=rival, name="worker")
    refusal = refused(quiet_workshop, found, by=as_person(rival, "charlie"))
    assert (refusal.code, refusal.detail) == ("NOT_FOUND", "there is no such simulation")


def test_it_keeps_the_same_answer_of_two_tenants_apart(quiet_workshop: Workshop) -> None:
    rival = Tenant.objects.create(slug="rival", name="Rival")
    create_agent(tenant=rival, name="worker")
    mine = simulated(quiet_workshop)["simulation_id"]
    theirs = runtime.simulate(principal=as_person(rival, "charlie"), plan=PLAN)["simulation_id"]
    assert mine != theirs, "it is about an agent"
    assert StoredSimulation.objects.count() == 2


def test_it_keeps_the_same_question_and_answer_once_and_as_long_as_it_is_asked(quiet_workshop: Workshop) -> None:
    found = simulated(quiet_workshop)["simulation_id"]
    old = timezone.now() - timedelta(days=6)
    StoredSimulation.objects.update(simulated_at=old)
    assert simulated(quiet_workshop)["simulation_id"] == found
    assert StoredSimulation.objects.get().simulated_at > old


@pytest.mark.parametrize(("days", "days_kept", "there"), [(6, 7, True), (8, 7, False), (800, None, True)])
def test_it_is_gone_after_its_days_whether_or_not_it_was_removed(
    quiet_workshop: Workshop, settings: Any, days: int, days_kept: int | None, there: bool
) -> None:
    settings.RETENTION_DAYS = {**settings.RETENTION_DAYS, "operational": days_kept}
    found = simulated(quiet_workshop)["simulation_id"]
    StoredSimulation.objects.update(simulated_at=timezone.now() - timedelta(days=days))
    if there:
        assert submitted(quiet_workshop, found).status == "queued"
    else:
        assert refused(quiet_workshop, found).code == "NOT_FOUND"
    retention.remove_due()
    assert StoredSimulation.objects.exists() is there
