"""Keeps simulations, so that a run can be held to what was simulated. The same question with the same answer is one row."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from agents.tenancy import not_found, one_scoped
from runs.contracts.simulation import Simulation
from runs.models import StoredSimulation
from runs.simulation.course import Course
from runs.simulation.setting import Setting

if TYPE_CHECKING:
    from agents.models import Agent, Tenant

Json = dict[str, Any]


def keep(agent: Agent, setting: Setting, answer: Simulation, course: Course) -> None:
    """Write a simulation down, or note that it was answered again."""
    question = {
        "plan": course.body,
        "inputs": setting.inputs,
        "budget_micro_usd": setting.budget_micro_usd,
        "deadline_ms": setting.deadline_ms,
    }
    row = StoredSimulation(
        tenant_id=agent.tenant_id,
        agent=agent,
        simulation_id=answer.simulation_id,
        question=_text(question),
        answer=_text(grounds(answer, course, agent.version)),
        simulated_at=timezone.now(),
    )
    StoredSimulation.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["tenant", "simulation_id"], update_fields=["simulated_at"]
    )


def grounds(answer: Simulation, course: Course, agent_version: int) -> Json:
    """Return what a simulation answered and rests on: what must be the same for a run to be held to it."""
    pins = {key: {"skill": pin.skill, "version": pin.version, "digest": pin.digest} for key, pin in course.pins.items()}
    steps = {step.step_id: step.cost.worst_micro_usd for step in answer.steps}
    return {
        "plan_hash": answer.plan_hash,
        "agent_version": agent_version,
        "pins": pins,
        "steps_worst_micro_usd": steps,
        "worst_micro_usd": answer.cost.worst_micro_usd,
    }


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def stored(*, tenant: Tenant, simulation_id: str) -> StoredSimulation:
    """Return a simulation of a tenant. Raises Refusal NOT_FOUND alike for one that is missing, another tenant's, or too old."""
    row = one_scoped(_live().select_related("agent"), tenant, "simulation", simulation_id=simulation_id) if _is_id(simulation_id) else None
    if row is None:
        raise not_found("simulation")
    return row


def agent_of(*, tenant: Tenant, simulation_id: str) -> str:
    """Return the id of the agent a simulation is about. Raises Refusal NOT_FOUND."""
    return str(stored(tenant=tenant, simulation_id=simulation_id).agent.public_id)


def _is_id(text: str) -> bool:
    return len(text) == 36 and text.startswith("sim_") and text[4:].isalnum()


def _live() -> QuerySet[StoredSimulation]:
    days = settings.RETENTION_DAYS["operational"]
    kept = Q() if days is None else Q(simulated_at__gte=timezone.now() - timedelta(days=days))
    return StoredSimulation.objects.filter(kept)


def question_of(row: StoredSimulation) -> Json:
    return dict(json.loads(row.question))


def answer_of(row: StoredSimulation) -> Json:
    return dict(json.loads(row.answer))
