"""Reads the numbers that say how the queue stands: how many runs wait for what, how many workers are alive."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from runs.models import Run, RunStatus, Session, SessionState


@dataclass(frozen=True)
class Gauges:
    """How the queue stands now, over all tenants."""

    runs_queued: int
    runs_running: int
    approvals_pending: int
    in_doubt: int
    workers: int


def read_gauges(*, now_ms: int) -> Gauges:
    """Return the numbers, from the small partial indexes of live runs and not from the whole table."""
    live = Run.objects.filter(status__in=[RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING])
    counts = live.order_by().aggregate(
        runs_queued=Count("pk", filter=Q(status=RunStatus.QUEUED)),
        runs_running=Count("pk", filter=Q(status=RunStatus.RUNNING)),
        approvals_pending=Count("pk", filter=Q(waiting_for="approval")),
        in_doubt=Count("pk", filter=Q(waiting_for="in_doubt")),
    )
    return Gauges(**counts, workers=count_live_sessions(now_ms=now_ms))


def count_live_sessions(*, now_ms: int) -> int:
    """Return how many worker sessions hold a lease that has not run out."""
    return Session.objects.filter(state=SessionState.LIVE, lease_until_ms__gt=now_ms).count()
