"""Reads what stands around a run in the database: who holds it, its place in the queue, freezes, circuits, missing versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q

from agents.clock import ask_time
from agents.freezes import live_freezes
from catalog.circuits import list_circuits
from runs.models import Run, RunStatus, Session, SessionState
from runs.shell.reading.around import Around, Holder, Ice, Queue
from skills.registry import registry

if TYPE_CHECKING:
    from runs.engine.state import State

COUNTED = 1_000
"""How many runs of the tenant that come first are counted at most."""


def around(run: Run, state: State) -> Around:
    """Return what stands around a run in this state, now."""
    at_ms = ask_time()
    is_queued = run.status == RunStatus.QUEUED
    waits_for = {step.reason for key in state.waiting for step in [state.steps[key]]}
    return Around(
        at_ms=at_ms,
        status=run.status,
        created_by=run.created_by,
        workers=Session.objects.filter(state=SessionState.LIVE, lease_until_ms__gt=at_ms).count(),
        holder=_holder(run),
        queue=_queue(run) if is_queued else Queue(),
        wake_at_ms=run.wake_at_ms,
        crashes=run.crash_count,
        max_crashes=settings.MAX_CRASHES,
        ice=_ice(run) if "frozen" in waits_for else {},
        circuits=_circuits(run) if "circuit" in waits_for else {},
        missing=_missing(state),
    )


def _holder(run: Run) -> Holder | None:
    if run.session_id is None:
        return None
    session = Session.objects.filter(pk=run.session_id).first()
    if session is None:
        return None
    return Holder(f"{session.host}:{session.pid}", session.lease_until_ms, session.state == SessionState.LIVE)


def _queue(run: Run) -> Queue:
    """Return how a queued run stands among those of its tenant, the most urgent and oldest of which go first."""
    running = Run.objects.filter(tenant_id=run.tenant_id, status=RunStatus.RUNNING)
    earlier = Q(rank_ms__lt=run.rank_ms) | Q(rank_ms=run.rank_ms, pk__lt=run.pk)
    ahead = Run.objects.filter(earlier, tenant_id=run.tenant_id, status=RunStatus.QUEUED)
    return Queue(
        ahead=len(ahead.order_by("rank_ms", "pk").values_list("pk", flat=True)[:COUNTED]),
        counted=COUNTED,
        tenant_running=running.count() if run.tenant.max_concurrent_runs is not None else 0,
        tenant_limit=run.tenant.max_concurrent_runs,
        agent_running=running.filter(agent_id=run.agent_id).count() if run.agent.max_concurrent_runs is not None else 0,
        agent_limit=run.agent.max_concurrent_runs,
        agent=run.agent.public_id,
    )


def _ice(run: Run) -> dict[str, Ice]:
    return {found["label"]: Ice(**found) for found in live_freezes(run.tenant)}


def _circuits(run: Run) -> dict[str, tuple[int, int]]:
    found = list_circuits(tenant=run.tenant, limit=COUNTED)
    return {circuit["scope"]: (circuit["failures"], circuit["limit"]) for circuit in found}


def _missing(state: State) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the pinned versions that are not registered in this process, each with those of the skill that are."""
    pinned = {(pin.skill, pin.version) for pin in state.pins.values()}
    return {(name, version): tuple(registry.versions(name)) for name, version in pinned if registry.resolve(name, version) is None}
