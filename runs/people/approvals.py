"""Approvals: which calls wait for somebody's yes, what exactly each of them would do, and the word that lets it happen or not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F, QuerySet
from django.utils import timezone

from agents import audit
from agents.tenancy import Principal, not_found
from runs import selectors
from runs.engine.events import ApprovalDecided
from runs.engine.gates import why_ask
from runs.engine.starting import pin_of
from runs.engine.state import State, StepState
from runs.models import Run, RunStatus, Signal, StepSummary
from runs.people.deciding import decide_step, needs_reason
from runs.people.editing import Edit
from runs.people.waiting_steps import read_steps
from runs.shell.clock import as_datetime
from runs.shell.codec import decode_fact
from runs.shell.reading.history import read_state
from skills.instants import instant

if TYPE_CHECKING:
    from agents.models import AuditEntry, Tenant


_MAY_HIDE_ONE = ("approval", "in_doubt", "paused")
"""What a run is said to wait for, of several things; an approval is among them or stands behind the other two."""


def list_approvals(*, tenant: Tenant) -> QuerySet[StepSummary]:
    """Return a tenant's steps that may wait for an approval, those of the newest runs first: which really do, `approval_json` says.

    A run's row says that one of its steps does, and a step's that it waits; for what, its journal alone knows.
    """
    return approvals_in([tenant])


def approvals_in(tenants: Sequence[Tenant] | QuerySet[Tenant]) -> QuerySet[StepSummary]:
    """Return the same over several tenants."""
    runs = Run.objects.filter(tenant__in=tenants, status=RunStatus.WAITING, waiting_for__in=_MAY_HIDE_ONE)
    rows = StepSummary.objects.filter(run__in=runs, status="waiting")
    return rows.select_related("run__agent", "run__tenant").annotate(created_at=F("run__created_at"))


def approvals_json(rows: Sequence[StepSummary]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return those of these steps that wait for an approval, and what is known of the runs whose journals cannot be read."""
    found = read_steps(rows)
    return [_told(run, state, step) for run, state, step in found.steps if step.reason == "approval"], found.unreadable


def approval_json(*, tenant: Tenant, run_id: str, step_id: str) -> dict[str, Any]:
    """Return what a step wants approved. Raises Refusal NOT_FOUND for one that waits for no approval."""
    run = selectors.get_run(tenant=tenant, run_id=run_id)
    state = read_state(run)
    step = state.steps.get(step_id)
    if step is None or step.reason != "approval" or state.finished:
        raise not_found("approval")
    return _told(run, state, step)


def decide(
    *, principal: Principal, run_id: str, step_id: str, approve: bool, action_hash: str, reason: str, edit: Edit | None = None
) -> dict[str, Any]:
    """Let a call happen, or not: once, by somebody else than who asked for the run, and only the action that was shown.

    With an `edit` the call happens with its parameters, as `editing.edited_call` showed it.
    """
    approval_json(tenant=principal.tenant, run_id=run_id, step_id=step_id)
    verdict = "approve" if approve else "reject"
    return decide_step(
        principal=principal, run_id=run_id, step_id=step_id, verdict=verdict, action_hash=action_hash, reason=reason, edit=edit
    )


def _told(run: Run, state: State, step: StepState) -> dict[str, Any]:
    pin = pin_of(state, step)
    return {
        "run_id": run.public_id,
        "step_id": step.key,
        "agent": run.agent.name,
        "goal": run.goal,
        "requested_by": run.created_by,
        "skill": pin.skill,
        "version": pin.version,
        "effect": pin.effect,
        "needs_reason": needs_reason("approve", pin.effect),
        "params": step.params,
        "worst_micro_usd": step.worst_micro_usd,
        "action_hash": step.action_hash,
        "asks_because": why_ask(state.nodes[step.node].approval, pin, state.terms, step.worst_micro_usd, step.target),
        "is_escalated": step.escalated,
        "on_expiry": state.terms.approval_on_expiry,
        "expires_at": None if step.expires_at_ms is None else instant(as_datetime(step.expires_at_ms)),
        "run_created_at": instant(run.created_at),
    }


# What was decided, and what nobody decided


def expired_in(tenants: Sequence[Tenant] | QuerySet[Tenant], *, days: int) -> QuerySet[StepSummary]:
    """Return the steps of these tenants' runs of the last days that nobody decided in time, those of the newest runs first."""
    runs = Run.objects.filter(tenant__in=tenants, created_at__gte=timezone.now() - timedelta(days=days))
    rows = StepSummary.objects.filter(run__in=runs, failure_code="APPROVAL_EXPIRED")
    return rows.select_related("run__agent", "run__tenant").order_by("-run__created_at", "-pk")


def is_decided(*, tenant: Tenant, run_id: str, step_id: str) -> bool:
    """Tell whether somebody's word about the step is on its way into the journal, which does not know it yet."""
    given = Signal.objects.filter(run__tenant=tenant, run__public_id=run_id, consumed_seq__isnull=True)
    facts = (decode_fact(data) for data in given.values_list("data", flat=True))
    return any(isinstance(fact, ApprovalDecided) and fact.step == step_id for fact in facts)


def decisions_in(tenants: Sequence[Tenant] | QuerySet[Tenant], *, run_id: str = "") -> QuerySet[AuditEntry]:
    """Return what the audit logs of these tenants tell of approvals and rejections, of one run or of all; the newest first."""
    return audit.entries_among(tenants, action="run.approval_decided", target=run_id)


def decisions_json(entries: Sequence[AuditEntry]) -> list[dict[str, Any]]:
    """Return who said what to which call, and by which skill it is where the run is still there."""
    told = [json.loads(entry.after) for entry in entries]
    steps = StepSummary.objects.filter(run__public_id__in={entry.target for entry in entries}, key__in={said["step"] for said in told})
    skills = {(row.run.public_id, row.key): (row.skill, row.skill_version) for row in steps.select_related("run")}
    return [_said(entry, said, *skills.get((entry.target, said["step"]), ("", ""))) for entry, said in zip(entries, told, strict=True)]


def _said(entry: AuditEntry, said: dict[str, Any], skill: str, version: str) -> dict[str, Any]:
    return {
        "run_id": entry.target,
        "step_id": said["step"],
        "skill": skill,
        "version": version,
        "approved": said["approved"],
        "action_hash": said["action_hash"],
        "by": entry.actor,
        "via": entry.via,
        "at": instant(entry.at),
        "reason": entry.reason,
    }
