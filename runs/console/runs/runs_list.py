"""What the list of runs adds to the admin's: its tabs, what is to be decided, and the next run of the same list."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from runs.models import Run, RunStatus

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList

    from runs.admin import RunAdmin

STAGES: dict[str, Q] = {
    # Not `IN`, of which PostgreSQL cannot tell that the indexes of queued and of running runs are enough.
    "active": Q(status=RunStatus.QUEUED) | Q(status=RunStatus.RUNNING),
    "waiting": Q(status=RunStatus.WAITING),
    "in_doubt": Q(status=RunStatus.WAITING, waiting_for="in_doubt"),
    "failed": Q(status__in=[RunStatus.FAILED, RunStatus.PARTIAL]),
    "dead_letter": Q(status=RunStatus.DEAD_LETTERED),
}
"""What an operator looks for, each a question an index answers."""

PRESERVED = "_changelist_filters"
"""The parameter by which the admin hands the list's filters on to a row's page."""

_DECISIONS = {
    "approval": "approve or reject",
    "input": "answer",
    "in_doubt": "say what happened",
    "budget": "top up or cancel",
    "paused": "resume or cancel",
}


def title_of(stage: str) -> str:
    return stage.replace("_", " ").capitalize()


def tabs_of_list(changes: ChangeList, chosen: str) -> list[tuple[str, str, bool]]:
    """Return the tabs above the list: (title, address, whether it is the chosen one). Other filters stay as they are."""
    named = [("All", ""), *((title_of(stage), stage) for stage in STAGES)]
    known = chosen if chosen in STAGES else ""
    return [(title, _tab(changes, stage), stage == known) for title, stage in named]


def _tab(changes: ChangeList, stage: str) -> str:
    return changes.get_query_string({"stage": stage} if stage else {}, remove=["stage", PAGE_VAR])


def decision_needed(run: Run) -> str:
    """Return what somebody has to decide before a run goes on; empty where it goes on by itself, or is over."""
    if run.status != RunStatus.WAITING:
        return ""
    if run.waiting_for == "paused" and run.blocked_by:
        return "lift the freeze"
    return _DECISIONS.get(run.waiting_for, "")


def filters_in(request: HttpRequest) -> str:
    """Return the list's filters a run's page was opened with, as a query: what is none is left out."""
    return urlencode(parse_qsl(request.GET.get(PRESERVED, "")))


def way_back(request: HttpRequest, run: Run) -> dict[str, str]:
    """Return what the page of a run says of the list it came from: which it is, and the ways to its neighbours."""
    filters = filters_in(request)
    stage = dict(parse_qsl(filters)).get("stage", "")
    kept = f"?{urlencode({PRESERVED: filters})}" if filters else ""
    neighbour = [reverse("admin:runs_run_neighbour", args=[run.public_id, which]) + kept for which in ("previous", "next")]
    return {
        "name": f"Runs · {title_of(stage)}" if stage in STAGES else "Runs",
        "list": reverse("admin:runs_run_changelist") + (f"?{filters}" if filters else ""),
        "previous": neighbour[0],
        "next": neighbour[1],
    }


def neighbour_of(page: RunAdmin, request: HttpRequest, run: Run, which: str) -> Run | None:
    """Return the run above or below one in the list as its filters have it; None where it is the last on that side."""
    rows, is_newest_first = _listed(page, request)
    wants_older = (which == "next") == is_newest_first
    beyond = {"created_at__lt": run.created_at} if wants_older else {"created_at__gt": run.created_at}
    beside = {"created_at": run.created_at, "pk__lt" if wants_older else "pk__gt": run.pk}
    order = ("-created_at", "-pk") if wants_older else ("created_at", "pk")
    return rows.filter(Q(**beyond) | Q(**beside)).order_by(*order).first()


def _listed(page: RunAdmin, request: HttpRequest) -> tuple[QuerySet[Run], bool]:
    """Return the rows of the list whose filters the request carries, and whether it begins with the newest."""
    try:
        changes = list_as(page, request, filters_in(request))
    except (IncorrectLookupParameters, DisallowedModelAdminLookup):
        return page.get_queryset(request), True
    return changes.queryset, "created_at" not in changes.get_ordering(request, page.get_queryset(request))


def list_as(page: RunAdmin, request: HttpRequest, filters: str) -> ChangeList:
    """Return the list as these filters have it, on its first page.

    Raises IncorrectLookupParameters or DisallowedModelAdminLookup for what is no filter of it.
    """
    # The list is asked as its own address asks it. On which page of it somebody stood says nothing here.
    request.GET = QueryDict(urlencode([pair for pair in parse_qsl(filters) if pair[0] != PAGE_VAR]))
    return page.get_changelist_instance(request)


def narrowed_by(changes: ChangeList) -> dict[str, str]:
    """Return what narrows the list, by name: what leaves nothing out is none."""
    given = {name: ",".join(map(str, values)) for name, values in changes.get_filters_params().items()}
    told = {name: value for name, value in given.items() if value and (name != "stage" or value in STAGES)}
    return told | ({"q": changes.query.strip()} if changes.query.strip() else {})
