"""A run's inbox: how anybody but the worker that holds it says something to it."""

from __future__ import annotations

from runs.engine.events import Fact
from runs.models import Run, RunStatus, Signal
from runs.shell.codec import encode_fact, kind_of
from runs.shell.crash_points import crash_point


def put_signal(run_pk: int, fact: Fact, actor: str) -> None:
    """Put a fact in a run's inbox and queue the run if it is parked. Inside a transaction that holds the run's row."""
    Signal.objects.create(run_id=run_pk, kind=kind_of(fact), data=encode_fact(fact), actor=actor)
    Run.objects.filter(pk=run_pk, status=RunStatus.WAITING).update(status=RunStatus.QUEUED, wake_at_ms=None)
    crash_point("signal.written")
