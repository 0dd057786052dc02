"""From the list of runs to the runs an operation of the console is about: its filter, one tenant, and no run made since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from agents.access.rights import tenants_for
from agents.roles import OPERATING_ROLES
from runs.bulk.choosing import Chosen, refuse_empty
from runs.console.runs.runs_list import list_as, narrowed_by
from runs.models import Run
from skills.instants import instant
from skills.refusal import Refusal

if TYPE_CHECKING:
    from agents.models import Tenant


@dataclass(frozen=True)
class Listed:
    """The runs of a filter of the list, in one of the tenants the person may do something in; `tenants` are those there are."""

    chosen: Chosen
    filters: str
    created_before: str
    tenants: list[Tenant]


def listed_in(request: HttpRequest, filters: str, tenant: str, before: str) -> Listed:
    """Return what a filter of the list means. Raises Refusal (422): an empty one, one that is none, and for nobody's runs.

    `tenant` is the slug of one, where the filter finds runs of several; `before` leaves out what was made since the page was.
    """
    rows, narrowed = _rows(request, filters)
    refuse_empty(set(narrowed))
    until = _instant(before) if before else timezone.now()
    mine = tenants_for(request, OPERATING_ROLES)
    rows = rows.filter(tenant__in=mine, created_at__lt=until)
    found = list(mine.filter(pk__in=rows.order_by().values("tenant")).order_by("slug"))
    if not found:
        raise _refusal("no run meets the filter", "Look at the list of runs with this filter; it may have changed.")
    one = next((each for each in found if each.slug == tenant), found[0])
    told = narrowed | {"created_before": instant(until)}
    return Listed(Chosen(one, told, rows.filter(tenant=one)), filters, instant(until), found)


def _rows(request: HttpRequest, filters: str) -> tuple[QuerySet[Run], dict[str, str]]:
    page: Any = admin.site._registry[Run]
    try:
        changes = list_as(page, request, filters)
    except (IncorrectLookupParameters, DisallowedModelAdminLookup):
        raise _refusal("this is no filter of the list of runs", "Choose the runs on the list itself.") from None
    return changes.queryset, narrowed_by(changes)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = datetime.min  # noqa: DTZ901 - has no zone, and so is none
    if found.tzinfo is None:
        raise _refusal("the form says no time the page was made at", "Load the page again.")
    return found


def _refusal(detail: str, hint: str) -> Refusal:
    return Refusal("INVALID_INPUT", detail, status=422, suggestions=[hint])
