"""What differs between a call that waits and the last one like it that somebody approved: an approver reads what is new, not all of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from runs.models import Run, StepSummary
from runs.people import approvals
from runs.shell.reading.history import read_state
from skills.differing import ABSENT, places_that_differ
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import AuditEntry, Tenant

Json = dict[str, Any]

LOOKED_BACK = 200
"""How many decisions of the tenant are looked through for one about a call like it."""
_JOURNALS = 3


class Before(NamedTuple):
    """The last approved call like it: which, by whom, when, and its parameters."""

    run_id: str
    step_id: str
    by: str
    at: str
    params: Json


def last_approved(tenant: Tenant, told: Mapping[str, Any]) -> Before | None:
    """Return the call of the same agent by the same skill that was approved last, and whose journal is still there."""
    words = approvals.decisions_in([tenant])[:LOOKED_BACK]
    approved = [(entry, after) for entry in words if (after := json.loads(entry.after)).get("approved") and entry.target != told["run_id"]]
    runs = _runs_of(tenant, told, {entry.target for entry, _ in approved})
    likes = [(entry, after, runs[entry.target, after["step"]]) for entry, after in approved if (entry.target, after["step"]) in runs]
    return next(filter(None, (_params_of(*like) for like in likes[:_JOURNALS])), None)


def _runs_of(tenant: Tenant, told: Mapping[str, Any], run_ids: set[str]) -> dict[tuple[str, str], Run]:
    same = {"skill": told["skill"], "run__tenant": tenant, "run__agent__name": told["agent"], "run__public_id__in": run_ids}
    return {(row.run.public_id, row.key): row.run for row in StepSummary.objects.filter(**same).select_related("run")}


def _params_of(entry: AuditEntry, after: Json, run: Run) -> Before | None:
    try:
        step = read_state(run).steps.get(after["step"])
    except Refusal:
        return None  # retention took its journal, or it is damaged: the one before it will do
    if step is None or not isinstance(step.params, dict):
        return None
    return Before(entry.target, after["step"], entry.actor, f"{entry.at:%Y-%m-%d %H:%M}", step.params)


# Differences


class Difference(NamedTuple):
    """One place in the parameters: what stood there before and what does now, None where nothing does."""

    place: str
    before: str | None
    now: str | None


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """Return where two calls' parameters differ, by place."""
    return [Difference(_place(found.path), _text(found.was), _text(found.now)) for found in places_that_differ(before, now)]


def _place(path: Sequence[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _text(value: Any) -> str | None:
    return None if value is ABSENT else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def flat(value: Any, at: str = "") -> dict[str, str]:
    """Return every leaf of a JSON value by its place, as JSON text."""
    if isinstance(value, dict) and value:
        return {place: leaf for name, inner in value.items() for place, leaf in flat(inner, f"{at}.{name}" if at else str(name)).items()}
    if isinstance(value, list) and value:
        return {place: leaf for index, inner in enumerate(value) for place, leaf in flat(inner, f"{at}[{index}]").items()}
    return {at: str(_text(value))}
