"""The runs a run called, as its page shows them beside its own steps."""

from __future__ import annotations

from django.urls import reverse

from runs.console.run.waterfall import Child, instant_ms
from runs.lineage import CALLED
from runs.models import Run

MOST_SHOWN = 50


def called_by(run: Run) -> list[Child]:
    """Return the runs a run called, the first one first; asked only of one that did call (`runs.selectors` looks along)."""
    if not getattr(run, "has_called", False):
        return []
    rows = Run.objects.filter(parent=run, relation=CALLED).select_related("agent").order_by("pk")[:MOST_SHOWN]
    return [
        Child(
            run_id=row.public_id,
            agent=row.agent.name,
            status=row.status,
            from_ms=instant_ms(row.created_at) or 0,
            until_ms=instant_ms(row.finished_at),
            address=reverse("admin:runs_run_change", args=[row.public_id]),
        )
        for row in rows
    ]
