"""Whether anything goes on that a page could still show: it is asked again as long as a run of its reader's tenants is not over."""

from __future__ import annotations

from django.http import HttpRequest

from agents.access.rights import tenants_for
from agents.roles import EVERY_ROLE
from runs.models import TERMINAL_STATUSES, Run, RunStatus

_UNFINISHED = [status for status in RunStatus.values if status not in TERMINAL_STATUSES]


def is_unfinished(request: HttpRequest) -> bool:
    """Tell whether a run of the reader's tenants is not over yet; asked once per request."""
    if not hasattr(request, "aos_unfinished"):
        runs = Run.objects.filter(tenant__in=tenants_for(request, EVERY_ROLE), status__in=_UNFINISHED)
        request.aos_unfinished = runs.order_by().exists()  # type: ignore[attr-defined]
    return bool(request.aos_unfinished)  # type: ignore[attr-defined]
