"""Which runs an operation is about: a filter that leaves something out, and at most so many runs, fixed when it begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from runs import selectors
from runs.bulk.contracts import BulkFilter
from runs.models import Run
from skills.instants import instant
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant

ASKED_ABOVE = 20
"""Above so many runs whoever begins says how many they are."""
_EXACT = ("waiting_for", "failure_code")


@dataclass(frozen=True)
class Chosen:
    """Runs of one tenant by a filter, and the filter as it was asked for."""

    tenant: Tenant
    filter: dict[str, Any]
    rows: QuerySet[Run]


def chosen_by(tenant: Tenant, wanted: BulkFilter) -> Chosen:
    """Return the runs a filter of the API means. Raises Refusal (422) for one that leaves nothing out."""
    told = wanted.model_dump(mode="json", exclude_none=True)
    refuse_empty({name for name in told if name != "created_before"})
    rows = selectors.list_runs(tenant=tenant, status=wanted.status, agent=wanted.agent)
    rows = rows.filter(**{name: told[name] for name in _EXACT if name in told})
    if wanted.run_ids is not None:
        rows = rows.filter(public_id__in=wanted.run_ids)
    if wanted.created_after is not None:
        rows = rows.filter(created_at__gte=wanted.created_after)
    before = wanted.created_before or timezone.now()
    return Chosen(tenant, told | {"created_before": instant(before)}, rows.filter(created_at__lt=before))


def refuse_empty(narrowed: set[str]) -> None:
    """Raise Refusal for a filter without anything that narrows it: nobody means all runs there are."""
    if not narrowed:
        hint = ["Narrow it: by status, agent, failure code or time, or name the runs."]
        fault = {"pointer": "/filter", "code": "INVALID_INPUT", "detail": "the filter is empty"}
        detail = "the filter is empty, and would mean every run of the tenant"
        raise Refusal("INVALID_INPUT", detail, status=422, errors=[fault], suggestions=hint)


def numbers_of(chosen: Chosen) -> list[int]:
    """Return the row ids of the runs, the oldest first. Raises Refusal (422) for none, and for more than one operation may be about."""
    most = settings.BULK_MOST_RUNS
    found = list(chosen.rows.order_by("created_at", "pk").values_list("pk", flat=True)[: most + 1])
    if not found:
        raise _refusal("no run meets the filter", ["Look at the list of runs with this filter; it may have changed."])
    if len(found) > most:
        hint = "Narrow it: one status, one agent, one failure code, or a shorter time, and do it in several operations."
        raise _refusal(f"more than {most:,} runs meet the filter, the most one operation may be about", [hint])
    return found


def refuse_unexpected(total: int, expected: int | None) -> None:
    """Raise Refusal where whoever begins does not say how many runs they are, or where there are more by now."""
    if expected is None and total > ASKED_ABOVE:
        raise _refusal(
            f"{total:,} runs meet the filter: say so to begin", [f"Look at the preview, then send expected: {total}."], "/expected"
        )
    if expected is not None and total > expected:
        detail = f"{total:,} runs meet the filter by now, not {expected:,}"
        hint = ["Look at the preview again; more runs have come to be like this since."]
        raise _refusal(detail, hint, "/expected", status=409)


def _refusal(detail: str, hint: list[str], pointer: str = "/filter", status: int = 422) -> Refusal:
    fault = {"pointer": pointer, "code": "INVALID_INPUT", "detail": detail}
    return Refusal("INVALID_INPUT", detail, status=status, errors=[fault], suggestions=hint)
