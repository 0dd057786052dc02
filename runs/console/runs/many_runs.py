"""What the list of runs offers for many at once: what to do with all of its filter, with those that are picked, and to take rows out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from agents.access.rights import may, may_everywhere, tenants_for
from agents.roles import OPERATING_ROLES
from runs.bulk.actions import ACTIONS
from runs.console.runs.runs_export import MOST_ROWS
from runs.console.runs.runs_list import PRESERVED, narrowed_by

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList


def many_of_list(request: HttpRequest, changes: ChangeList) -> dict[str, Any]:
    """Return what is offered above the list: operations to whoever operates, each behind a preview, and the export to all."""
    narrowed = narrowed_by(changes)
    filters = urlencode(narrowed)
    told: dict[str, Any] = {"filters": filters, "most_rows": MOST_ROWS, "operates": may(request, OPERATING_ROLES)}
    if told["operates"]:
        told["actions"] = [(action.name, action.title) for action in ACTIONS.values()]
    if told["operates"] and narrowed:
        told["found"] = _found(request, changes)
        new = reverse("console-bulk-new")
        told["links"] = [(action.title, f"{new}?{urlencode({'action': action.name, PRESERVED: filters})}") for action in ACTIONS.values()]
    return told


def _found(request: HttpRequest, changes: ChangeList) -> str:
    """Return how many runs of the filter there are to do something with, counted as far as one operation may go."""
    rows = changes.queryset.order_by()
    if not may_everywhere(request, OPERATING_ROLES):
        rows = rows.filter(tenant__in=tenants_for(request, OPERATING_ROLES))
    most = settings.BULK_MOST_RUNS
    number = rows[: most + 1].count()
    return f"{number:,}" if number <= most else f"more than {most:,}"
