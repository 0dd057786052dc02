"""Which effects of a run were taken back by which child run, and which effect a run itself takes back: links beside a trace."""

from __future__ import annotations

from typing import Any

from runs.models import Run, UndoneEffect
from skills.instants import instant

Json = dict[str, Any]


def with_links(run: Run, trace: Json) -> Json:
    """Return a trace, which is written into, in which effects name the run that took them back, and such a run the effect it is about."""
    taken_back: dict[str, Json] = {}
    for row in UndoneEffect.objects.filter(run=run).select_related("child").order_by("pk"):
        # The last one counts: another is begun only where the one before it failed.
        taken_back[row.step_key] = {
            "run_id": row.child.public_id,
            "status": row.child.status,
            "by": row.by,
            "reason": row.reason,
            "at": instant(row.at),
        }
    for step in trace["steps"]:
        step["reversed_by"] = taken_back.get(step["step_id"])
    for effect in trace["side_effects"]:
        found = taken_back.get(effect["step_id"])
        effect["reversed_by"], effect["reversed_status"] = (found["run_id"], found["status"]) if found else (None, None)
    return trace | {"undoes": _undoes(run)}


def _undoes(run: Run) -> Json | None:
    if run.parent_id is None:
        return None
    row = UndoneEffect.objects.filter(child=run).select_related("run").first()
    return None if row is None else {"run_id": row.run.public_id, "step_id": row.step_key, "by": row.by, "reason": row.reason}
